"""The claim table: who and what is taken when. Every statement that reads or writes a claim stands here.

Times are whole seconds since 1970 (see availability.py). A claim counts while it has no end or its end lies
ahead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from scheduling.availability import moment
from steadwell import prepared
from steadwell.transactions import LostRace

# Two partial indexes serve the two halves: the constraint's own, and the few rows outside it.
_OVERLAPPING = """
    SELECT claimant_id, kind, owner_id, site_id, during, expires_at FROM scheduling_claim
    WHERE claimant_id = k.id AND during && k.span AND NOT overbooked AND kind <> 'tile'
    UNION ALL
    SELECT claimant_id, kind, owner_id, site_id, during, expires_at FROM scheduling_claim
    WHERE claimant_id = k.id AND during && k.span AND overbooked
"""
_SPANS = """
    (SELECT id, tstzrange(low, high) AS span
     FROM unnest(%(ids)s::uuid[], %(lows)s::timestamptz[], %(highs)s::timestamptz[]) AS asked (id, low,
     high)) k
"""
# A row per claimant, not per claim: thousands of rows cost more to hand over than to find.
_BUSY = f"""
SELECT s.stamp, b.claimant_id, b.closures, b.starts, b.ends
FROM (SELECT (SELECT stamp FROM scheduling_cataloguestamp) AS stamp) s
LEFT JOIN (
    SELECT c.claimant_id, c.kind = 'closure' AS closures,
           array_agg(extract(epoch FROM lower(c.during))::bigint) AS starts,
           array_agg(extract(epoch FROM upper(c.during))::bigint) AS ends
    FROM {_SPANS} JOIN LATERAL ({_OVERLAPPING}) c ON true
    WHERE (c.expires_at IS NULL OR c.expires_at > %(now)s) AND c.kind <> 'alias'
      AND NOT c.owner_id = ANY (%(without)s::uuid[])
    GROUP BY 1, 2
) b ON true
"""  # noqa: S608 - constants only
_LOOK = f"""
SELECT s.stamp, s.former, c.claimant_id, c.kind, c.owner_id, c.site_id,
       extract(epoch FROM lower(c.during))::bigint, extract(epoch FROM upper(c.during))::bigint,
       (c.expires_at <= %(now)s) IS TRUE
FROM (
    SELECT (SELECT stamp FROM scheduling_cataloguestamp) AS stamp,
           (SELECT id FROM scheduling_hold WHERE held_by = %(user)s AND person_id = ANY (%(persons)s::uuid[])
            ORDER BY expires_at DESC LIMIT 1) AS former,
           pg_advisory_xact_lock(%(lock)s) AS locked
) s
LEFT JOIN ({_SPANS} JOIN LATERAL ({_OVERLAPPING}) c ON true) ON true
"""  # noqa: S608 - constants only
_DROP_EXPIRED = """
DELETE FROM scheduling_claim WHERE id IN (
    SELECT id FROM scheduling_claim
    WHERE owner_id = ANY (%(owners)s::uuid[]) AND expires_at <= %(now)s
    -- Whoever holds one of them is booking it, or deleting it as we are.
    ORDER BY id FOR UPDATE SKIP LOCKED
)
"""
# What two persons claimed for each other while they were taken for one.
_DROP_ALIASES = """
DELETE FROM scheduling_claim WHERE id IN (
    SELECT id FROM scheduling_claim
    WHERE owner_id = ANY (%(owners)s::uuid[]) AND claimant_id = ANY (%(persons)s::uuid[]) AND kind = 'alias'
    ORDER BY id FOR UPDATE SKIP LOCKED
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of somebody's or something's time."""

    claimant_id: UUID
    start: int
    end: int
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretches:
    """All that one claimant has within the spans asked for; ``starts`` and ``ends`` belong together."""

    claimant_id: UUID
    are_closures: bool
    starts: Sequence[int]
    ends: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    claimant_id: UUID
    kind: str
    owner_id: UUID
    site_id: UUID | None
    start: int
    end: int
    expired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What stands in the way, the set-up's stamp, and this user's hold for this patient if there is one."""

    stamp: UUID | None
    former_hold: UUID | None
    taken: tuple[Taken, ...]


def busy(
    spans: Sequence[Span], *, now: datetime, without: Iterable[UUID] = ()
) -> tuple[UUID | None, list[Stretches]]:
    """All live claims in the spans, closures apart, with the set-up's stamp. One statement."""
    with prepared.cursor() as cursor:
        cursor.execute(_BUSY, {**_arrays(spans), "now": now, "without": list(without)})
        rows = cursor.fetchall()
    return rows[0][0], [
        Stretches(claimant_id=row[1], are_closures=row[2], starts=row[3], ends=row[4])
        for row in rows
        if row[1] is not None
    ]


def look(spans: Sequence[Span], *, user_id: UUID | None, person_ids: Sequence[UUID], now: datetime) -> Look:
    """What is taken in the spans, expired claims included and marked; locks the patient for this transaction.

    The lock makes the patient's own bookings wait for each other, so that the next statement counts right
    against the caps. Nobody else ever waits for it. ``person_ids``: every id of the patient, in a
    fixed order.
    """
    values = {
        **_arrays(spans),
        "now": now,
        "user": user_id,
        "persons": list(person_ids),
        "lock": lock_key(person_ids[0]),
    }
    with prepared.cursor() as cursor:
        cursor.execute(_LOOK, values)
        rows = cursor.fetchall()
    taken = tuple(
        Taken(
            claimant_id=row[2],
            kind=row[3],
            owner_id=row[4],
            site_id=row[5],
            start=row[6],
            end=row[7],
            expired=row[8],
        )
        for row in rows
        if row[2] is not None
    )
    return Look(stamp=rows[0][0], former_hold=rows[0][1], taken=taken)


def lock_key(entity_id: UUID) -> int:
    """A signed 64-bit number for an advisory lock."""
    return int.from_bytes(entity_id.bytes[8:], "big", signed=True)


def drop_expired(owner_ids: Iterable[UUID], *, now: datetime) -> None:
    """Delete claims whose time ended, so that the constraint no longer sees them."""
    owners = sorted(set(owner_ids))
    with prepared.cursor() as cursor:
        cursor.execute(_DROP_EXPIRED, {"owners": owners, "now": now})


def drop_aliases(owner_ids: Iterable[UUID], person_ids: Iterable[UUID]) -> None:
    """Delete what visits of somebody else still claim under these ids since an un-merge."""
    with connection.cursor() as cursor:
        cursor.execute(_DROP_ALIASES, {"owners": sorted(set(owner_ids)), "persons": list(person_ids)})


def held_by(owner_id: UUID) -> list[Span]:
    """What a visit claims within the constraint: nobody else can have it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT claimant_id, extract(epoch FROM lower(during))::bigint,"
            " extract(epoch FROM upper(during))::bigint, kind"
            " FROM scheduling_claim WHERE owner_id = %s AND NOT overbooked",
            [owner_id],
        )
        return [Span(claimant_id=row[0], start=row[1], end=row[2], kind=row[3]) for row in cursor.fetchall()]


def take(spans: Sequence[Span], *, owner_id: UUID, site_id: UUID) -> None:
    """Claim all of it for good, in one statement of its own. Raises LostRace when a part is taken."""
    if not spans:
        return
    sql, values = inserting(spans, owner_id=owner_id, site_id=site_id, expires_at=None)
    with prepared.cursor() as cursor:
        cursor.execute(f"WITH {sql} SELECT 1 FROM won", values)  # noqa: S608 - constants and placeholders
        if cursor.fetchone() is None:
            raise LostRace


def release(*owner_ids: UUID) -> int:
    """Give back all time of visits, holds, sessions or closures. Answers how many claims they had."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM scheduling_claim WHERE owner_id = ANY (%s::uuid[])", [list(owner_ids)])
        return int(cursor.rowcount)


def inserting(
    spans: Sequence[Span],
    *,
    owner_id: UUID,
    site_id: UUID | None,
    expires_at: datetime | None,
    overbooked: bool = False,
    guard: str = "true",
) -> tuple[str, dict[str, Any]]:
    """Two CTEs, ``claimed`` and ``won`` (one row when every span was claimed), and their parameters.

    All rows go in one statement in the order of their claimants, so that two who want the same things meet
    at the first of them. ON CONFLICT DO NOTHING inserts speculatively: the loser waits for nobody but the
    winner's commit, holds nothing the winner waits for, and is told by the count. ``guard`` is a condition
    on the whole.
    """
    ordered = sorted(spans, key=lambda span: span.claimant_id)
    values: dict[str, Any] = {
        "owner": owner_id,
        "claim_site": site_id,
        "claim_until": expires_at,
        "overbooked": overbooked,
        "claim_count": len(ordered),
    }
    rows = []
    for number, span in enumerate(ordered):
        rows.append(
            f"(%(who{number})s::uuid, tstzrange(%(low{number})s, %(high{number})s),"
            f" %(kind{number})s, {number})"
        )
        values |= {
            f"who{number}": span.claimant_id,
            f"low{number}": moment(span.start),
            f"high{number}": moment(span.end),
            f"kind{number}": span.kind,
        }
    sql = f"""
    claimed AS (
        INSERT INTO scheduling_claim (claimant_id, during, kind, owner_id, site_id, expires_at, overbooked)
        SELECT who, during, kind, %(owner)s, %(claim_site)s, %(claim_until)s::timestamptz,
               %(overbooked)s AND kind NOT IN ('patient', 'move', 'alias')
        FROM (VALUES {", ".join(rows)}) AS wanted (who, during, kind, place)
        WHERE {guard} ORDER BY place
        ON CONFLICT DO NOTHING RETURNING 1
    ), won AS (
        SELECT FROM (SELECT count(*) AS claims FROM claimed) counted WHERE claims = %(claim_count)s
    )
    """  # noqa: S608 - constants and placeholders only
    return sql, values


def _arrays(spans: Sequence[Span]) -> dict[str, Any]:
    return {
        "ids": [span.claimant_id for span in spans],
        "lows": [moment(span.start) for span in spans],
        "highs": [moment(span.end) for span in spans],
    }
