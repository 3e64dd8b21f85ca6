"""From the ledger to the queues. Several relays may run; a relay that dies, or a Valkey that forgets, loses nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from steadwell.outbox.registry import DEFAULT_ATTEMPTS

# What may be on its way in one queue at once. A flushed Valkey costs these few hand-overs, and an urgent row is never
# behind more than these.
_ROOM = """
SELECT queue, count(*) FROM outbox_outboxdelivery WHERE state IN ('handed', 'running') GROUP BY queue
"""
_CLAIM = """
WITH picked AS (
    SELECT delivery.id FROM unnest(%(queues)s::text[], %(rooms)s::int[]) AS place (queue, room)
    CROSS JOIN LATERAL (
        SELECT id FROM outbox_outboxdelivery
        WHERE state = 'waiting' AND queue = place.queue AND available_at <= %(now)s
        ORDER BY available_at, id LIMIT place.room FOR UPDATE SKIP LOCKED
    ) AS delivery
)
UPDATE outbox_outboxdelivery d SET state = 'handed', handed_at = %(now)s, lease_until = %(until)s
FROM picked WHERE d.id = picked.id RETURNING d.queue, d.id
"""
_RELEASE = """
UPDATE outbox_outboxdelivery SET state = 'waiting', lease_until = NULL
WHERE id = ANY(%(ids)s) AND state = 'handed' AND handed_at = %(handed_at)s
"""
# A handed row whose message was lost waits again. A running one whose process died has its attempt on the count
# already: at the allowed number it is set aside, so that what kills its worker cannot do it for ever.
_RECLAIM = """
WITH lost AS (
    SELECT id FROM outbox_outboxdelivery
    WHERE state IN ('handed', 'running') AND lease_until < %(now)s LIMIT 1000 FOR UPDATE SKIP LOCKED
)
UPDATE outbox_outboxdelivery d SET
    state = CASE WHEN d.state = 'running' AND d.attempts >= %(attempts)s THEN 'quarantined' ELSE 'waiting' END,
    last_error = CASE WHEN d.state = 'running' THEN 'process-lost' ELSE d.last_error END,
    lease_until = NULL
FROM lost WHERE d.id = lost.id RETURNING d.state
"""
# A Valkey that came back empty: all that was handed over and not begun is handed over again, without waiting.
_RECLAIM_HANDED = """
UPDATE outbox_outboxdelivery SET state = 'waiting', lease_until = NULL WHERE state = 'handed' AND handed_at < %(now)s
"""


def claim(*, now: datetime, batch: int = 100) -> Mapping[str, list[int]]:
    """Take what waits, at most ``batch`` per queue and the queue's cap, under a lease. Urgent queues come first."""
    queues = list(settings.CELERY_TASK_QUEUES)
    with connection.cursor() as cursor:
        cursor.execute(_ROOM)
        underway = dict(cursor.fetchall())
        rooms = [max(0, min(batch, settings.OUTBOX_QUEUE_CAP - underway.get(queue, 0))) for queue in queues]
        until = now + timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)
        cursor.execute(_CLAIM, {"queues": queues, "rooms": rooms, "now": now, "until": until})
        claimed: dict[str, list[int]] = {queue: [] for queue in queues}
        for queue, delivery_id in cursor.fetchall():
            claimed[queue].append(delivery_id)
    return {queue: sorted(ids) for queue, ids in claimed.items() if ids}


def release(ids: Sequence[int], *, handed_at: datetime) -> None:
    """Put back what could not be sent."""
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE, {"ids": list(ids), "handed_at": handed_at})


def reclaim(*, now: datetime) -> tuple[int, int]:
    """Take back what was lost with a message or a process. Answers how many wait again, how many were set aside."""
    with connection.cursor() as cursor:
        cursor.execute(_RECLAIM, {"now": now, "attempts": DEFAULT_ATTEMPTS})
        states = [state for (state,) in cursor.fetchall()]
    return states.count("waiting"), states.count("quarantined")


def reclaim_handed(*, now: datetime) -> int:
    """Take back everything handed over before ``now`` and not begun: the queues are known to be empty."""
    with connection.cursor() as cursor:
        cursor.execute(_RECLAIM_HANDED, {"now": now})
        return cursor.rowcount


def slices(ids: Sequence[int]) -> Iterator[list[int]]:
    """One message each: few enough that a slow one holds up few others, many enough to spare the queue."""
    size = settings.OUTBOX_MESSAGE_SIZE
    for start in range(0, len(ids), size):
        yield list(ids[start : start + size])
