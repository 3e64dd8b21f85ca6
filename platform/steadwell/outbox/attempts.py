"""Attempts: what is taken from the ledger to be run, counted before it runs and fenced until it ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.conf import settings
from django.db import connection

from steadwell.outbox.registry import find_due_kind
from steadwell.outbox.types import DeliveryContext, DueRow

# Only a delivery that was handed over may start, so a message that comes twice starts it once.
_TAKE = """
WITH taken AS (
    UPDATE outbox_outboxdelivery SET state = 'running', attempts = attempts + 1, lease_until = %(until)s
    WHERE {which} AND state = 'handed'
    RETURNING id, consumer, attempts, called, event_id, due_id
)
SELECT taken.id, taken.consumer, taken.attempts, taken.called, event.name,
       coalesce(event.payload, due.payload), coalesce(event.traceparent, due.traceparent),
       coalesce(event.occurred_at, due.due_at),
       due.kind, due.key, due.due_at, due.expires_at, due.about, due.state
FROM taken LEFT JOIN outbox_outboxevent event ON event.id = taken.event_id
           LEFT JOIN outbox_outboxdue due ON due.id = taken.due_id
"""
_TAKE_ONE = _TAKE.format(which="id = %(id)s")
_TAKE_FIRST = (
    _TAKE.format(which="id = ANY(%(ids)s) AND attempts = 0 AND consumer = ANY(%(consumers)s)")
    + "ORDER BY taken.id"
)
# The fence: an attempt that lost its lease finds another number here, or another state, and rolls back.
MINE = "WHERE id = %(id)s AND state = 'running' AND attempts = %(attempt)s"


class LeaseLost(Exception):
    """Another attempt has this delivery now; this one rolls back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A delivery whose attempt has been counted."""

    id: int
    consumer: str
    attempt: int
    uncertain: bool
    event_name: str | None
    payload: Mapping[str, Any]
    traceparent: str
    since: datetime
    due: DueRow | None
    cancelled: bool


def take(delivery_id: int, now: datetime) -> Taken | None:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_ONE, {"id": delivery_id, "until": now + _run_lease()})
        row = cursor.fetchone()
    return _taken(row) if row is not None else None


def take_first(ids: Sequence[int], *, consumers: Iterable[str], now: datetime) -> list[Taken]:
    """Those of these consumers that are still to be run for the first time, their attempt counted."""
    values: dict[str, Any] = {"ids": list(ids), "consumers": list(consumers), "until": now + _run_lease()}
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_FIRST, values)
        return [_taken(row) for row in cursor.fetchall()]


def context_of(taken: Taken, now: datetime) -> DeliveryContext:
    return DeliveryContext(
        delivery_id=taken.id,
        attempt=taken.attempt,
        now=now,
        uncertain=taken.uncertain,
        late=_is_late(taken, now),
        traceparent=taken.traceparent,
    )


def is_useless(taken: Taken, now: datetime) -> bool:
    """Whether its due row is past its use: then it ends as expired, unless it was taken back before."""
    expires_at = taken.due.expires_at if taken.due is not None else None
    return expires_at is not None and now >= expires_at and not taken.cancelled


def _is_late(taken: Taken, now: datetime) -> bool:
    if taken.due is None:
        return False
    kind = find_due_kind(taken.due.kind)
    return kind is not None and now - taken.due.due_at > kind.late_after


def _run_lease() -> timedelta:
    return timedelta(seconds=settings.OUTBOX_RUN_LEASE_SECONDS)


def _taken(row: tuple[Any, ...]) -> Taken:
    (
        id_, consumer, attempt, called, name, payload, traceparent, since,
        kind, key, due_at, expires_at, about, state,
    ) = row  # fmt: skip
    payload = _as_mapping(payload)
    due = None
    if kind is not None:
        due = DueRow(kind=kind, key=key, due_at=due_at, expires_at=expires_at, about=about, payload=payload)
    return Taken(
        id=id_, consumer=consumer, attempt=attempt, uncertain=called, event_name=name, payload=payload,
        traceparent=traceparent or "", since=since, due=due, cancelled=state == "cancelled",
    )  # fmt: skip


def _as_mapping(payload: Any) -> Mapping[str, Any]:
    # Django turns off psycopg's own reading of jsonb.
    loaded: Mapping[str, Any] = orjson.loads(payload) if isinstance(payload, str | bytes) else payload
    return loaded
