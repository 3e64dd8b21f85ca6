"""The demo's form, and patients who are asked to fill it in: made up, as everybody there is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.conf import settings

from fhir_facade.forms import access, offering
from fhir_facade.server.models import Document
from fhir_facade.server.registry import registry
from scheduling import service as scheduling
from steadwell.actor import system
from steadwell.errors import Forbidden
from steadwell.ids import PersonId

URL: Final = "http://steadwell.example/forms/before-your-visit"
_ACTOR = system("demo")


def seed_forms(*, person_ids: Sequence[PersonId], now: datetime) -> bool:
    """Each is asked by a clinic where they have a visit. False when it is there already. Raises Forbidden
    outside a demo.
    """
    if not settings.DEMO:
        raise Forbidden
    if Document.objects.filter(type=offering.KIND, client_id=access.PORTAL).exists():
        return False
    definition = registry().find(offering.KIND)
    assert definition is not None and definition.writer is not None  # noqa: S101, PT018 - it is ours
    form = definition.writer.create(access.of_portal(_ACTOR, now), _before_visit())
    for person_id in person_ids:
        for site_id in sorted(scheduling.list_sites_of_patient(person_ids=[person_id]))[:1]:
            offering.offer(
                actor=_ACTOR, person_id=person_id, site_id=site_id, form_id=form.key,
                request_key=f"demo:{person_id}", now=now,
            )  # fmt: skip
    return True


def _before_visit() -> dict[str, Any]:
    return {
        "resourceType": offering.KIND,
        "status": "active",
        "url": URL,
        "title": "Before your visit",
        "description": "A few questions, so that there is time for what matters to you.",
        "subjectType": ["Patient"],
        "language": "en",
        "item": [
            {"linkId": "reason", "type": "text", "required": True, "maxLength": 2000,
             "text": "What would you like to talk about?"},
            {"linkId": "feeling", "type": "group", "text": "How you are", "item": [
                {"linkId": "pain", "type": "boolean", "required": True, "text": "Are you in pain?"},
                {"linkId": "level", "type": "integer", "required": True,
                 "text": "How bad is it, from 0 (none) to 10 (the worst)?",
                 "enableWhen": [{"question": "pain", "operator": "=", "answerBoolean": True}]},
                {"linkId": "since", "type": "date", "text": "Since when?",
                 "enableWhen": [{"question": "pain", "operator": "=", "answerBoolean": True}]},
                {"linkId": "sleep", "type": "choice", "text": "How did you sleep?", "answerOption": [
                    {"valueString": "Well"}, {"valueString": "So-so"}, {"valueString": "Badly"}]},
            ]},
            {"linkId": "daily", "type": "group", "text": "Your days", "item": [
                {"linkId": "weight", "type": "decimal", "text": "What do you weigh, in pounds?"},
                {"linkId": "help", "type": "choice", "repeats": True,
                 "text": "Is there something that you need help with?", "answerOption": [
                     {"valueString": "Getting to the clinic"}, {"valueString": "Reading or writing"},
                     {"valueString": "Hearing or seeing"}, {"valueString": "An interpreter"}]},
            ]},
        ],
    }  # fmt: skip
