"""All locks of scheduling, in their fixed order: the patient (claims.look), the visit, the group session.
An import locks the clinician's calendars, and none of these.

``lock_timeout`` is 3 seconds (settings); transactions.write makes Busy of it.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import connection

from scheduling import claims, visits
from scheduling.errors import AppointmentNotFound
from scheduling.visits import Visit
from steadwell.ids import AppointmentId, PractitionerId

# A row that was waited for is read again by Postgres, but what is read beside it is as old as the statement:
# the last column tells the two apart.
_VISIT = f"""
SELECT {visits.COLUMNS}, (SELECT b.version FROM scheduling_appointment b WHERE b.id = a.id)
FROM scheduling_appointment a {visits.JOINS} WHERE a.id = %s FOR UPDATE OF a
"""  # noqa: S608 - constants only


def lock_visit(appointment_id: AppointmentId) -> Visit:
    """The visit as it stands, kept still until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_VISIT, [appointment_id])
        row = cursor.fetchone()
        if row is not None and row[-1] != row[visits.VERSION]:
            cursor.execute(_VISIT, [appointment_id])
            row = cursor.fetchone()
    if row is None:
        raise AppointmentNotFound
    return visits.read(row)


def lock_calendars(practitioner_id: PractitionerId) -> None:
    """Imports for one clinician wait for each other: two that saw the same past would add all twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [claims.lock_key(practitioner_id)])


def lock_session(session_id: UUID) -> tuple[Any, ...] | None:
    """A group session's (id, capacity, resource ids), kept still."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, capacity, resource_ids FROM scheduling_groupsession WHERE id = %s FOR UPDATE",
            [session_id],
        )
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row
