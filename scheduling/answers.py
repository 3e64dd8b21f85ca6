"""Requests that wait for the clinic's answer: the desk is reminded, and one nobody answers ends by itself.

Two promises with a due time belong to each request. Both look again, under the lock that an answer takes as
well, before they do anything: of an approval and an ending at one moment one wins.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from notifications import service as notifications
from scheduling import (
    availability,
    catalogue,
    changes,
    locking,
    metrics,
    moving,
    offers,
    promises,
    publishing,
)
from scheduling.availability import instant_of, moment
from scheduling.catalogue import Catalogue
from scheduling.changes import Change
from scheduling.status import Move, Status
from scheduling.types import Appointment, RequestedMove
from scheduling.visits import Visit
from steadwell.accounts import service as accounts
from steadwell.actor import Role, system
from steadwell.audit import service as audit
from steadwell.ids import AppointmentId, SiteId
from steadwell.outbox import service as outbox
from steadwell.outbox.service import DeliveryContext, DueRow, NewDueRow

PREFIX = "scheduling.request."
OVERDUE, LAPSE = f"{PREFIX}overdue", f"{PREFIX}lapse"
# The same of a move that was asked for. Each request of one has its own rows, so none is taken back.
MOVE_OVERDUE, MOVE_LAPSE = "scheduling.move-request.overdue", "scheduling.move-request.lapse"
ACTOR = system("scheduling")
# However long the clinic may take, the desk hears of a request so long before it ends by itself.
LAST_CALL = timedelta(hours=4)
_LONGEST_DAYS = 60

_MARK = """
UPDATE scheduling_appointment SET overdue_at = %(now)s
WHERE id = %(id)s AND overdue_at IS NULL AND status = 'pending'
"""
_MARK_MOVE = """
UPDATE scheduling_moverequest SET overdue_at = %(now)s
WHERE id = %(id)s AND overdue_at IS NULL AND state = 'open'
"""


def plan(visit: Appointment, *, version: int, asked_at: datetime, now: datetime) -> None:
    """Promise both for a request that was just made or moved; its former time's promises are over."""
    forget(visit.appointment_id)
    outbox.schedule_many(rows(catalogue.current(), visit, version=version, asked_at=asked_at), now=now)


def rows(known: Catalogue, visit: Appointment, *, version: int, asked_at: datetime) -> list[NewDueRow]:
    overdue_at, ends_at = _moments(known, visit.site_id, visit.starts_at, asked_at)
    key, about, payload = f"{visit.appointment_id}:{version}", visit.appointment_id, {"version": str(version)}
    return [
        NewDueRow(kind=OVERDUE, key=key, about=about, payload=payload, due_at=overdue_at, expires_at=ends_at),
        NewDueRow(kind=LAPSE, key=key, about=about, payload=payload, due_at=ends_at),
    ]


def plan_move(visit: Appointment, asked: RequestedMove, *, now: datetime) -> None:
    """The same for a move. It ends before whichever of the two times comes first: the patient has to know
    where to be.
    """
    first = min(visit.starts_at, asked.starts_at)
    overdue_at, ends_at = _moments(catalogue.current(), asked.site_id, first, asked.asked_at)
    key, payload = str(asked.move_request_id), {"move_request": str(asked.move_request_id)}
    rows = [
        NewDueRow(
            kind=MOVE_OVERDUE, key=key, about=visit.appointment_id, payload=payload, due_at=overdue_at,
            expires_at=ends_at,
        ),
        NewDueRow(kind=MOVE_LAPSE, key=key, about=visit.appointment_id, payload=payload, due_at=ends_at),
    ]  # fmt: skip
    outbox.schedule_many(rows, now=now)


def _moments(
    known: Catalogue, site_id: SiteId, starts_at: datetime, asked_at: datetime
) -> tuple[datetime, datetime]:
    """When the desk is reminded, and when the request ends by itself."""
    site = known.sites.get(site_id)
    lead = timedelta(minutes=site.answer_lead_minutes if site else 0)
    ends_at = promises.lapses_at(starts_at, lead=lead, asked_at=asked_at)
    last_call = ends_at - min(LAST_CALL, (ends_at - asked_at) / 2)
    slow_at = after_working_hours(known, site_id, asked_at, site.answer_hours) if site else last_call
    return min(slow_at, last_call), ends_at


def forget(appointment_id: AppointmentId) -> None:
    outbox.cancel_due(kind_prefix=PREFIX, about=appointment_id)


def after_working_hours(known: Catalogue, site_id: SiteId, start: datetime, hours: int) -> datetime:
    """The instant at which a site has been open for so many hours since ``start``: some clinician has hours
    there, and it is no holiday.
    """
    left, cursor = hours * 3600, instant_of(start)
    for low, high in _open_times(known, site_id, cursor):
        here = max(low, cursor)
        if high - here >= left:
            return moment(here + left)
        left -= max(0, high - here)
    return start + timedelta(days=_LONGEST_DAYS)


def _open_times(known: Catalogue, site_id: SiteId, start: int) -> Iterator[tuple[int, int]]:
    first = availability.local_date(known.sites[site_id].time_zone, start)
    staff = [each for each, info in known.practitioners.items() if site_id in info.site_ids]
    for number in range(_LONGEST_DAYS):
        on = first + timedelta(days=number)
        if on not in known.holidays.get(site_id, {}):
            yield from availability.merge(
                interval
                for each in staff
                for interval in offers.open_instants(known, each, site_id, on, None)
            )


def remind_desk(row: DueRow, ctx: DeliveryContext) -> None:
    """Put a request on top of the desk's list, and write to the desk of its site once."""
    visit = _still_waits(row)
    if visit is None:
        return
    a = visit.appointment
    if _marked(_MARK, a.appointment_id, ctx.now):
        _remind(a, a.site_id, a.site_name, key=row.key, now=ctx.now)


def remind_desk_of_move(row: DueRow, ctx: DeliveryContext) -> None:
    """The same of a move that a patient asked for."""
    visit = _move_still_waits(row)
    asked = visit.appointment.requested_move if visit else None
    if visit and asked and _marked(_MARK_MOVE, asked.move_request_id, ctx.now):
        _remind(visit.appointment, asked.site_id, asked.site_name, key=row.key, now=ctx.now)


def _marked(statement: str, entity_id: UUID, now: datetime) -> bool:
    """Whether this run is the one that marked it."""
    with connection.cursor() as cursor:
        cursor.execute(statement, {"id": entity_id, "now": now})
        return bool(cursor.rowcount)


def _remind(visit: Appointment, site_id: SiteId, site_name: str, *, key: str, now: datetime) -> None:
    audit.record(
        actor=ACTOR, action="appointment.overdue", category="appointment", now=now,
        subject_id=visit.person_id, entity_id=visit.appointment_id,
    )  # fmt: skip
    notifications.alert_staff(
        user_ids=accounts.staff_at(site_id=site_id, role=Role.FRONT_DESK, now=now),
        template="staff.overdue-request",
        params={"path": f"/clinic/requests/?site={site_id}", "place": site_name},
        key=f"overdue:{key}",
        about=visit.appointment_id,
        site_id=site_id,
        urgency="standard",
        now=now,
    )
    metrics.requests.inc(outcome="overdue")


def lapse(row: DueRow, ctx: DeliveryContext) -> None:
    """The clinic did not answer in time: the request is over, its time is free, the patient is told."""
    visit = _still_waits(row)
    if visit is None:
        return
    changes.apply(_by_itself(Move.LAPSE, visit, ctx.now), visit, tell=publishing.cancelled)
    metrics.requests.inc(outcome="lapsed")


def lapse_move(row: DueRow, ctx: DeliveryContext) -> None:
    """Nobody decided about a move in time: the visit stays where it is."""
    visit = _move_still_waits(row)
    if visit is None:
        return
    moving.end(_by_itself(Move.LAPSE_MOVE, visit, ctx.now), visit)
    metrics.requests.inc(outcome="lapsed")


def _by_itself(move: Move, visit: Visit, now: datetime) -> Change:
    visit_id = visit.appointment.appointment_id
    return Change(actor=ACTOR, move=move, appointment_id=visit_id, request_key="", now=now)


def _move_still_waits(row: DueRow) -> Visit | None:
    assert row.about is not None  # noqa: S101 - plan_move() always names the visit
    visit = locking.lock_visit(AppointmentId(row.about))
    asked = visit.appointment.requested_move
    return visit if asked and str(asked.move_request_id) == row.payload["move_request"] else None


def _still_waits(row: DueRow) -> Visit | None:
    """The request as it stands, locked; None when it was answered, or moved and so promised anew."""
    assert row.about is not None  # noqa: S101 - rows() always names the visit
    visit = locking.lock_visit(AppointmentId(row.about))
    a = visit.appointment
    waits = a.status is Status.PENDING and a.version == int(row.payload["version"])
    return visit if waits else None
