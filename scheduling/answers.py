"""Requests that wait for the clinic's answer: the desk is reminded, and one nobody answers ends by itself.

Two promises with a due time belong to each request. Both look again, under the lock that an answer takes as
well, before they do anything: of an approval and an ending at one moment one wins.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connection

from notifications import service as notifications
from scheduling import availability, catalogue, changes, locking, metrics, offers, publishing
from scheduling.availability import instant_of, moment
from scheduling.catalogue import Catalogue
from scheduling.changes import Change
from scheduling.status import Move, Status
from scheduling.types import Appointment
from scheduling.visits import Visit
from steadwell.accounts import service as accounts
from steadwell.actor import Role, system
from steadwell.audit import service as audit
from steadwell.ids import AppointmentId, SiteId
from steadwell.outbox import service as outbox
from steadwell.outbox.service import DeliveryContext, DueRow, NewDueRow

PREFIX = "scheduling.request."
OVERDUE, LAPSE = f"{PREFIX}overdue", f"{PREFIX}lapse"
ACTOR = system("scheduling")
# However long the clinic may take, the desk hears of a request so long before it ends by itself.
LAST_CALL = timedelta(hours=4)
_LONGEST_DAYS = 60

_MARK = """
UPDATE scheduling_appointment SET overdue_at = %(now)s
WHERE id = %(id)s AND overdue_at IS NULL AND status = 'pending'
"""


def plan(visit: Appointment, *, version: int, asked_at: datetime, now: datetime) -> None:
    """Promise both for a request that was just made or moved; its former time's promises are over."""
    forget(visit.appointment_id)
    outbox.schedule_many(rows(catalogue.current(), visit, version=version, asked_at=asked_at), now=now)


def rows(known: Catalogue, visit: Appointment, *, version: int, asked_at: datetime) -> list[NewDueRow]:
    site = known.sites.get(visit.site_id)
    lead = timedelta(minutes=site.answer_lead_minutes if site else 0)
    ends_at = lapses_at(visit.starts_at, lead=lead, asked_at=asked_at)
    last_call = ends_at - min(LAST_CALL, (ends_at - asked_at) / 2)
    slow_at = after_working_hours(known, visit.site_id, asked_at, site.answer_hours) if site else last_call
    key, payload = f"{visit.appointment_id}:{version}", {"version": str(version)}
    return [
        NewDueRow(
            kind=OVERDUE, key=key, about=visit.appointment_id, payload=payload,
            due_at=min(slow_at, last_call), expires_at=ends_at,
        ),
        NewDueRow(kind=LAPSE, key=key, about=visit.appointment_id, payload=payload, due_at=ends_at),
    ]  # fmt: skip


def forget(appointment_id: AppointmentId) -> None:
    outbox.cancel_due(kind_prefix=PREFIX, about=appointment_id)


def lapses_at(starts_at: datetime, *, lead: timedelta, asked_at: datetime) -> datetime:
    """The site's notice before the visit; at its start where it was asked for later than that."""
    return starts_at - lead if starts_at - lead > asked_at else max(starts_at, asked_at)


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
    with connection.cursor() as cursor:
        cursor.execute(_MARK, {"id": a.appointment_id, "now": ctx.now})
        if not cursor.rowcount:
            return
    audit.record(
        actor=ACTOR, action="appointment.overdue", category="appointment", now=ctx.now,
        subject_id=a.person_id, entity_id=a.appointment_id,
    )  # fmt: skip
    alert_desk(a, key=f"overdue:{row.key}", now=ctx.now)
    metrics.requests.inc(outcome="overdue")


def alert_desk(visit: Appointment, *, key: str, now: datetime) -> None:
    notifications.alert_staff(
        user_ids=accounts.staff_at(site_id=visit.site_id, role=Role.FRONT_DESK, now=now),
        template="staff.overdue-request",
        params={"path": f"/clinic/requests/?site={visit.site_id}", "place": visit.site_name},
        key=key,
        about=visit.appointment_id,
        site_id=visit.site_id,
        urgency="standard",
        now=now,
    )


def lapse(row: DueRow, ctx: DeliveryContext) -> None:
    """The clinic did not answer in time: the request is over, its time is free, the patient is told."""
    visit = _still_waits(row)
    if visit is None:
        return
    change = Change(
        actor=ACTOR,
        move=Move.LAPSE,
        appointment_id=visit.appointment.appointment_id,
        request_key="",
        now=ctx.now,
    )
    changes.apply(change, visit, tell=publishing.cancelled)
    metrics.requests.inc(outcome="lapsed")


def _still_waits(row: DueRow) -> Visit | None:
    """The request as it stands, locked; None when it was answered, or moved and so promised anew."""
    assert row.about is not None  # noqa: S101 - rows() always names the visit
    visit = locking.lock_visit(AppointmentId(row.about))
    a = visit.appointment
    waits = a.status is Status.PENDING and a.version == int(row.payload["version"])
    return visit if waits else None
