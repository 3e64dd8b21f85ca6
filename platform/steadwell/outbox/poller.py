"""From due rows to deliveries: each exactly once, however many pollers run and however long none did."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from typing import Any

from django.db import InterfaceError, OperationalError, connection

from steadwell import clock
from steadwell.observability import service as observability
from steadwell.outbox.due import schedule_many
from steadwell.outbox.publishing import CHANNEL
from steadwell.outbox.registry import due_kinds, repeating
from steadwell.outbox.types import NewDueRow

log = observability.get_logger(__name__)

_BATCH = 500
_POLL_SECONDS = 1.0
_REPEAT_SECONDS = 10.0
# Expired rows are marked and never run. Rows of a kind that this release does not know stay as they are.
_FIRE = """
WITH kind AS (
    SELECT * FROM unnest(%(kinds)s::text[], %(queues)s::text[]) AS kind (name, queue)
), ripe AS (
    SELECT due.id, kind.name, kind.queue FROM outbox_outboxdue due JOIN kind ON kind.name = due.kind
    WHERE due.state = 'waiting' AND due.due_at <= %(now)s
    ORDER BY due.due_at LIMIT %(batch)s FOR UPDATE OF due SKIP LOCKED
), moved AS (
    UPDATE outbox_outboxdue due SET settled_at = %(now)s,
        state = CASE WHEN due.expires_at <= %(now)s THEN 'expired' ELSE 'fired' END
    FROM ripe WHERE due.id = ripe.id RETURNING due.id, due.due_at, due.state, ripe.name, ripe.queue
), deliveries AS (
    INSERT INTO outbox_outboxdelivery
        (due_id, consumer, queue, state, attempts, created_at, available_at, called, last_error)
    SELECT id, name, queue, 'waiting', 0, %(now)s, %(now)s, false, '' FROM moved WHERE state = 'fired'
)
SELECT count(*) FILTER (WHERE state = 'fired'), count(*) FILTER (WHERE state = 'expired'),
       CASE WHEN count(*) > 0 THEN pg_notify(%(channel)s, '') IS NULL END
FROM moved
"""


def fire(*, now: datetime, batch: int = _BATCH) -> tuple[int, int]:
    """Turn ripe rows into deliveries on their kind's queue. Answers how many fired, how many had expired."""
    kinds = list(due_kinds())
    values: dict[str, Any] = {
        "kinds": [kind.kind for kind in kinds],
        "queues": [kind.queue for kind in kinds],
        "now": now,
        "batch": batch,
        "channel": CHANNEL,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FIRE, values)
        fired, expired, _ = cursor.fetchone()
    return fired, expired


def keep_repeating(*, now: datetime) -> None:
    """Make sure that the present slot of each repeating work is promised."""
    rows = []
    for each in repeating():
        slot = int(now.timestamp() // each.every.total_seconds())
        rows.append(NewDueRow(kind=each.kind, key=str(slot), due_at=now, expires_at=now + each.every * 2))
    schedule_many(rows, now=now)


class Poller:
    """One poller. Any number may run beside each other; one that was down for hours catches up once."""

    def __init__(self, *, stop: threading.Event | None = None) -> None:
        self.stop = stop or threading.Event()
        self._next_repeat = 0.0

    def run(self) -> None:
        """Until told to stop. A database that is away is waited for."""
        pause = 0.0
        while not self.stop.is_set():
            try:
                more = self.step()
                pause = 0.0 if more else _POLL_SECONDS
            except (OperationalError, InterfaceError):
                connection.close()
                pause = min(max(0.5, pause * 2), 10.0)
                log.warning("database.unreached", pause_seconds=pause)
            self.stop.wait(pause)

    def step(self) -> bool:
        """One batch. Answers whether there may be more."""
        now = clock.now()
        if time.monotonic() >= self._next_repeat:
            keep_repeating(now=now)
            self._next_repeat = time.monotonic() + _REPEAT_SECONDS
        fired, expired = fire(now=now, batch=_BATCH)
        if expired:
            log.warning("due.expired", rows=expired)
        return fired + expired == _BATCH
