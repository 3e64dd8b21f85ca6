"""A clinic that asks a patient before a visit: a form with every kind of question that a page can ask."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.test import Client
from fhir_house import House
from signing_in import sign_in

from fhir_facade.forms import filling, offering, questions
from fhir_facade.forms.types import Form, Offer
from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, Role, system
from steadwell.ids import PersonId, SiteId, new_id

SYSTEM = "http://example.org/c"
ANSWERS: dict[str, list[dict[str, Any]]] = {
    "pain": [{"valueBoolean": False}],
    "where": [{"valueCoding": {"system": SYSTEM, "code": "back", "display": "Canaryback"}}],
}


def before_visit(**more: Any) -> dict[str, Any]:
    def option(code: str, display: str) -> dict[str, Any]:
        return {"valueCoding": {"system": SYSTEM, "code": code, "display": display}}

    return {
        "resourceType": "Questionnaire",
        "status": "active",
        "title": "Before your visit",
        "description": "A few questions, so that there is time for what matters to you.",
        "subjectType": ["Patient"],
        "language": "en",
        "item": [
            {"linkId": "intro", "type": "display", "text": "Answer as well as you can."},
            {"linkId": "g", "type": "group", "text": "How you are", "item": [
                {"linkId": "pain", "type": "boolean", "required": True, "text": "Is there pain?"},
                {"linkId": "level", "type": "integer", "required": True, "text": "How bad, from 0 to 10?",
                 "enableWhen": [{"question": "pain", "operator": "=", "answerBoolean": True}]},
                {"linkId": "where", "type": "choice", "text": "Where?",
                 "answerOption": [option("head", "Head"), option("back", "Canaryback")], "item": [
                     {"linkId": "help", "type": "display", "text": "The place that is worst."},
                     {"linkId": "side", "type": "string", "text": "Which side?", "maxLength": 20}]},
                {"linkId": "when", "type": "choice", "repeats": True, "text": "When?", "answerOption": [
                    {"valueString": "mornings"}, {"valueString": "nights"}]},
            ]},
            {"linkId": "h", "type": "group", "text": "Other things", "item": [
                {"linkId": "dose", "type": "decimal", "text": "How much do you take?"},
                {"linkId": "since", "type": "date", "text": "Since when?"},
                {"linkId": "words", "type": "text", "text": "What else should we know?"},
            ]},
        ],
        **more,
    }  # fmt: skip


class FormsHouse(House):
    """``ada`` has a visit at ``site``; ``bo`` is known elsewhere only."""

    def __init__(self) -> None:
        super().__init__()
        self.open_clinic()
        self.visit(self.ada)
        self.patient = self.account(self.ada)
        self.doctor = self.staff(Role.CLINICIAN)
        self.desk = self.staff(Role.FRONT_DESK)
        self.form_id = self.written(before_visit())

    def written(self, form: dict[str, Any]) -> UUID:
        made = self.ehr.post("Questionnaire", form)
        assert made.status == 201, made.text
        return UUID(made.json["id"])

    def staff(self, role: Role, site_id: SiteId | None = None) -> Actor:
        user_id = accounts.create_user(
            email=f"{new_id()}@example.org", password=None, roles=[role], site_ids=[site_id or self.site],
            now=self.now,
        )  # fmt: skip
        return accounts.actor_for_user(user_id=user_id, now=clock.now())

    def account(self, person_id: PersonId) -> Actor:
        user_id = accounts.create_user(
            email=f"{new_id()}@example.org", password=None, roles=[], person_id=person_id, now=self.now
        )
        return accounts.actor_for_user(user_id=user_id, now=clock.now())

    def proxy_of(self, person_id: PersonId) -> Actor:
        user_id = accounts.create_user(email=f"{new_id()}@example.org", password=None, roles=[], now=self.now)
        accounts.add_proxy(
            actor=system("import"), user_id=user_id, person_id=person_id, relationship="parent", now=self.now
        )
        return accounts.actor_for_user(user_id=user_id, now=clock.now())

    def offered(self, **more: Any) -> Offer:
        asked = {
            "actor": self.desk, "person_id": self.ada, "site_id": self.site, "form_id": self.form_id,
            "request_key": str(new_id()), "now": clock.now(),
        }  # fmt: skip
        return offering.offer(**(asked | more))

    def form(self) -> Form:
        found = self.ehr.get(f"Questionnaire/{self.form_id}")
        return questions.read(found.json, version=int(found.version))

    def sent(self, offer: Offer, answers: Any = None, **more: Any) -> Offer:
        said = {
            "actor": self.patient, "offer_id": offer.offer_id, "seen_version": offer.version,
            "form_version": more.get("form_version") or self.form().version,
            "answers": ANSWERS if answers is None else answers, "request_key": str(new_id()),
            "now": clock.now(),
        }  # fmt: skip
        return filling.send(**(said | more))


def browser(actor: Actor) -> Client:
    assert actor.user_id is not None
    return sign_in(Client(), actor.user_id)
