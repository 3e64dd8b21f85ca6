"""A clinician's day called off: what it would touch, and doing it."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from scheduling import access, catalogue, changes, locking, moving, publishing, queries
from scheduling.availability import day_segments, moment
from scheduling.changes import Change
from scheduling.closures import closing, planning
from scheduling.closures.closing import Plan
from scheduling.status import AHEAD, Move, Status
from scheduling.types import Appointment, ClosureKind, DayMove
from scheduling.visits import Visit
from steadwell.actor import Actor
from steadwell.errors import Invalid
from steadwell.ids import PractitionerId


def touched_by_move(
    *, actor: Actor, practitioner_id: PractitionerId, on: date, now: datetime
) -> tuple[Appointment, ...]:
    """The visits that calling off a clinician's day would touch."""
    low, high = _day(actor, practitioner_id, on)
    found = planning.shown_to(actor, _still_ahead(practitioner_id, low, high, now), now)
    queries.record_read(found, actor=actor, action="appointment.list", now=now)
    return found


def standing_elsewhere(*, actor: Actor, practitioner_id: PractitionerId, on: date, now: datetime) -> int:
    """How many visits of the day calling it off would leave, because they are at clinics where the actor does
    not work: a number only.
    """
    low, high = _day(actor, practitioner_id, on)
    standing = _still_ahead(practitioner_id, low, high, now)
    return len(standing) - len(planning.seen_by(actor, standing))


def move_day(
    *,
    actor: Actor,
    practitioner_id: PractitionerId,
    on: date,
    reason: str,
    request_key: str,
    now: datetime,
) -> DayMove:
    """The clinician is ill. Their day is closed; every visit ahead on it is called off by the clinic, and its
    patient is told and offered other times. All of it, or nothing. Visits at clinics where the actor does not
    work stand, and are counted.
    """
    low, high = _day(actor, practitioner_id, on)
    plan = planning.planned(actor, practitioner_id, ClosureKind.LEAVE, low, high, reason, now)

    def work(closure_id: UUID) -> DayMove:
        closure = closing.close(plan, closure_id)
        standing = _still_ahead(practitioner_id, low, high, now)
        own = sorted(planning.seen_by(actor, standing), key=lambda visit: visit.appointment.appointment_id)
        touched = [each for each in (_call_off(plan, visit) for visit in own) if each]
        _decline_moves(plan)
        return DayMove(
            closure=closure,
            touched=planning.shown_to(actor, touched, now),
            elsewhere=len(standing) - len(own),
        )

    def repeat(closure_id: UUID) -> DayMove:
        called_off = queries.list_overlapping(practitioner_id, low, high, statuses=[Status.CANCELLED])
        moved = [visit for visit in called_off if visit.appointment.rebook_offered]
        return DayMove(
            closure=closing.get_closure(closure_id),
            touched=planning.shown_to(actor, moved, now),
            elsewhere=standing_elsewhere(actor=actor, practitioner_id=practitioner_id, on=on, now=now),
        )

    return planning.once(plan, request_key, "calendar.move_day", {"on": on}, work, repeat=repeat)


def _call_off(plan: Plan, seen: Visit) -> Visit | None:
    """One visit of the day; None when it has ended in the meantime."""
    visit = locking.lock_visit(seen.appointment.appointment_id)
    if visit.appointment.status not in AHEAD:
        return None
    change = Change(
        actor=plan.actor,
        move=Move.CANCEL,
        appointment_id=visit.appointment.appointment_id,
        request_key="",
        now=plan.now,
        reason=plan.reason,
        rebook=True,
    )
    return changes.apply(change, visit, tell=publishing.cancelled, by_clinic=True)


def _decline_moves(plan: Plan) -> None:
    """Moves that patients asked for into the day: their visits stay where they are."""
    for visit_id in queries.asking_for(plan.practitioner_id, plan.starts_at, plan.ends_at):
        visit = locking.lock_visit(visit_id)
        asked = visit.appointment.requested_move
        if asked is None or not access.sees_visit(
            plan.actor, person_id=visit.place[0], site_id=asked.site_id, practitioner_id=asked.practitioner_id
        ):
            continue
        change = Change(
            actor=plan.actor,
            move=Move.DECLINE_MOVE,
            appointment_id=visit_id,
            request_key="",
            now=plan.now,
            reason=plan.reason,
        )
        moving.end(change, visit, by_clinic=True)


def _day(actor: Actor, practitioner_id: PractitionerId, on: date) -> tuple[datetime, datetime]:
    """The local day of a clinician, over all zones of their sites."""
    site_ids = planning.may_plan(actor, practitioner_id)
    sites = catalogue.latest().sites
    segments = [
        segment
        for site_id in site_ids
        if site_id in sites
        for segment in day_segments(sites[site_id].time_zone, on)
    ]
    if not segments:
        raise Invalid(fields={"on": "no-such-day"})
    return moment(min(low for low, _, _ in segments)), moment(max(high for _, high, _ in segments))


def _still_ahead(
    practitioner_id: PractitionerId, low: datetime, high: datetime, now: datetime
) -> list[Visit]:
    """What has yet to happen of a day. A visit that is over stays what it was, also when nobody closed it."""
    found = queries.list_overlapping(practitioner_id, low, high, statuses=AHEAD)
    return [visit for visit in found if visit.appointment.ends_at > now]
