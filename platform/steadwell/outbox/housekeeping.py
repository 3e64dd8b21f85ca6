"""What is kept, for how long. Small batches: no lock is held for long and no queue waits (ADR 0014)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from steadwell.outbox.types import DeliveryContext, DueRow

KEPT = timedelta(days=30)
_BATCH = 1000
_BATCHES = 20  # of each, in one run: the next hour goes on

# Oldest first along the primary key. What is set aside stays until a person settled it.
_PRUNE = (
    """
    DELETE FROM outbox_outboxdelivery WHERE id IN (
        SELECT id FROM outbox_outboxdelivery WHERE state = 'done' AND settled_at < %(before)s
        ORDER BY id LIMIT %(batch)s FOR UPDATE SKIP LOCKED)
    """,
    """
    DELETE FROM outbox_outboxevent WHERE id IN (
        SELECT id FROM outbox_outboxevent event WHERE occurred_at < %(before)s
        AND NOT EXISTS (SELECT FROM outbox_outboxdelivery WHERE event_id = event.id)
        ORDER BY id LIMIT %(batch)s FOR UPDATE SKIP LOCKED)
    """,
    """
    DELETE FROM outbox_outboxdue WHERE id IN (
        SELECT id FROM outbox_outboxdue due WHERE state <> 'waiting' AND settled_at < %(before)s
        AND NOT EXISTS (SELECT FROM outbox_outboxdelivery WHERE due_id = due.id)
        ORDER BY id LIMIT %(batch)s FOR UPDATE SKIP LOCKED)
    """,
    """
    DELETE FROM outbox_requestkey WHERE id IN (
        SELECT id FROM outbox_requestkey WHERE claimed_at < %(before)s
        ORDER BY claimed_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED)
    """,
)


def prune(*, now: datetime) -> int:
    """Delete what ended more than ``KEPT`` ago. Answers how many rows."""
    deleted = 0
    with connection.cursor() as cursor:
        for statement in _PRUNE:
            for _ in range(_BATCHES):
                cursor.execute(statement, {"before": now - KEPT, "batch": _BATCH})
                deleted += cursor.rowcount
                if cursor.rowcount < _BATCH:
                    break
    return deleted


def prune_when_due(row: DueRow, ctx: DeliveryContext) -> None:
    prune(now=ctx.now)
