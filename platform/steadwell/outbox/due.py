"""Promises with a due time: made, moved and taken back in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from steadwell.observability import service as observability
from steadwell.outbox.types import NewDueRow

_COLUMNS = "kind, key, due_at, expires_at, about, payload, state, created_at, traceparent"
_ROW = "(%s, %s, %s, %s, %s, %s::jsonb, 'waiting', %s, %s)"
# A promise that is being kept, or was, is not made again: only one that waits, or was taken back, moves.
_MOVE = """
ON CONFLICT (kind, key) DO UPDATE SET due_at = excluded.due_at, expires_at = excluded.expires_at,
    about = excluded.about, payload = excluded.payload, state = 'waiting', settled_at = NULL
WHERE outbox_outboxdue.state = 'waiting'
   OR (outbox_outboxdue.state = 'cancelled'
       AND NOT EXISTS (SELECT FROM outbox_outboxdelivery WHERE due_id = outbox_outboxdue.id))
"""
_CANCEL = """
UPDATE outbox_outboxdue SET state = 'cancelled', settled_at = now()
WHERE about = %s AND starts_with(kind, %s) AND (state = 'waiting' OR (state = 'fired' AND EXISTS (
    SELECT FROM outbox_outboxdelivery WHERE due_id = outbox_outboxdue.id AND state <> 'done')))
"""


def schedule(
    *,
    kind: str,
    key: str,
    due_at: datetime,
    now: datetime,
    about: UUID | None = None,
    payload: Mapping[str, str] | None = None,
    expires_at: datetime | None = None,
) -> None:
    """Promise work at ``due_at``. The same kind and key is one row: repeating moves it while it still waits.

    ``about`` names what it is tied to, for ``cancel_due``. After ``expires_at`` it is marked expired and
    never run.
    """
    row = NewDueRow(
        kind=kind, key=key, due_at=due_at, about=about, payload=payload or {}, expires_at=expires_at
    )
    schedule_many([row], now=now)


def schedule_many(rows: Sequence[NewDueRow], *, now: datetime) -> None:
    """Promise several in one statement. Each kind and key may stand in it once."""
    if not rows:
        return
    present = observability.current_traceparent()
    values: list[Any] = []
    for row in rows:
        payload = orjson.dumps(row.payload).decode()
        trace = row.traceparent or present
        values += (row.kind, row.key, row.due_at, row.expires_at, row.about, payload, now, trace)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO outbox_outboxdue ({_COLUMNS}) VALUES {', '.join([_ROW] * len(rows))} {_MOVE}",  # noqa: S608
            values,
        )


def cancel_due(*, kind_prefix: str, about: UUID) -> int:
    """Take back what was promised about something, fired but not yet run included. Answers how many rows."""
    with connection.cursor() as cursor:
        cursor.execute(_CANCEL, [about, kind_prefix])
        return int(cursor.rowcount)
