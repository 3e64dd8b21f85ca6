"""Time in which a clinician cannot be booked: blocks, leave, busy time of another calendar, and a day called
off.

A closure is claimed like a visit. One claim over the whole of it, outside the constraint, is what searches
and claimers see. The parts that were free are claimed inside the constraint as well: so a booking that was
under way while the closure was written collides with it, and one of the two starts again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection

from scheduling import access, catalogue, changes, claims, locking, moving, publishing, queries, visits
from scheduling.availability import DAY, day_segments, instant_of, moment
from scheduling.changes import Change
from scheduling.errors import ReasonNeeded, VisitsInTheWay
from scheduling.models import Closure as ClosureRow
from scheduling.status import AHEAD, TAKES_TIME, Move, Status
from scheduling.transactions import write
from scheduling.types import Appointment, Closure, ClosureKind, DayMove
from scheduling.visits import Visit
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import Invalid, NotFound
from steadwell.ids import PractitionerId, SiteId, new_id
from steadwell.outbox import service as outbox
from steadwell.transactions import LostRace

T = TypeVar("T")

LONGEST = 400 * DAY

# Holds in the way end: their holders are told so when they book.
_END_HOLDS = """
DELETE FROM scheduling_claim WHERE owner_id IN (
    SELECT owner_id FROM scheduling_claim
    WHERE claimant_id = %(practitioner)s AND during && tstzrange(%(starts)s, %(ends)s) AND NOT overbooked
      AND expires_at IS NOT NULL
) AND expires_at IS NOT NULL
"""
_CLOSE = """
WITH free AS (
    SELECT unnest(tstzmultirange(tstzrange(%(starts)s, %(ends)s)) - coalesce((
        SELECT range_agg(during) FROM scheduling_claim
        WHERE claimant_id = %(practitioner)s AND during && tstzrange(%(starts)s, %(ends)s) AND NOT overbooked
    ), '{}')) AS during
), whole AS (
    INSERT INTO scheduling_claim (claimant_id, during, kind, owner_id, overbooked)
    VALUES (%(practitioner)s, tstzrange(%(starts)s, %(ends)s), 'closure', %(id)s, true)
), tiled AS (
    INSERT INTO scheduling_claim (claimant_id, during, kind, owner_id, overbooked)
    SELECT %(practitioner)s, during, 'tile', %(id)s, false FROM free
    ON CONFLICT DO NOTHING RETURNING 1
)
SELECT (SELECT count(*) FROM free) = (SELECT count(*) FROM tiled)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A closure to write."""

    actor: Actor
    practitioner_id: PractitionerId
    kind: ClosureKind
    starts_at: datetime
    ends_at: datetime
    reason: str
    now: datetime
    source_uid: str = ""
    source: str = ""


def block_time(
    *,
    actor: Actor,
    practitioner_id: PractitionerId,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    request_key: str,
    now: datetime,
    keep_visits: bool = False,
) -> Closure:
    """Close a stretch of a clinician's time to bookings.

    Refuses VisitsInTheWay, with the visits, unless ``keep_visits``: then they stand and the rest is closed.
    """
    plan = _plan(actor, practitioner_id, ClosureKind.BLOCK, starts_at, ends_at, reason, now)

    def work(closure_id: UUID) -> Closure:
        closure = close(plan, closure_id)
        standing = queries.list_overlapping(practitioner_id, starts_at, ends_at, statuses=TAKES_TIME)
        if standing and not keep_visits:
            shown = _shown(actor, standing, now)
            raise VisitsInTheWay(visits=shown, elsewhere=len(standing) - len(shown))
        return closure

    body: dict[str, object] = {"keep": keep_visits}
    return _once(plan, request_key, "calendar.block", body, work, repeat=get_closure)


def add_leave(
    *,
    actor: Actor,
    practitioner_id: PractitionerId,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    request_key: str,
    now: datetime,
) -> DayMove:
    """Leave: nothing new can be booked in it. Visits that stand are listed, for the desk to move."""
    plan = _plan(actor, practitioner_id, ClosureKind.LEAVE, starts_at, ends_at, reason, now)

    def work(closure_id: UUID) -> DayMove:
        closure = close(plan, closure_id)
        return found(closure)

    def repeat(closure_id: UUID) -> DayMove:
        return found(get_closure(closure_id))

    def found(closure: Closure) -> DayMove:
        standing = queries.list_overlapping(practitioner_id, starts_at, ends_at, statuses=AHEAD)
        shown = _shown(actor, standing, now)
        return DayMove(closure=closure, touched=shown, elsewhere=len(standing) - len(shown))

    return _once(plan, request_key, "calendar.leave", {}, work, repeat=repeat)


def touched_by_move(
    *, actor: Actor, practitioner_id: PractitionerId, on: date, now: datetime
) -> tuple[Appointment, ...]:
    """The visits that calling off a clinician's day would touch."""
    low, high = _day(actor, practitioner_id, on)
    found = _shown(actor, _still_ahead(practitioner_id, low, high, now), now)
    queries.record_read(found, actor=actor, action="appointment.list", now=now)
    return found


def standing_elsewhere(*, actor: Actor, practitioner_id: PractitionerId, on: date, now: datetime) -> int:
    """How many visits of the day calling it off would leave, because they are at clinics where the actor does
    not work: a number only.
    """
    low, high = _day(actor, practitioner_id, on)
    standing = _still_ahead(practitioner_id, low, high, now)
    return len(standing) - len(_own(actor, standing))


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
    plan = _plan(actor, practitioner_id, ClosureKind.LEAVE, low, high, reason, now)

    def work(closure_id: UUID) -> DayMove:
        closure = close(plan, closure_id)
        standing = _still_ahead(practitioner_id, low, high, now)
        own = sorted(_own(actor, standing), key=lambda visit: visit.appointment.appointment_id)
        touched = [each for each in (_call_off(plan, visit) for visit in own) if each]
        _decline_moves(plan)
        return DayMove(
            closure=closure, touched=_shown(actor, touched, now), elsewhere=len(standing) - len(own)
        )

    def repeat(closure_id: UUID) -> DayMove:
        called_off = queries.list_overlapping(practitioner_id, low, high, statuses=[Status.CANCELLED])
        moved = [visit for visit in called_off if visit.appointment.rebook_offered]
        return DayMove(
            closure=get_closure(closure_id),
            touched=_shown(actor, moved, now),
            elsewhere=standing_elsewhere(actor=actor, practitioner_id=practitioner_id, on=on, now=now),
        )

    return _once(plan, request_key, "calendar.move_day", {"on": on}, work, repeat=repeat)


def remove_closure(*, actor: Actor, closure_id: UUID, request_key: str, now: datetime) -> None:
    """Open the time again. A closure that is gone already is no failure."""

    def work() -> None:
        outbox.claim_request(
            actor=actor,
            key=request_key,
            operation="calendar.open",
            body={"closure": closure_id},
            result_id=closure_id,
            now=now,
        )
        row = ClosureRow.objects.filter(pk=closure_id, ended_at=None).values("practitioner_id").first()
        if row is None:
            return
        _may_plan(actor, PractitionerId(row["practitioner_id"]))
        end([closure_id], practitioner_id=PractitionerId(row["practitioner_id"]), actor=actor, now=now)

    write(work)


def get_closure(closure_id: UUID) -> Closure:
    row = ClosureRow.objects.filter(pk=closure_id, ended_at=None).values().first()
    if row is None:
        raise NotFound
    return read(row)


def list_closures(practitioner_ids: list[PractitionerId], low: datetime, high: datetime) -> list[Closure]:
    """Closures that touch a stretch of time, in time order."""
    rows = ClosureRow.objects.filter(
        practitioner_id__in=practitioner_ids, starts_at__lt=high, ends_at__gt=low, ended_at=None
    )
    return [read(row) for row in rows.order_by("starts_at").values()[:2000]]


def close(plan: Plan, closure_id: UUID) -> Closure:
    """Write a closure and claim its time, in the caller's transaction. Visits in it stand."""
    row = ClosureRow.objects.create(
        id=closure_id,
        practitioner_id=plan.practitioner_id,
        kind=plan.kind.value,
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        reason=plan.reason,
        source_uid=plan.source_uid,
        source=plan.source,
        created_by=plan.actor.user_id,
        created_at=plan.now,
    )
    values: dict[str, Any] = {
        "practitioner": plan.practitioner_id,
        "starts": plan.starts_at,
        "ends": plan.ends_at,
        "id": closure_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_END_HOLDS, values)
        cursor.execute(_CLOSE, values)
        complete = cursor.fetchone()[0]
    if not complete:
        raise LostRace
    return Closure(
        closure_id=row.pk,
        practitioner_id=plan.practitioner_id,
        kind=plan.kind,
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        reason=plan.reason,
    )


def end(closure_ids: Sequence[UUID], *, practitioner_id: PractitionerId, actor: Actor, now: datetime) -> None:
    """Give closures' time back, in the caller's transaction. Their rows stay as history."""
    claims.release(*closure_ids)
    ClosureRow.objects.filter(pk__in=closure_ids).update(ended_at=now, ended_by=actor.user_id)
    site_ids = sites_of(practitioner_id)
    audit.record_many(
        [
            audit.Entry(action="calendar.open", category="calendar", entity_id=each, site_ids=site_ids)
            for each in closure_ids
        ],
        actor=actor,
        now=now,
    )


def sites_of(practitioner_id: PractitionerId) -> frozenset[SiteId]:
    """Where a clinician's time is planned: the roles of whoever plans it count there."""
    clinician = catalogue.latest().practitioners.get(practitioner_id)
    return clinician.site_ids if clinician else frozenset()


def read(row: Any) -> Closure:
    return Closure(
        closure_id=row["id"],
        practitioner_id=PractitionerId(row["practitioner_id"]),
        kind=ClosureKind(row["kind"]),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        reason=row["reason"],
    )


def _once(
    plan: Plan,
    request_key: str,
    action: str,
    body: dict[str, object],
    work: Callable[[UUID], T],
    *,
    repeat: Callable[[UUID], T],
) -> T:
    """The closure's write: claimed by its request key, audited; a repeat answers from what is there."""
    new = new_id()
    whole = body | {
        "practitioner": plan.practitioner_id,
        "starts": plan.starts_at,
        "ends": plan.ends_at,
        "reason": plan.reason,
    }

    def run() -> T:
        first = outbox.claim_request(
            actor=plan.actor, key=request_key, operation=action, body=whole, result_id=new, now=plan.now
        )
        if first != new:
            return repeat(first)
        done = work(new)
        audit.record(
            actor=plan.actor,
            action=action,
            category="calendar",
            now=plan.now,
            entity_id=new,
            reason=plan.reason,
            site_ids=sites_of(plan.practitioner_id),
        )
        return done

    return write(run)


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


def _plan(
    actor: Actor,
    practitioner_id: PractitionerId,
    kind: ClosureKind,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    now: datetime,
) -> Plan:
    _may_plan(actor, practitioner_id)
    if not reason.strip():
        raise ReasonNeeded(fields={"reason": "missing"})
    if not 0 < instant_of(ends_at) - instant_of(starts_at) <= LONGEST:
        raise Invalid(fields={"ends_at": "before-start"})
    return Plan(
        actor=actor,
        practitioner_id=practitioner_id,
        kind=kind,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason.strip()[:200],
        now=now,
    )


def _may_plan(actor: Actor, practitioner_id: PractitionerId) -> frozenset[SiteId]:
    clinician = catalogue.current().practitioners.get(practitioner_id)
    if clinician is None:
        raise NotFound
    access.may_plan_clinician(actor, practitioner_id, clinician.site_ids)
    return clinician.site_ids


def _day(actor: Actor, practitioner_id: PractitionerId, on: date) -> tuple[datetime, datetime]:
    """The local day of a clinician, over all zones of their sites."""
    site_ids = _may_plan(actor, practitioner_id)
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


def _own(actor: Actor, found: list[Visit]) -> list[Visit]:
    """The visits this actor may see: staff of one site do not call off another site's."""
    return [
        visit
        for visit in found
        if access.sees_visit(
            actor, person_id=visit.place[0], site_id=visit.place[1], practitioner_id=visit.place[2]
        )
    ]


def _shown(actor: Actor, found: list[Visit], now: datetime) -> tuple[Appointment, ...]:
    return tuple(visits.shown(visit, actor=actor, now=now) for visit in _own(actor, found))
