"""The patient's side: what there is to fill in, and sending it once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from fhir_facade.forms import access, answering, offering, steps
from fhir_facade.forms.errors import AnswersDoNotFit, FormChanged, FormNotFillable
from fhir_facade.forms.models import FormOffer, OfferState
from fhir_facade.forms.types import Answers, Filled, Form, Offer, ToFill
from fhir_facade.server import wire, writing
from fhir_facade.server.elements import reference
from fhir_facade.server.models import Document
from fhir_facade.server.outcome import Failed
from fhir_facade.server.registry import registry
from notifications import service as notifications
from steadwell.actor import Actor
from steadwell.ids import PersonId, SiteId
from steadwell.outbox import service as outbox
from steadwell.transactions import write

KIND: Final = "QuestionnaireResponse"
MOST = 100
# A clinician reads it within this; else the patient is told that it is not done.
LONGEST_WAIT = timedelta(days=5)


def list_own(*, actor: Actor, person_id: PersonId, now: datetime) -> tuple[Offer, ...]:
    """Every form of a patient, what is to be filled in first and then the newest. Raises NotFound."""
    access.may_fill(actor, person_id)
    rows = FormOffer.objects.select_related("form").filter(person_id__in=actor.ids_of(person_id))
    found = [steps.shown(row) for row in rows.order_by("-offered_at", "-pk")[:MOST]]
    steps.record_list([person_id], actor=actor, action="form.list", now=now)
    return tuple(sorted(found, key=lambda each: each.state is not OfferState.OFFERED))


def count_to_fill(*, actor: Actor) -> int:
    """Of the reader and of those they act for. One statement; it says nothing of anybody."""
    people = {*([actor.person_id] if actor.person_id else []), *actor.proxy_for}
    ids = {each for person in people for each in actor.ids_of(person)}
    return FormOffer.objects.filter(person_id__in=ids, state=OfferState.OFFERED).count()


def open_form(*, actor: Actor, offer_id: UUID, now: datetime) -> ToFill | Filled:
    """What is to be filled in; else what was sent. Raises NotFound."""
    row = _own(actor, offer_id)
    if row.state != OfferState.OFFERED:
        steps.record(row, actor=actor, action="form.read", now=now)
        return filled(row)
    steps.record(row, actor=actor, action="form.open", now=now)
    form: Form | None = None
    try:
        form = offering.read_form(row.form)
    except FormNotFillable:
        form = None
    before = _response(row)
    answers = answering.answers_in(wire.read_stored(before.body)) if before else {}
    return ToFill(offer=steps.shown(row), form=form, answers=answers)


def filled(row: FormOffer) -> Filled:
    response = _response(row)
    said = tuple(answering.lines(wire.read_stored(response.body))) if response else ()
    return Filled(offer=steps.shown(row), said=said)


def send(
    *,
    actor: Actor,
    offer_id: UUID,
    seen_version: int,
    form_version: int,
    answers: Answers,
    request_key: str,
    now: datetime,
) -> Offer:
    """Send the answers, once: the same request again is the same answer, and a second one finds it sent.

    Answers to questions that these answers do not lead to are left out. Raises NotFound, FormMoved,
    FormChanged, FormNotFillable, AnswersDoNotFit, Busy.
    """
    body = {"offer": str(offer_id), "seen": seen_version, "form": form_version, "answers": dict(answers)}

    def work() -> Offer:
        _own(actor, offer_id)
        _, is_new = outbox.begin_request(actor, request_key, "forms.send", body, now)
        if not is_new:
            return steps.shown(steps.find(offer_id))
        row = steps.lock(offer_id, seen_version=seen_version, state=OfferState.OFFERED)
        form = offering.read_form(row.form)
        if form.version != form_version:
            raise FormChanged
        response_version = _keep(row, form, answers, actor=actor, now=now)
        steps.move(row, OfferState.SENT, now=now)
        row.sent_at = now
        row.save()
        steps.note(row, actor=actor, action="form.send", now=now, response_version=response_version)
        notifications.open_action(
            kind=notifications.ActionKind.FORM, about=row.pk, sequence=row.version, now=now,
            person_id=PersonId(row.person_id), deadline=now + LONGEST_WAIT, site_id=SiteId(row.site_id),
        )  # fmt: skip
        return steps.shown(row)

    return write(work)


def _keep(row: FormOffer, form: Form, answers: Answers, *, actor: Actor, now: datetime) -> int:
    """The response among the documents, as an EHR would have written it; what was sent before is amended."""
    definition = registry().find(KIND)
    assert definition is not None and definition.writer is not None  # noqa: S101, PT018 - it is ours
    through = access.of_portal(actor, now)
    before = _response(row)
    said = _said(row, form, answers, actor=actor, now=now, base=through.base, is_first=before is None)
    try:
        writing.checked(definition, said)
        if before is None:
            row.response_id = definition.writer.create(through, said).key
            return 1
        key = definition.writer.update(through, before.pk, {**said, "id": str(before.pk)}, before.version).key
    except Failed as refusal:
        raise AnswersDoNotFit from refusal
    return Document.objects.values_list("version", flat=True).get(pk=key)


def _said(
    row: FormOffer, form: Form, answers: Answers, *, actor: Actor, now: datetime, base: str, is_first: bool
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "resourceType": KIND,
        "questionnaire": f"{base}/Questionnaire/{form.form_id}",
        "status": "completed" if is_first else "amended",
        "subject": reference("Patient", row.person_id),
        "authored": wire.instant(now),
        "item": answering.items(form, answers),
    }
    if actor.person_id is not None and row.person_id in actor.ids_of(actor.person_id):
        made["author"] = made["source"] = reference("Patient", row.person_id)
    return made


def _own(actor: Actor, offer_id: UUID) -> FormOffer:
    row = steps.find(offer_id)
    access.may_fill(actor, PersonId(row.person_id))
    return row


def _response(row: FormOffer) -> Document | None:
    """None also for one that another system deleted."""
    return Document.objects.filter(pk=row.response_id, deleted=False).first() if row.response_id else None
