"""A pharmacy's message takes effect: once, whatever order messages come in and however often."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from medications import charts, recording
from medications.models import PharmacyMessage, Refill
from medications.pharmacy import waiting, wire
from medications.pharmacy.wire import Answer
from medications.refills import steps
from medications.status import may_move
from medications.types import IncomingStatement, RefillState, Source, StatementKind
from steadwell.actor import system
from steadwell.audit import service as audit
from steadwell.ids import PersonId, SiteId, new_id

ACTOR = system("medications.pharmacy")
_AFTER_ALL = frozenset(
    {RefillState.UNANSWERED.value, RefillState.DECLINED.value, RefillState.PHARMACY_REFUSED.value}
)


def take(message: Mapping[str, Any], *, network: str, now: datetime) -> str:
    """In the caller's transaction: keep the message, and do what it says. Answers what it did: a state,
    ``taken``, ``duplicate``, ``late`` (kept, and too late to count), ``unknown`` or ``unread``.
    """
    try:
        answer = wire.read(message)
    except wire.NotUnderstood as error:
        _keep(message, None, network=network, effect="unread", kind=error.cause[:30], at=now)
        return "unread"
    if _known(network, answer.wire_id):
        return "duplicate"
    refill = _refill_of(answer)
    if refill is None:
        _keep(message, answer, network=network, effect="unknown", at=now)
        return "unknown"
    # The patient's chart first, as every write; two that bring the same message meet here.
    chart = charts.lock(PersonId(refill.person_id), now)
    if _known(network, answer.wire_id):
        return "duplicate"
    refill = steps.lock(refill.pk)
    effect = _effect(refill, answer, network)
    kept = _keep(message, answer, network=network, effect=effect, at=chart.recorded_at, refill=refill)
    if answer.state is not None and effect == answer.state.value:
        late = refill.state == RefillState.UNANSWERED
        refill.answered_at = chart.recorded_at
        if answer.state is RefillState.FILLED:
            refill.filled_at = chart.recorded_at
            _dispensed(refill, answer, chart)
        if answer.state is RefillState.PHARMACY_REFUSED:
            refill.reason = answer.reason
        waiting.forget(refill)
        steps.move(
            refill, answer.state, actor=ACTOR, at=chart.recorded_at, message_id=kept,
            reason=answer.reason or ("late" if late else ""),
        )  # fmt: skip
    elif answer.state is not None:
        steps.note(refill, effect, actor=ACTOR, at=chart.recorded_at, reason=answer.kind, message_id=kept)
    audit.record(
        actor=ACTOR, action="refill.answer", category="refill", now=chart.recorded_at, entity_id=refill.pk,
        subject_id=PersonId(refill.person_id), site_id=SiteId(refill.site_id),
        detail={"state": refill.state, "effect": effect},
    )  # fmt: skip
    return effect


def _known(network: str, wire_id: str) -> bool:
    return PharmacyMessage.objects.filter(network=network, direction="in", wire_id=wire_id).exists()


def _refill_of(answer: Answer) -> Refill | None:
    """By the message it answers. One that was sent anew to somebody else answers to its newer message only;
    what the older one brings is kept with the refill and does not count.
    """
    message_id = wire.is_uuid(answer.relates_to)
    if message_id is None:
        return None
    found = Refill.objects.filter(message_id=message_id).first()
    if found is not None:
        return found
    sent = PharmacyMessage.objects.filter(direction="out", wire_id=str(message_id)).first()
    return Refill.objects.filter(pk=sent.refill_id).first() if sent and sent.refill_id else None


def _effect(refill: Refill, answer: Answer, network: str) -> str:
    if refill.pharmacy is None or refill.pharmacy.network != network:
        return "late" if answer.relates_to != str(refill.message_id) else "unknown"  # not its pharmacy's word
    if answer.state is None:
        return "taken"
    if answer.relates_to != str(refill.message_id):
        return "late"
    if refill.state == answer.state.value:
        return "duplicate"
    if may_move(RefillState(refill.state), answer.state):
        return answer.state.value
    return "late" if refill.state in _AFTER_ALL else "duplicate"


def _dispensed(refill: Refill, answer: Answer, chart: charts.Locked) -> None:
    """What was handed out is one more source of what is taken: in the pharmacy's words where it says what
    (it may have changed the drug), and as asked where it does not.
    """
    entity_id, own = new_id(), answer.dispensed
    said = IncomingStatement(
        source=Source.PHARMACY, system=f"pharmacy:{refill.pharmacy.ncpdp_id if refill.pharmacy else ''}",
        external_id=answer.wire_id, kind=StatementKind.DISPENSE,
        drug_text=own.drug_text if own else refill.name, rxcui=own.rxcui if own else refill.rxcui,
        status_word="dispensed",
        dosage_text=own.dosage_text if own and own.dosage_text else refill.dosage_text,
        quantity_text=own.quantity_text if own and own.quantity_text else refill.quantity_text,
        started_on=chart.recorded_at.date(), said_at=chart.recorded_at, site_id=SiteId(refill.site_id),
    )  # fmt: skip
    before = recording.existing(said.system, said.external_id, chart)
    if before is None:
        recording.append(
            actor=ACTOR, chart=chart, person_id=PersonId(refill.person_id), entity_id=entity_id, said=said,
            before=None,
        )  # fmt: skip
        recording.resettle(chart)


def _keep(
    message: Mapping[str, Any],
    answer: Answer | None,
    *,
    network: str,
    effect: str,
    at: datetime,
    refill: Refill | None = None,
    kind: str = "",
) -> UUID:
    row = PharmacyMessage.objects.create(
        id=new_id(), network=network, direction="in", wire_id=answer.wire_id if answer else str(new_id()),
        relates_to=answer.relates_to if answer else "", kind=answer.kind if answer else kind, refill=refill,
        body=wire.storable(message), at=at, effect=effect,
    )  # fmt: skip
    return row.pk
