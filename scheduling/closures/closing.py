"""Time in which a clinician cannot be booked: blocks, leave, busy time of another calendar, and a day called
off.

A closure is claimed like a visit. One claim over the whole of it, outside the constraint, is what searches
and claimers see. The parts that were free are claimed inside the constraint as well: so a booking that was
under way while the closure was written collides with it, and one of the two starts again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper

from scheduling import catalogue, claims
from scheduling.models import Closure as ClosureRow
from scheduling.types import Closure, ClosureKind
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import NotFound
from steadwell.ids import PractitionerId, SiteId
from steadwell.transactions import LostRace

# Holds in the way end: their holders are told so when they book.
_END_HOLDS = """
DELETE FROM scheduling_claim WHERE owner_id IN (
    SELECT owner_id FROM scheduling_claim
    WHERE claimant_id = %(practitioner)s AND during && tstzrange(%(starts)s, %(ends)s) AND NOT overbooked
      AND expires_at IS NOT NULL
) AND expires_at IS NOT NULL
"""
_CLOSE_WHOLE = """
INSERT INTO scheduling_claim (claimant_id, during, kind, owner_id, overbooked)
VALUES (%(practitioner)s, tstzrange(%(starts)s, %(ends)s), 'closure', %(id)s, true)
"""
_CLOSE_FREE = """
WITH free AS (
    SELECT unnest(tstzmultirange(tstzrange(%(starts)s, %(ends)s)) - coalesce((
        SELECT range_agg(during) FROM scheduling_claim
        WHERE claimant_id = %(practitioner)s AND during && tstzrange(%(starts)s, %(ends)s) AND NOT overbooked
    ), '{}')) AS during
), tiled AS (
    INSERT INTO scheduling_claim (claimant_id, during, kind, owner_id, overbooked)
    SELECT %(practitioner)s, during, 'tile', %(id)s, false FROM free
    ON CONFLICT DO NOTHING RETURNING 1
)
SELECT (SELECT count(*) FROM free) = (SELECT count(*) FROM tiled)
"""
# A part in which somebody is just booking is waited for, and what is left of it claimed in the next round.
# What is claimed already stays claimed, so that a busy day cannot outrun its closure.
_ROUNDS = 20


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


def get_closure(closure_id: UUID) -> Closure:
    row = ClosureRow.objects.filter(pk=closure_id, ended_at=None).values().first()
    if row is None:
        raise NotFound
    return _read(row)


def list_closures(practitioner_ids: list[PractitionerId], low: datetime, high: datetime) -> list[Closure]:
    """Closures that touch a stretch of time, in time order."""
    rows = ClosureRow.objects.filter(
        practitioner_id__in=practitioner_ids, starts_at__lt=high, ends_at__gt=low, ended_at=None
    )
    return [_read(row) for row in rows.order_by("starts_at").values()[:2000]]


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
        cursor.execute(_CLOSE_WHOLE, values)
        if not any(_is_claimed(cursor, values) for _ in range(_ROUNDS)):
            raise LostRace
    return Closure(
        closure_id=row.pk,
        practitioner_id=plan.practitioner_id,
        kind=plan.kind,
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        reason=plan.reason,
    )


def _is_claimed(cursor: CursorWrapper, values: dict[str, Any]) -> bool:
    cursor.execute(_CLOSE_FREE, values)
    return bool(cursor.fetchone()[0])


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


def _read(row: Any) -> Closure:
    return Closure(
        closure_id=row["id"],
        practitioner_id=PractitionerId(row["practitioner_id"]),
        kind=ClosureKind(row["kind"]),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        reason=row["reason"],
    )
