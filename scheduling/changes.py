"""A booked visit's life: called off, and each step of its day (moving.py moves it). Every change is one
transaction and one version.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from scheduling import access, claims, groups, locking, move_requests, publishing, queries, visits
from scheduling.errors import MoveNotAllowed, ReasonNeeded, TooEarly, TooLate, ViewOnly
from scheduling.status import ABOUT_A_MOVE, MOVES, Move, is_ahead
from scheduling.transactions import write
from scheduling.types import Appointment, CancelledBy, Mode
from scheduling.visits import CHECK_IN_OPENS, Visit
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import Forbidden
from steadwell.ids import AppointmentId, new_id
from steadwell.outbox import service as outbox

REASON_LENGTH = 200

_STEP = f"""
WITH changed AS (
    UPDATE scheduling_appointment SET status = %(status)s, version = version + 1,
        cancelled_by = %(cancelled_by)s, cancel_reason = %(cancel_reason)s, rebook_offered = %(rebook)s,
        lapsed_at = coalesce(%(lapsed)s::timestamptz, lapsed_at)
    WHERE id = %(id)s RETURNING *
), {visits.VERSIONED} {visits.CHANGED}
"""  # noqa: S608 - constants only


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Who makes which move on which visit, why, and under which request key."""

    actor: Actor
    move: Move
    appointment_id: AppointmentId
    request_key: str
    now: datetime
    reason: str = ""
    rebook: bool = False

    @property
    def action(self) -> str:
        return f"appointment.{self.move.value}"


def approve(*, actor: Actor, appointment_id: AppointmentId, request_key: str, now: datetime) -> Appointment:
    """The clinic says yes to a request."""
    return _step(actor, Move.APPROVE, appointment_id, request_key, now, tell=publishing.approved)


def decline(
    *, actor: Actor, appointment_id: AppointmentId, reason: str, request_key: str, now: datetime
) -> Appointment:
    """The clinic says no to a request, with a reason; its time is free again."""
    need_reason(reason)
    return _step(
        actor, Move.DECLINE, appointment_id, request_key, now, reason=reason, tell=publishing.cancelled
    )


def cancel(
    *, actor: Actor, appointment_id: AppointmentId, reason: str, request_key: str, now: datetime
) -> Appointment:
    """Call a visit off. Its time is free at once. By the patient within the site's notice (TooLate), by the
    clinic always with a reason; whose act it was is kept apart.
    """
    return _step(
        actor, Move.CANCEL, appointment_id, request_key, now, reason=reason, tell=publishing.cancelled
    )


def check_in(*, actor: Actor, appointment_id: AppointmentId, request_key: str, now: datetime) -> Appointment:
    """The paper work is done; from 24 hours before the visit (TooEarly)."""
    return _step(actor, Move.CHECK_IN, appointment_id, request_key, now)


def arrive(*, actor: Actor, appointment_id: AppointmentId, request_key: str, now: datetime) -> Appointment:
    """The patient is here; also after a no-show."""
    return _step(actor, Move.ARRIVE, appointment_id, request_key, now)


def start(*, actor: Actor, appointment_id: AppointmentId, request_key: str, now: datetime) -> Appointment:
    return _step(actor, Move.START, appointment_id, request_key, now)


def complete(*, actor: Actor, appointment_id: AppointmentId, request_key: str, now: datetime) -> Appointment:
    return _step(actor, Move.COMPLETE, appointment_id, request_key, now)


def no_show(*, actor: Actor, appointment_id: AppointmentId, request_key: str, now: datetime) -> Appointment:
    """The patient did not come; not before the visit began (TooEarly)."""
    return _step(actor, Move.NO_SHOW, appointment_id, request_key, now)


def mark_error(
    *, actor: Actor, appointment_id: AppointmentId, reason: str, request_key: str, now: datetime
) -> Appointment:
    """This visit never was: it is taken out of every list, and its time is free. The patient of one that was
    ahead is told that the clinic called it off.
    """
    need_reason(reason)
    return _step(actor, Move.MARK_ERROR, appointment_id, request_key, now, reason=reason)


def _step(
    actor: Actor,
    move: Move,
    appointment_id: AppointmentId,
    request_key: str,
    now: datetime,
    *,
    reason: str = "",
    tell: Callable[..., None] = publishing.progressed,
) -> Appointment:
    return step(
        actor,
        move,
        appointment_id,
        request_key,
        now,
        reason=reason,
        work=lambda change, visit: apply(change, visit, tell=tell),
    )


def step(
    actor: Actor,
    move: Move,
    appointment_id: AppointmentId,
    request_key: str,
    now: datetime,
    *,
    work: Callable[[Change, Visit], Visit],
    reason: str = "",
) -> Appointment:
    """One move on one visit, repeatable: claimed, locked, checked, then ``work``, in one transaction."""
    change = Change(
        actor=actor,
        move=move,
        appointment_id=appointment_id,
        request_key=request_key,
        now=now,
        reason=reason.strip()[:REASON_LENGTH],
    )

    def all_of_it() -> Appointment:
        repeated = claim(change, body={"visit": appointment_id, "reason": change.reason})
        if repeated is not None:
            return repeated
        visit = locking.lock_visit(appointment_id)
        check(change, visit)
        return visits.shown(work(change, visit), actor=actor, now=now)

    return write(all_of_it)


def check(change: Change, visit: Visit) -> None:
    """Whether this actor may make the move on the visit as it stands, now."""
    a, actor = visit.appointment, change.actor
    person_id, site_id, practitioner_id = visit.place
    if change.move in ABOUT_A_MOVE and a.requested_move is not None:  # the new time's clinic decides
        site_id, practitioner_id = a.requested_move.site_id, a.requested_move.practitioner_id
    access.may_see_visit(actor, person_id=person_id, site_id=site_id, practitioner_id=practitioner_id)
    if not access.may_move(actor, change.move, status=a.status, person_id=person_id, site_id=site_id):
        if a.status in MOVES[change.move].sources:
            raise Forbidden
        raise MoveNotAllowed
    patient_side = access.is_patient_side(actor, person_id)
    if change.move in {Move.CANCEL, Move.RESCHEDULE} and patient_side:
        if change.now > a.starts_at - visit.cancel_lead:
            raise TooLate
        if change.move is Move.RESCHEDULE and visit.mode is Mode.VIEW_ONLY:
            raise ViewOnly
    if change.move is Move.CANCEL and not patient_side:
        need_reason(change.reason)
    if change.move is Move.NO_SHOW and change.now < a.starts_at:
        raise TooEarly
    if change.move is Move.CHECK_IN and change.now < a.starts_at - CHECK_IN_OPENS:
        raise TooEarly


def apply(change: Change, visit: Visit, *, tell: Callable[..., None], by_clinic: bool = False) -> Visit:
    """Write a checked move: the row, its version, the time it gives back, audit, outbox."""
    a, target = visit.appointment, MOVES[change.move].target
    assert target is not None  # noqa: S101 - moves that keep the status are made in moving.py
    asked = a.requested_move
    move_requests.close(visit, "ended", now=change.now)
    called_off = change.move in {Move.CANCEL, Move.DECLINE, Move.LAPSE}
    ends = called_off or change.move is Move.MARK_ERROR
    patient_side = access.is_patient_side(change.actor, a.person_id) and not by_clinic
    by = CancelledBy.PATIENT if patient_side else CancelledBy.CLINIC
    values: dict[str, Any] = {
        "id": a.appointment_id,
        "status": target.value,
        "rebook": change.rebook,
        "cancelled_by": by.value if called_off else "",
        "cancel_reason": change.reason if called_off else "",
        "lapsed": change.now if change.move is Move.LAPSE else None,
    }
    values |= visits.version_values(
        actor=change.actor, move=change.move.value, why=change.reason, now=change.now, by_clinic=by_clinic
    )
    with connection.cursor() as cursor:
        cursor.execute(_STEP, values)
        changed = visits.read(cursor.fetchone())
    if ends:
        give_back(visit, now=change.now)
    record(change, changed)
    if change.move is Move.MARK_ERROR and is_ahead(a.status, starts_at=a.starts_at, now=change.now):
        tell = publishing.withdrawn
    tell(changed.appointment, now=change.now)
    if asked is not None and not ends:
        publishing.move_answered(changed.appointment, asked, answer="ended", now=change.now)
    return changed


def record(change: Change, visit: Visit) -> None:
    audit.record(
        actor=change.actor,
        action=change.action,
        category="appointment",
        now=change.now,
        subject_id=visit.appointment.person_id,
        entity_id=visit.appointment.appointment_id,
        site_id=visit.appointment.site_id,
        reason=change.reason,
        detail={"status": visit.appointment.status.value, "version": str(visit.appointment.version)},
    )


def give_back(visit: Visit, *, now: datetime) -> None:
    claims.release(visit.appointment.appointment_id)
    if visit.session_id is not None:
        groups.leave_seat(visit.session_id, visit.appointment.appointment_id, now=now)


def claim(change: Change, *, body: dict[str, object]) -> Appointment | None:
    """The answer to a repeat, or None the first time."""
    new = new_id()
    first = outbox.claim_request(
        actor=change.actor,
        key=change.request_key,
        operation=change.action,
        body=body,
        result_id=new,
        now=change.now,
    )
    return None if first == new else queries.repeat(change.actor, change.appointment_id, now=change.now)


def need_reason(reason: str) -> None:
    if not reason.strip():
        raise ReasonNeeded(fields={"reason": "missing"})
