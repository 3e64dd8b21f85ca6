"""Closing a clinician's time ahead, and opening it again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from scheduling import access, catalogue, queries, visits
from scheduling.availability import DAY, instant_of
from scheduling.closures import closing
from scheduling.closures.closing import Plan
from scheduling.errors import ReasonNeeded, VisitsInTheWay
from scheduling.models import Closure as ClosureRow
from scheduling.status import AHEAD, TAKES_TIME
from scheduling.transactions import write
from scheduling.types import Appointment, Closure, ClosureKind, DayMove
from scheduling.visits import Visit
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import Invalid, NotFound
from steadwell.ids import PractitionerId, SiteId, new_id
from steadwell.outbox import service as outbox

T = TypeVar("T")

LONGEST = 400 * DAY


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
    plan = planned(actor, practitioner_id, ClosureKind.BLOCK, starts_at, ends_at, reason, now)

    def work(closure_id: UUID) -> Closure:
        closure = closing.close(plan, closure_id)
        standing = queries.list_overlapping(practitioner_id, starts_at, ends_at, statuses=TAKES_TIME)
        if standing and not keep_visits:
            shown = shown_to(actor, standing, now)
            raise VisitsInTheWay(visits=shown, elsewhere=len(standing) - len(shown))
        return closure

    body: dict[str, object] = {"keep": keep_visits}
    return once(plan, request_key, "calendar.block", body, work, repeat=closing.get_closure)


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
    plan = planned(actor, practitioner_id, ClosureKind.LEAVE, starts_at, ends_at, reason, now)

    def work(closure_id: UUID) -> DayMove:
        closure = closing.close(plan, closure_id)
        return found(closure)

    def repeat(closure_id: UUID) -> DayMove:
        return found(closing.get_closure(closure_id))

    def found(closure: Closure) -> DayMove:
        standing = queries.list_overlapping(practitioner_id, starts_at, ends_at, statuses=AHEAD)
        shown = shown_to(actor, standing, now)
        return DayMove(closure=closure, touched=shown, elsewhere=len(standing) - len(shown))

    return once(plan, request_key, "calendar.leave", {}, work, repeat=repeat)


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
        may_plan(actor, PractitionerId(row["practitioner_id"]))
        closing.end(
            [closure_id], practitioner_id=PractitionerId(row["practitioner_id"]), actor=actor, now=now
        )

    write(work)


def once(
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
            site_ids=closing.sites_of(plan.practitioner_id),
        )
        return done

    return write(run)


def planned(
    actor: Actor,
    practitioner_id: PractitionerId,
    kind: ClosureKind,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    now: datetime,
) -> Plan:
    may_plan(actor, practitioner_id)
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


def may_plan(actor: Actor, practitioner_id: PractitionerId) -> frozenset[SiteId]:
    clinician = catalogue.current().practitioners.get(practitioner_id)
    if clinician is None:
        raise NotFound
    access.may_plan_clinician(actor, practitioner_id, clinician.site_ids)
    return clinician.site_ids


def seen_by(actor: Actor, found: list[Visit]) -> list[Visit]:
    """The visits this actor may see: staff of one site do not call off another site's."""
    return [
        visit
        for visit in found
        if access.sees_visit(
            actor, person_id=visit.place[0], site_id=visit.place[1], practitioner_id=visit.place[2]
        )
    ]


def shown_to(actor: Actor, found: list[Visit], now: datetime) -> tuple[Appointment, ...]:
    return tuple(visits.shown(visit, actor=actor, now=now) for visit in seen_by(actor, found))
