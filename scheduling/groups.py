"""Group visits: one session holds the clinician and the room, patients take its seats.

Seats are taken under a lock on the session row. A full session is refused before that, without a lock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from scheduling import claims, locking
from scheduling.availability import moment
from scheduling.claims import Span
from scheduling.errors import SlotTaken
from scheduling.rules import Place
from steadwell import prepared
from steadwell.ids import new_id
from steadwell.transactions import LostRace

_LIVE = "(t.expires_at IS NULL OR t.expires_at > %(now)s)"
_FIND = f"""
SELECT g.id, g.capacity, g.resource_ids, 
       (SELECT count(*) FROM scheduling_seat t WHERE t.session_id = g.id AND {_LIVE})
FROM scheduling_groupsession g
WHERE g.practitioner_id = %(practitioner)s AND g.starts_at = %(starts)s AND g.visit_type_id = %(kind)s
  AND g.site_id = %(site)s
"""  # noqa: S608 - constants only
_OPEN = """
INSERT INTO scheduling_groupsession
    (id, visit_type_id, practitioner_id, site_id, starts_at, ends_at, capacity, resource_ids)
VALUES (%(id)s, %(kind)s, %(practitioner)s, %(site)s, %(starts)s, %(ends)s, %(capacity)s, %(rooms)s::uuid[])
ON CONFLICT (practitioner_id, starts_at, visit_type_id, site_id) DO NOTHING
"""
_SIT = """
INSERT INTO scheduling_seat (session_id, number, capacity, owner_id, expires_at)
SELECT %(session)s, number, %(capacity)s, %(owner)s, %(until)s::timestamptz
FROM generate_series(1, %(capacity)s) AS number
WHERE number NOT IN (SELECT t.number FROM scheduling_seat t WHERE t.session_id = %(session)s)
ORDER BY number LIMIT 1 RETURNING number
"""
_OFFERED = f"""
SELECT g.practitioner_id, g.site_id, extract(epoch FROM g.starts_at)::bigint,
       g.capacity - (SELECT count(*) FROM scheduling_seat t WHERE t.session_id = g.id AND {_LIVE})
FROM scheduling_groupsession g
WHERE g.visit_type_id = %(kind)s AND g.practitioner_id = ANY (%(practitioners)s::uuid[])
  AND g.starts_at >= %(low)s AND g.starts_at < %(high)s
  AND EXISTS (SELECT FROM scheduling_claim t WHERE t.owner_id = g.id AND {_LIVE})
"""  # noqa: S608 - constants only


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    session_id: UUID
    capacity: int
    resource_ids: tuple[UUID, ...]
    seats_taken: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedSession:
    """An open session, for searches."""

    practitioner_id: UUID
    site_id: UUID
    start: int
    seats_left: int


def find_session(place: Place, *, now: datetime) -> Session | None:
    with prepared.cursor() as cursor:
        cursor.execute(_FIND, {**_names(place), "now": now})
        row = cursor.fetchone()
    if row is None:
        return None
    return Session(session_id=row[0], capacity=row[1], resource_ids=tuple(row[2]), seats_taken=row[3])


def list_open(
    *, visit_type_id: UUID, practitioner_ids: Iterable[UUID], low: int, high: int, now: datetime
) -> list[OfferedSession]:
    """Sessions that hold their time, with the seats they have left."""
    values: dict[str, Any] = {
        "kind": visit_type_id,
        "practitioners": list(practitioner_ids),
        "now": now,
        "low": moment(low),
        "high": moment(high),
    }
    with prepared.cursor() as cursor:
        cursor.execute(_OFFERED, values)
        rows = cursor.fetchall()
    return [
        OfferedSession(practitioner_id=row[0], site_id=row[1], start=row[2], seats_left=row[3])
        for row in rows
    ]


def take_seat(
    place: Place,
    *,
    owner_id: UUID,
    resource_ids: tuple[UUID, ...],
    shared: list[Span],
    expires_at: datetime | None,
    now: datetime,
    overbooked: bool = False,
) -> UUID:
    """Take the lowest free seat, opening the session when this is its first one. Answers the session's id.

    Raises SlotTaken when the session is full, LostRace when its time was taken by something else.
    """
    known = find_session(place, now=now)
    if known is None:
        values = {
            **_names(place),
            "id": new_id(),
            "ends": moment(place.end),
            "capacity": place.kind.info.capacity,
            "rooms": list(resource_ids),
        }
        with connection.cursor() as cursor:
            cursor.execute(_OPEN, values)
        known = find_session(place, now=now)
        if known is None:
            raise LostRace
    locking.lock_session(known.session_id)
    if known.resource_ids != resource_ids:  # it had given its room back, and another visit is in it
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE scheduling_groupsession SET resource_ids = %s::uuid[] WHERE id = %s",
                [list(resource_ids), known.session_id],
            )
    _sit(known.session_id, known.capacity, owner_id, expires_at, now)
    _claim_for_session(known.session_id, place.site.site_id, shared, expires_at, overbooked)
    return known.session_id


def take_seat_again(
    session_id: UUID, *, owner_id: UUID, shared: list[Span], site_id: UUID, now: datetime
) -> None:
    """A seat in a session that stands, for a visit whose patient had asked for it."""
    row = locking.lock_session(session_id)
    assert row is not None  # noqa: S101 - sessions are never deleted
    _sit(session_id, row[1], owner_id, None, now)
    _claim_for_session(session_id, site_id, shared, None, overbooked=False)


def book_seat(session_id: UUID, owner_id: UUID) -> bool:
    """A held seat becomes a booked one. False when it is gone."""
    locking.lock_session(session_id)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE scheduling_seat SET expires_at = NULL WHERE owner_id = %s", [owner_id])
        if cursor.rowcount != 1:
            return False
        cursor.execute("UPDATE scheduling_claim SET expires_at = NULL WHERE owner_id = %s", [session_id])
        return bool(cursor.rowcount)


def leave_seat(session_id: UUID, owner_id: UUID, *, now: datetime) -> None:
    """Give a seat back; the last one to leave gives back the session's time too."""
    locking.lock_session(session_id)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM scheduling_seat WHERE owner_id = %s", [owner_id])
        cursor.execute(
            "SELECT count(*), bool_or(expires_at IS NULL), max(expires_at) FROM scheduling_seat"
            " WHERE session_id = %s AND (expires_at IS NULL OR expires_at > %s)",
            [session_id, now],
        )
        seats, booked, latest = cursor.fetchone()
        if not seats:
            cursor.execute("DELETE FROM scheduling_claim WHERE owner_id = %s", [session_id])
        elif not booked:
            cursor.execute(
                "UPDATE scheduling_claim SET expires_at = %s WHERE owner_id = %s", [latest, session_id]
            )


def _sit(session_id: UUID, capacity: int, owner_id: UUID, expires_at: datetime | None, now: datetime) -> None:
    with connection.cursor() as cursor:
        # Ended seats first, in a statement of its own: their numbers are free for the insert.
        cursor.execute(
            "DELETE FROM scheduling_seat WHERE session_id = %s AND expires_at <= %s", [session_id, now]
        )
        cursor.execute(
            _SIT, {"session": session_id, "capacity": capacity, "owner": owner_id, "until": expires_at}
        )
        if cursor.fetchone() is None:
            raise SlotTaken


def _claim_for_session(
    session_id: UUID, site_id: UUID, shared: list[Span], expires_at: datetime | None, overbooked: bool
) -> None:
    """The session's claims last as long as its longest seat."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE scheduling_claim SET expires_at ="
            " CASE WHEN expires_at IS NULL OR %(until)s::timestamptz IS NULL THEN NULL"
            " ELSE greatest(expires_at, %(until)s::timestamptz) END WHERE owner_id = %(session)s",
            {"until": expires_at, "session": session_id},
        )
        held = cursor.rowcount
        if held == len(shared):
            return
        if held:
            claims.release(session_id)
        sql, values = claims.inserting(
            shared,
            owner_id=session_id,
            site_id=site_id,
            expires_at=expires_at,
            overbooked=overbooked,
        )
        cursor.execute(f"WITH {sql} SELECT 1 FROM won", values)  # noqa: S608 - claims.inserting makes it
        if cursor.fetchone() is None:
            raise LostRace


def _names(place: Place) -> dict[str, Any]:
    return {
        "practitioner": place.practitioner_id,
        "site": place.site.site_id,
        "kind": place.kind.info.visit_type_id,
        "starts": moment(place.start),
    }
