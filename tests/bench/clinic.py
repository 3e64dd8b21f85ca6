"""1,000,000 visits of 240 clinicians at 12 sites, written by the owner straight into the real tables.

Visits lie on a grid: clinician ``c`` works at site ``c % 12`` on weekdays from 08:00 to 16:00 UTC, 16
visits a day.
The past is full, the future three quarters full, so that there is always something to find and to book.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from tests.bench import ids
from tests.bench.tables import Connection, unhindered

SITES, CLINICIANS, SLOTS, MINUTES = 12, 240, 16, 30
VISITS = 1_000_000
FUTURE_DAYS = 40  # weekdays
ORGANISATION = UUID("01980000-0000-7000-8000-000000000000")
VISIT_TYPE = UUID("01970000-0000-7000-8000-000000000000")
GROUP_TYPE = UUID("01970000-0000-7000-8000-000000000001")
GROUP_PLACES = 8
BIG_TABLES = ("scheduling_claim", "scheduling_appointment", "scheduling_appointmentversion")


def site_id(number: int) -> UUID:
    return ids.numbered(ids.SITE, number)


def clinician_id(number: int) -> UUID:
    return ids.numbered(ids.CLINICIAN, number)


def room_id(number: int) -> UUID:
    """Clinician ``number``'s room: as many rooms as clinicians, so that rooms never decide."""
    return ids.numbered(ids.ROOM, number)


@dataclass(frozen=True, slots=True)
class FreeSlot:
    clinician: int
    starts_at: datetime


def weekdays(count: int, around: date) -> list[date]:
    """``count`` weekdays of which the last ``FUTURE_DAYS`` lie after ``around``."""
    ahead: list[date] = []
    day = around
    while len(ahead) < min(FUTURE_DAYS, count):
        day += timedelta(days=1)
        if day.weekday() < 5:
            ahead.append(day)
    behind: list[date] = []
    day = around + timedelta(days=1)
    while len(behind) < count - len(ahead):
        day -= timedelta(days=1)
        if day.weekday() < 5:
            behind.append(day)
    return [*reversed(behind), *ahead]


def is_taken(day: int, slot: int, clinician: int) -> bool:
    """The rule of the future's free places: one in four, spread; the SQL below says the same."""
    return (day * 5 + slot * 3 + clinician * 7) % 4 != 0


def free_slots(days: list[date], around: date) -> Iterator[FreeSlot]:
    for index, day in enumerate(days):
        if day <= around:
            continue
        for slot in range(SLOTS):
            for clinician in range(CLINICIANS):
                if not is_taken(index, slot, clinician):
                    minutes = 8 * 60 + slot * MINUTES
                    at = datetime.fromisoformat(f"{day}T{minutes // 60:02d}:{minutes % 60:02d}:00+00:00")
                    yield FreeSlot(clinician, at)


# One row per visit, with everything the three big tables need. ``mixed`` spreads patients so that no two
# visits of one moment have the same patient: 240 neighbours modulo 600,000 stay apart under multiplication by
# a unit.
_GRID = """
CREATE TEMPORARY TABLE grid AS
SELECT row_number() OVER (ORDER BY day, slot, clinician) - 1 AS visit, clinician,
    day + make_interval(mins => 480 + slot * %(minutes)s) AS starts_at,
    (((number * %(slots)s + slot) * %(clinicians)s + clinician)::bigint * 7919 %% %(patients)s)::int AS
    patient,
    day > %(today)s AS ahead
FROM (SELECT day, (position - 1)::int AS number
        FROM unnest(%(days)s::timestamptz[]) WITH ORDINALITY AS all_days (day, position)) days,
    generate_series(0, %(slots)s - 1) slot, generate_series(0, %(clinicians)s - 1) clinician
WHERE NOT (day > %(today)s AND (number * 5 + slot * 3 + clinician * 7) %% 4 = 0)
"""
_IDS = f"""
    {ids.numbered_sql(ids.APPOINTMENT, "visit")} AS id,
    {ids.numbered_sql(ids.PERSON, "patient")} AS person_id,
    {ids.numbered_sql(ids.CLINICIAN, "clinician")} AS practitioner_id,
    {ids.numbered_sql(ids.ROOM, "clinician")} AS room_id,
    {ids.numbered_sql(ids.SITE, "clinician %% %(sites)s")} AS site_id,
    starts_at, starts_at + make_interval(mins => %(minutes)s) AS ends_at, ahead,
    to_char(starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS') AS wall_start
"""
_VISITS = f"""
INSERT INTO scheduling_appointment (id, person_id, visit_type_id, practitioner_id, site_id, resource_ids,
    starts_at,
    ends_at, wall_start, time_zone, status, version, note, booked_at, cancelled_by, cancel_reason,
    rebook_offered,
    overbooked)
SELECT id, person_id, %(visit_type)s, practitioner_id, site_id, ARRAY[room_id], starts_at, ends_at,
    wall_start, 'UTC',
    CASE WHEN ahead THEN 'booked' ELSE 'fulfilled' END, 1, '', starts_at - interval '20 days', '', '',
    false, false
FROM (SELECT {_IDS} FROM grid) g
"""
_VERSIONS = f"""
INSERT INTO scheduling_appointmentversion (entity_id, version, valid_from, recorded_at, recorded_role,
    reason, source,
    move, status, person_id, visit_type_id, practitioner_id, site_id, resource_ids, starts_at, ends_at,
    wall_start,
    time_zone)
SELECT id, 1, starts_at - interval '20 days', starts_at - interval '20 days', 'patient', '', '', 'book',
    'booked',
    person_id, %(visit_type)s, practitioner_id, site_id, ARRAY[room_id], starts_at, ends_at, wall_start, 'UTC'
FROM (SELECT {_IDS} FROM grid) g
"""
_CLAIMS = f"""
INSERT INTO scheduling_claim (claimant_id, during, kind, owner_id, site_id, overbooked)
SELECT claimant, tstzrange(starts_at, ends_at), kind, id, site_id, false
FROM (SELECT {_IDS} FROM grid) g,
    LATERAL (VALUES (practitioner_id, 'practitioner'), (room_id, 'resource'), (person_id, 'patient'))
        AS of (claimant, kind)
"""


def days_for(visits: int, around: date) -> list[date]:
    a_day = CLINICIANS * SLOTS
    future = FUTURE_DAYS * a_day * 3 // 4
    return weekdays(FUTURE_DAYS + max(1, (visits - future) // a_day), around)


def load(connection: Connection, *, visits: int, patients: int, today: date) -> None:
    """The visits. ``connection`` is the owner's, and no trigger or index works meanwhile."""
    values = {
        "visit_type": VISIT_TYPE, "sites": SITES, "clinicians": CLINICIANS,
        "slots": SLOTS, "minutes": MINUTES, "patients": patients, "today": today,
        "days": [datetime.fromisoformat(f"{day}T00:00:00+00:00") for day in days_for(visits, today)],
    }  # fmt: skip
    connection.execute("SET TIME ZONE 'UTC'")
    connection.execute("SET maintenance_work_mem = '512MB'")
    connection.execute(_GRID, values)
    with unhindered(connection, BIG_TABLES):
        for statement in (_VISITS, _VERSIONS, _CLAIMS):
            connection.execute(statement, values)
