"""The clinic's side of a refill: approve as asked or changed, decline with a reason, send again, close."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from medications import access, charts, checking, metrics, recording
from medications.charts import Locked
from medications.dosage import read
from medications.errors import CannotRefill, RefillMoved, RefusalNeedsReason
from medications.models import Chart, Refill, Statement
from medications.orders import again
from medications.pharmacy import waiting
from medications.recording import State
from medications.refills import asking, steps, viewing
from medications.types import IncomingStatement, RefillState, RefillView, Source, StatementKind, Status
from steadwell import events
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import Invalid
from steadwell.ids import PersonId, SiteId, new_id
from steadwell.outbox import service as outbox
from steadwell.outbox.service import begin_request
from steadwell.transactions import write

_STUCK = frozenset({RefillState.UNANSWERED.value, RefillState.PHARMACY_REFUSED.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act of a clinician on one refill, within its transaction."""

    actor: Actor
    chart: Locked
    row: Refill
    now: datetime

    @property
    def at(self) -> datetime:
        return self.chart.recorded_at


def approve_refill(
    *,
    actor: Actor,
    refill_id: UUID,
    seen_version: int,
    dosage_text: str | None = None,
    quantity_text: str | None = None,
    pharmacy_id: UUID | None = None,
    reason: str = "",
    overrides: Mapping[str, str],
    request_key: str,
    now: datetime,
) -> RefillView:
    """Say yes, as asked or with another dosage or quantity, and promise that it is sent.

    Checked again in the same transaction, against what the patient takes now. A changed dosage is the order's
    next version (of another system's order, an order of ours beside it). Raises ReasonNeeded, PackUnusable,
    StaleFact, RefillMoved, CannotRefill when the order was stopped meanwhile, Invalid without a pharmacy.
    """
    body = {
        "refill": str(refill_id), "seen": seen_version, "dosage": dosage_text, "quantity": quantity_text,
        "pharmacy": str(pharmacy_id), "reason": reason, "overrides": dict(overrides),
    }  # fmt: skip

    def approve(act: Act) -> None:
        row = act.row
        state = recording.look(act.chart)
        changed = dosage_text not in {None, row.dosage_text} or quantity_text not in {None, row.quantity_text}
        row.dosage_text = row.dosage_text if dosage_text is None else dosage_text[:500]
        row.quantity_text = row.quantity_text if quantity_text is None else quantity_text[:60]
        if not row.dosage_text.strip():
            raise Invalid(fields={"dosage_text": "missing"})
        check_id = _check(act, state, overrides)
        if changed:
            _change_order(act, reason)
        _to_pharmacy(act, pharmacy_id)
        row.decided_at, row.decided_by, row.reason = act.at, actor.practitioner_id, reason[:500]
        if changed:
            steps.note(row, "changed", actor=actor, at=act.at, reason=reason)
        steps.move(row, RefillState.APPROVED, actor=actor, at=act.at, reason=reason, check_id=check_id)
        _send(act)

    return _act(actor, refill_id, seen_version, approve, "approve", body, request_key, now)


def decline_refill(
    *, actor: Actor, refill_id: UUID, seen_version: int, reason: str, request_key: str, now: datetime
) -> RefillView:
    """Say no, with the reason that the patient reads. Raises RefusalNeedsReason, StaleFact, RefillMoved."""
    return _end(actor, refill_id, seen_version, reason, "decline", request_key, now)


def close_refill(
    *, actor: Actor, refill_id: UUID, seen_version: int, reason: str, request_key: str, now: datetime
) -> RefillView:
    """End one that no pharmacy answered, or that it refused; the patient reads the reason."""
    return _end(actor, refill_id, seen_version, reason, "close", request_key, now)


def resend_refill(
    *,
    actor: Actor,
    refill_id: UUID,
    seen_version: int,
    pharmacy_id: UUID | None = None,
    request_key: str,
    now: datetime,
) -> RefillView:
    """Send one again that was not answered or was refused, here or to another pharmacy. Another pharmacy gets
    a message of its own; the same one the same message, which it may have had already. Raises CannotRefill
    when the order was stopped meanwhile.
    """
    body = {"refill": str(refill_id), "seen": seen_version, "pharmacy": str(pharmacy_id)}

    def resend(act: Act) -> None:
        row = act.row
        if row.state not in _STUCK:  # the table lets a request be approved, but nobody has checked it here
            raise RefillMoved
        if not is_still_ordered(row):
            raise CannotRefill
        elsewhere = pharmacy_id is not None and pharmacy_id != row.pharmacy_id
        if elsewhere or row.state == RefillState.PHARMACY_REFUSED:
            row.message_id = None
        _to_pharmacy(act, pharmacy_id)
        row.answered_at = None
        steps.move(row, RefillState.APPROVED, actor=actor, at=act.at, reason="sent-again")
        _send(act)

    return _act(actor, refill_id, seen_version, resend, "resend", body, request_key, now)


def is_still_ordered(refill: Refill) -> bool:
    """Whether the order that it renews is taken still."""
    return Statement.objects.filter(pk=refill.statement_id, status=Status.ACTIVE.value).exists()


def _end(
    actor: Actor, refill_id: UUID, seen_version: int, reason: str, action: str, key: str, now: datetime
) -> RefillView:
    if not reason.strip():
        raise RefusalNeedsReason(fields={"reason": "missing"})
    body = {"refill": str(refill_id), "seen": seen_version, "reason": reason}

    def end(act: Act) -> None:
        act.row.reason, act.row.decided_at = reason[:500], act.at
        act.row.decided_by = actor.practitioner_id
        steps.move(act.row, RefillState.DECLINED, actor=actor, at=act.at, reason=reason)
        waiting.forget(act.row)

    return _act(actor, refill_id, seen_version, end, action, body, key, now)


def _act(
    actor: Actor, refill_id: UUID, seen_version: int, do: Callable[[Act], None], action: str,
    body: Mapping[str, object], key: str, now: datetime,
) -> RefillView:  # fmt: skip
    """Lock chart and refill, recheck, do, audit."""
    person_id = asking.person_of_refill(refill_id)

    def work() -> RefillView:
        chart = charts.lock(person_id, now)
        row = steps.lock(refill_id)
        access.may_decide_refill(actor, SiteId(row.site_id))
        _, is_new = begin_request(actor, key, f"medications.{action}-refill", body, now)
        if is_new:
            asking.refuse_stale(row, seen_version)
            do(Act(actor=actor, chart=chart, row=row, now=now))
            audit.record(
                actor=actor, action=f"refill.{action}", category=asking.CATEGORY, now=chart.recorded_at,
                entity_id=row.pk, subject_id=PersonId(row.person_id), site_id=SiteId(row.site_id),
                detail={"state": row.state, "version": str(row.version)},
            )  # fmt: skip
        return viewing.with_steps(row)

    return write(work)


def _check(act: Act, state: State, reasons: Mapping[str, str]) -> UUID | None:
    """What the rules say of it now, beside all else: weeks may lie between the order and its refill."""
    line = next((each for each in state.found if each.line_id == act.row.line_id), None)
    word = next((w for w in line.words if w.statement_id == act.row.statement_id), None) if line else None
    if line is None or word is None or word.status is not Status.ACTIVE:
        raise CannotRefill
    change = checking.Change(
        key=line.key, name=line.name, rxcui=line.rxcui, ingredient_names=line.ingredient_names,
        dosage=read(act.row.dosage_text),
    )  # fmt: skip
    told = checking.ask(ids=act.chart.ids, lines=state.found, change=change, leaving_out=(), now=act.now)
    kept = checking.keep(
        told, actor=act.actor, chart=act.chart, about=act.row.pk, act="refill", reasons=reasons
    )
    metrics.alerts.inc(sum(each.needs_reason for each in kept.findings), operation="refill")
    return kept.check_id


def _change_order(act: Act, why: str) -> None:
    """What was approved is what is prescribed from now on."""
    order = Statement.objects.get(pk=act.row.statement_id)
    row, before = act.row, order if order.source == Source.CLINICIAN.value else None
    if before is not None:
        said = again(before, row.dosage_text, Status.ACTIVE, row.quantity_text, None, act.at)
        entity_id = order.pk
    else:
        entity_id = new_id()
        said = IncomingStatement(
            source=Source.CLINICIAN, system="steadwell", external_id=str(entity_id), kind=StatementKind.ORDER,
            drug_text=order.drug_text, rxcui=order.code_sent or order.rxcui, status_word="active",
            dosage_text=row.dosage_text, quantity_text=row.quantity_text, started_on=act.at.date(),
            said_at=act.at, site_id=SiteId(row.site_id), practitioner_id=act.actor.practitioner_id,
        )  # fmt: skip
    recording.append(
        actor=act.actor, chart=act.chart, person_id=PersonId(row.person_id), entity_id=entity_id, said=said,
        before=before, why=why or "changed-with-refill",
    )  # fmt: skip
    recording.resettle(act.chart)


def _to_pharmacy(act: Act, pharmacy_id: UUID | None) -> None:
    row = act.row
    if pharmacy_id is not None:
        row.pharmacy = asking.pharmacy_by(pharmacy_id)
    if row.pharmacy is None:
        own = Chart.objects.values_list("pharmacy_id", flat=True).get(pk=act.chart.person_id)
        if own is None:
            raise Invalid(fields={"pharmacy_id": "missing"})
        row.pharmacy = asking.pharmacy_by(own)
    row.message_id = row.message_id or new_id()


def _send(act: Act) -> None:
    """The promise that it is handed over, and the promise to look whether an answer came."""
    row = act.row
    waiting.plan(row, round_=1, now=act.at)
    row.save()
    outbox.publish(
        events.RefillSendDue(refill_id=row.pk, person_id=row.person_id, version=row.version), now=act.at
    )
