"""A visit as a row: one SELECT list, read into one value, whoever asks for it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from json import dumps
from typing import Any
from uuid import UUID

import orjson

from scheduling import access, catalogue
from scheduling.status import ABOUT_A_MOVE, Move, Status, possible
from scheduling.types import Appointment, CancelledBy, Modality, Mode, RequestedMove
from steadwell.actor import Actor, Role
from steadwell.ids import AppointmentId, PersonId, PractitionerId, SiteId, VisitTypeId

COLUMNS = """
    a.id, a.person_id, a.version, a.status, a.visit_type_id, vt.name, vt.modality,
    a.practitioner_id, p.name, a.site_id, s.name, s.address, s.phone,
    ARRAY(SELECT r.name FROM scheduling_resource r WHERE r.id = ANY (a.resource_ids) ORDER BY r.name),
    a.starts_at, a.ends_at, a.wall_start, a.time_zone, a.booked_at, a.note, a.cancelled_by, a.cancel_reason,
    a.rebook_offered, a.overbooked, a.session_id, s.video_link, s.cancel_lead_minutes, s.mode,
    a.overdue_at, a.lapsed_at,
    (SELECT row_to_json(m)::text FROM scheduling_moverequest m
     WHERE m.appointment_id = a.id AND m.state = 'open')
"""
VERSION = 2  # its place among them
JOINS = """
    JOIN scheduling_site s ON s.id = a.site_id
    JOIN scheduling_visittype vt ON vt.id = a.visit_type_id
    JOIN scheduling_practitioner p ON p.id = a.practitioner_id
"""
# For statements that change a visit in a CTE named ``changed`` and write its version from it.
VERSIONED = """
versioned AS (
    INSERT INTO scheduling_appointmentversion
        (entity_id, version, supersedes, valid_from, valid_to, recorded_at, recorded_by, recorded_role,
        reason, source, move, status, person_id, visit_type_id, practitioner_id, site_id, resource_ids,
        starts_at, ends_at, wall_start, time_zone)
    SELECT id, version, nullif(version - 1, 0), %(now)s, NULL, %(now)s, %(by)s,
           CASE WHEN person_id = ANY (%(own)s::uuid[]) THEN 'patient'
                WHEN person_id = ANY (%(stands_for)s::uuid[]) THEN 'proxy'
                ELSE coalesce(%(roles_at)s::jsonb ->> site_id::text, %(by_role)s) END, %(why)s,
           CASE WHEN person_id = ANY (%(stands_for)s::uuid[]) THEN 'patient' ELSE 'clinic' END,
           %(move)s, status, person_id, visit_type_id, practitioner_id, site_id, resource_ids, starts_at,
           ends_at, wall_start, time_zone
    FROM changed
)
"""
CHANGED = f"SELECT {COLUMNS} FROM changed a {JOINS}"  # noqa: S608 - constants only

CHECK_IN_OPENS = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A visit with the rules of its site that decide what may be done to it."""

    appointment: Appointment
    session_id: UUID | None
    cancel_lead: timedelta
    mode: Mode

    @property
    def place(self) -> tuple[PersonId, SiteId, PractitionerId]:
        a = self.appointment
        return a.person_id, a.site_id, a.practitioner_id


def version_values(
    *, actor: Actor, move: str, why: str, now: datetime, by_clinic: bool = False
) -> dict[str, Any]:
    """The parameters of VERSIONED. Its ``source`` keeps the patient's acts and the clinic's apart for
    good; its role is the one that holds at the visit's site, which only the statement itself knows.
    """
    own = set() if by_clinic or actor.person_id is None else actor.ids_of(actor.person_id)
    persons = set() if by_clinic else {actor.person_id, *actor.proxy_for, *dict(actor.same)} - {None}
    return {
        "by": actor.user_id,
        "by_role": role_label(actor.roles),
        "roles_at": dumps({str(site): role_label(actor.roles_at(site)) for site in sites_of(actor)}),
        "own": list(own),
        "move": move,
        "why": why,
        "now": now,
        "stands_for": list(persons),
    }


def sites_of(actor: Actor) -> set[SiteId]:
    return {*actor.site_ids, *(site for _, site in actor.grants if site is not None)}


def role_label(roles: Collection[Role]) -> str:
    return ",".join(sorted(roles))[:64]


def read(row: tuple[Any, ...]) -> Visit:
    """A Visit of a row of COLUMNS."""
    appointment_id, video_link = AppointmentId(row[0]), row[25]
    appointment = Appointment(
        appointment_id=appointment_id,
        person_id=PersonId(row[1]),
        version=row[2],
        status=Status(row[3]),
        visit_type_id=VisitTypeId(row[4]),
        visit_type_name=row[5],
        modality=Modality(row[6]),
        practitioner_id=PractitionerId(row[7]),
        practitioner_name=row[8],
        site_id=SiteId(row[9]),
        site_name=row[10],
        site_address=row[11],
        site_phone=row[12],
        rooms=tuple(row[13]),
        starts_at=row[14],
        ends_at=row[15],
        wall_start=datetime.fromisoformat(row[16]),
        time_zone=row[17],
        booked_at=row[18],
        note=row[19],
        cancelled_by=CancelledBy(row[20]) if row[20] else None,
        cancel_reason=row[21],
        rebook_offered=row[22],
        overbooked=row[23],
        overdue=row[28] is not None and row[3] == Status.PENDING,
        lapsed=row[29] is not None,
        requested_move=_requested(row[30]) if row[30] else None,
        is_group=row[24] is not None,
        video_link=video_link.replace("{visit}", str(appointment_id)) if row[6] == Modality.VIDEO else "",
    )
    return Visit(
        appointment=appointment,
        session_id=row[24],
        cancel_lead=timedelta(minutes=row[26]),
        mode=Mode(row[27]),
    )


def _requested(text: str) -> RequestedMove:
    row = orjson.loads(text)
    known = catalogue.latest()
    site_id, practitioner_id = SiteId(UUID(row["site_id"])), PractitionerId(UUID(row["practitioner_id"]))
    site, clinician = known.sites.get(site_id), known.practitioners.get(practitioner_id)
    return RequestedMove(
        move_request_id=UUID(row["id"]),
        visit_type_id=VisitTypeId(UUID(row["visit_type_id"])),
        practitioner_id=practitioner_id,
        practitioner_name=clinician.name if clinician else "",
        site_id=site_id,
        site_name=site.name if site else "",
        session_id=UUID(row["session_id"]) if row["session_id"] else None,
        resource_ids=tuple(UUID(each) for each in row["resource_ids"]),
        starts_at=_instant(row["starts_at"]),
        ends_at=_instant(row["ends_at"]),
        wall_start=datetime.fromisoformat(row["wall_start"]),
        time_zone=row["time_zone"],
        busy_from=_instant(row["busy_from"]),
        busy_until=_instant(row["busy_until"]),
        asked_at=_instant(row["asked_at"]),
        overdue=row["overdue_at"] is not None,
    )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def shown(visit: Visit, *, actor: Actor, now: datetime) -> Appointment:
    """The visit with what this actor may do to it now. The patient's note is for the two sides of the
    visit.
    """
    a = visit.appointment
    patient_side = access.is_patient_side(actor, a.person_id)
    roles = access.staff_roles_at(actor, a.site_id)
    moves = possible(status=a.status, roles=roles, patient_side=patient_side) - ABOUT_A_MOVE
    if a.requested_move is not None:
        deciding = access.staff_roles_at(actor, a.requested_move.site_id)
        moves |= ABOUT_A_MOVE & possible(status=a.status, roles=deciding, patient_side=patient_side)
    return replace(
        a, moves=frozenset(m for m in moves if _in_time(m, visit, patient_side=patient_side, now=now))
    )


def _in_time(move: Move, visit: Visit, *, patient_side: bool, now: datetime) -> bool:
    a = visit.appointment
    if move is Move.NO_SHOW:
        return now >= a.starts_at
    if move is Move.CHECK_IN:
        return a.starts_at - CHECK_IN_OPENS <= now < a.ends_at
    if move in {Move.CANCEL, Move.RESCHEDULE} and patient_side:
        if move is Move.RESCHEDULE and visit.mode is Mode.VIEW_ONLY:
            return False
        return now <= a.starts_at - visit.cancel_lead
    return True
