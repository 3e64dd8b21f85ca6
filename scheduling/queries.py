"""Reads of visits. Each writes its audit row before it answers, and stays within a fixed number of
statements.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from scheduling import access, visits
from scheduling.errors import AppointmentNotFound
from scheduling.models import Appointment as AppointmentRow
from scheduling.models import AppointmentVersion as VersionRow
from scheduling.models import MoveRequest
from scheduling.status import TAKES_TIME, Status
from scheduling.types import Appointment, AppointmentVersion
from scheduling.visits import Visit
from steadwell.actor import Actor, Role
from steadwell.audit import service as audit
from steadwell.ids import AppointmentId, PersonId, PractitionerId, SiteId

_SELECT = f"SELECT {visits.COLUMNS} FROM scheduling_appointment a {visits.JOINS}"  # noqa: S608
_TAKES_TIME = [status.value for status in TAKES_TIME]


def get_appointment(*, actor: Actor, appointment_id: AppointmentId, now: datetime) -> Appointment:
    """A visit as it stands. Not there and not yours are one NotFound. Two statements."""
    visit = see(actor, appointment_id)
    record_read([visit.appointment], actor=actor, action="appointment.read", now=now)
    return visits.shown(visit, actor=actor, now=now)


def list_for_patient(
    *, actor: Actor, person_id: PersonId, now: datetime, upcoming: bool = True, limit: int = 50
) -> tuple[Appointment, ...]:
    """Upcoming in time order; or past and called-off ones, newest first, under every id of the patient. Two
    statements, for staff three.

    Staff see the visits at their own sites; a clinician their own as well.
    """
    access.may_see_patients_visits(actor, person_id)
    ahead = "a.status = ANY (%(takes_time)s) AND a.ends_at > %(now)s"
    when = f"{ahead} ORDER BY a.starts_at" if upcoming else f"NOT ({ahead}) ORDER BY a.starts_at DESC"
    scope, values = _scope(actor, person_id)
    values |= {"persons": access.ids_of(actor, person_id)}
    values |= {"takes_time": _TAKES_TIME, "now": now, "limit": min(limit, 200)}
    whose = "a.person_id = ANY (%(persons)s::uuid[])"
    found = fetch(f"WHERE {whose} AND {scope} AND {when} LIMIT %(limit)s", values)
    record_read(
        [v.appointment for v in found], actor=actor, action="appointment.list", now=now, about=person_id
    )
    return tuple(visits.shown(visit, actor=actor, now=now) for visit in found)


def asking_for(practitioner_id: PractitionerId, low: datetime, high: datetime) -> list[AppointmentId]:
    """Visits with an open request for time of this clinician's in a stretch."""
    rows = MoveRequest.objects.filter(
        practitioner_id=practitioner_id, state="open", starts_at__lt=high, ends_at__gt=low
    )
    return [
        AppointmentId(each)
        for each in rows.order_by("appointment_id").values_list("appointment_id", flat=True)
    ]


def list_sites_of_patient(*, person_ids: Collection[PersonId]) -> frozenset[SiteId]:
    """The sites where a patient (all ids of theirs) has, or had, a visit. Not when, nor what for."""
    found = AppointmentRow.objects.filter(person_id__in=person_ids).values_list("site_id", flat=True)
    return frozenset(SiteId(site_id) for site_id in found.distinct())


def history_of(
    *, actor: Actor, appointment_id: AppointmentId, now: datetime
) -> tuple[AppointmentVersion, ...]:
    """Every step of a visit, the first one first. Three statements."""
    visit = see(actor, appointment_id)
    record_read([visit.appointment], actor=actor, action="appointment.history", now=now)
    rows = VersionRow.objects.filter(entity_id=appointment_id).order_by("version").values()[:500]
    return tuple(_version(dict(row)) for row in rows)


def see(actor: Actor, appointment_id: AppointmentId) -> Visit:
    """The visit, if this actor may see it. The caller records the read."""
    visit = find_visit(appointment_id)
    if visit is None:
        raise AppointmentNotFound
    a = visit.appointment
    places = [(a.site_id, a.practitioner_id)]
    if a.requested_move is not None:  # who decides about a time sees whose visit it is for
        places.append((a.requested_move.site_id, a.requested_move.practitioner_id))
    if not any(
        access.sees_visit(actor, person_id=a.person_id, site_id=site_id, practitioner_id=practitioner_id)
        for site_id, practitioner_id in places
    ):
        raise AppointmentNotFound
    return visit


def find_visit(appointment_id: AppointmentId) -> Visit | None:
    """Without asking who wants to know: for work of scheduling's own."""
    found = fetch("WHERE a.id = %(id)s", {"id": appointment_id})
    return found[0] if found else None


def find_booked_by(appointment_id: AppointmentId, *, user_id: UUID | None) -> Visit | None:
    found = fetch("WHERE a.id = %(id)s AND a.booked_by = %(user)s", {"id": appointment_id, "user": user_id})
    return found[0] if found else None


def repeat(actor: Actor, appointment_id: AppointmentId, *, now: datetime) -> Appointment:
    """The answer to a repeated request: the visit it led to, as it stands."""
    return visits.shown(see(actor, appointment_id), actor=actor, now=now)


def list_between(
    low: datetime,
    high: datetime,
    *,
    site_ids: Iterable[SiteId] = (),
    practitioner_id: PractitionerId | None = None,
    statuses: Sequence[Status] = (),
) -> list[Visit]:
    """Visits that start in [low, high) at the sites, or with the clinician, in time order. One statement."""
    where = ["a.starts_at >= %(low)s AND a.starts_at < %(high)s AND a.status = ANY (%(statuses)s)"]
    values: dict[str, Any] = {"low": low, "high": high, "statuses": [status.value for status in statuses]}
    if practitioner_id is not None:
        where.append("a.practitioner_id = %(practitioner)s")
        values["practitioner"] = practitioner_id
    sites = list(site_ids)
    if sites:
        where.append("a.site_id = ANY (%(sites)s)")
        values["sites"] = sites
    return fetch(f"WHERE {' AND '.join(where)} ORDER BY a.starts_at, a.id LIMIT 3000", values)


def list_with_asked(
    low: datetime,
    high: datetime,
    *,
    site_ids: Iterable[SiteId],
    practitioner_id: PractitionerId | None,
    statuses: Sequence[Status],
) -> tuple[list[Visit], list[Visit]]:
    """The same; and the visits, wherever they are, whose patients asked to move into [low, high) there. One
    statement.
    """
    values: dict[str, Any] = {
        "low": low,
        "high": high,
        "statuses": [status.value for status in statuses],
        "sites": list(site_ids),
        "own": practitioner_id,
    }
    there = "starts_at >= %(low)s AND {0}.starts_at < %(high)s AND {0}.site_id = ANY (%(sites)s)"
    if practitioner_id is not None:
        there += " AND {0}.practitioner_id = %(own)s"
    standing = f"a.{there.format('a')} AND a.status = ANY (%(statuses)s)"
    asking = f"w.state = 'open' AND w.{there.format('w')}"
    columns, joins = visits.COLUMNS, visits.JOINS
    with connection.cursor() as cursor:
        cursor.execute(
            f"(SELECT {columns}, false FROM scheduling_appointment a {joins} WHERE {standing} LIMIT 3000)"  # noqa: S608
            f" UNION ALL (SELECT {columns}, true FROM scheduling_moverequest w"
            f" JOIN scheduling_appointment a ON a.id = w.appointment_id {joins} WHERE {asking} LIMIT 500)",
            values,
        )
        rows = cursor.fetchall()
    found = [(visits.read(row), row[-1]) for row in rows]
    found.sort(key=lambda each: (each[0].appointment.starts_at, each[0].appointment.appointment_id))
    return [visit for visit, asks in found if not asks], [visit for visit, asks in found if asks]


def list_for_feed(
    *, person_ids: Iterable[PersonId], low: datetime, statuses: Sequence[Status]
) -> list[Appointment]:
    """A patient's visits from ``low`` on."""
    found = fetch(
        "WHERE a.person_id = ANY (%(persons)s::uuid[]) AND a.starts_at >= %(low)s"
        " AND a.status = ANY (%(statuses)s) ORDER BY a.starts_at LIMIT 500",
        {"persons": list(person_ids), "low": low, "statuses": [status.value for status in statuses]},
    )
    return [visit.appointment for visit in found]


def list_overlapping(
    practitioner_id: PractitionerId, low: datetime, high: datetime, *, statuses: Iterable[Status]
) -> list[Visit]:
    """A clinician's visits that touch a stretch of time."""
    return fetch(
        "WHERE a.practitioner_id = %(practitioner)s AND a.starts_at > %(low)s - interval '1 day'"
        " AND a.starts_at < %(high)s AND a.ends_at > %(low)s AND a.status = ANY (%(statuses)s)"
        " ORDER BY a.starts_at, a.id LIMIT 3000",
        {"practitioner": practitioner_id, "low": low, "high": high, "statuses": [s.value for s in statuses]},
    )


def record_read(
    found: Sequence[Appointment], *, actor: Actor, action: str, now: datetime, about: PersonId | None = None
) -> None:
    """One audit row per patient whose visits were read, in one statement; for a patient's list also when
    empty.
    """
    persons = {about} if about is not None else {visit.person_id for visit in found}
    one = found[0].appointment_id if len(found) == 1 else None
    audit.record_many(
        [
            audit.Entry(action=action, category="appointment", subject_id=person, entity_id=one)
            for person in sorted(persons)
        ],
        actor=actor,
        now=now,
    )


def fetch(where: str, values: dict[str, Any]) -> list[Visit]:
    with connection.cursor() as cursor:
        cursor.execute(f"{_SELECT} {where}", values)
        return [visits.read(row) for row in cursor.fetchall()]


def _scope(actor: Actor, person_id: PersonId) -> tuple[str, dict[str, Any]]:
    if actor.stands_for(person_id) or actor.has(Role.ADMINISTRATOR, Role.SYSTEM):
        return "true", {}
    return "(a.site_id = ANY (%(own_sites)s::uuid[]) OR a.practitioner_id = %(own)s::uuid)", {
        "own_sites": list(actor.site_ids),
        "own": actor.practitioner_id,
    }


def _version(row: dict[str, Any]) -> AppointmentVersion:
    return AppointmentVersion(
        version=row["version"],
        status=Status(row["status"]),
        move=row["move"],
        practitioner_id=PractitionerId(row["practitioner_id"]),
        site_id=SiteId(row["site_id"]),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        wall_start=datetime.fromisoformat(row["wall_start"]),
        time_zone=row["time_zone"],
        recorded_at=row["recorded_at"],
        recorded_by=row["recorded_by"],
        recorded_role=row["recorded_role"],
        reason=row["reason"],
    )
