"""The ledger's side of the relay: what is taken under a lease, given back, taken back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.conf import settings
from django.db import connection

from steadwell.outbox.registry import DEFAULT_ATTEMPTS, allowed_attempts, batch_consumers

# What may be on its way in one queue at once. A flushed Valkey costs these few hand-overs, and an urgent row
# is never behind more than these.
_ROOM = """
SELECT queue, count(*) FROM outbox_outboxdelivery WHERE state IN ('handed', 'running') GROUP BY queue
"""
_CLAIM = """
WITH picked AS (
    SELECT delivery.id
    FROM unnest(%(queues)s::text[], %(rooms)s::int[], %(since)s::timestamptz[]) AS place (queue, room, since)
    CROSS JOIN LATERAL (
        SELECT id FROM outbox_outboxdelivery
        WHERE state = 'waiting' AND queue = place.queue AND available_at <= place.since
        ORDER BY available_at, id LIMIT place.room FOR UPDATE SKIP LOCKED
    ) AS delivery
)
UPDATE outbox_outboxdelivery d SET state = 'handed', handed_at = %(now)s, lease_until = %(until)s
FROM picked WHERE d.id = picked.id RETURNING d.queue, d.id, d.consumer, d.attempts
"""
_RELEASE = """
UPDATE outbox_outboxdelivery SET state = 'waiting', lease_until = NULL
WHERE id = ANY(%(ids)s) AND state = 'handed' AND handed_at = %(handed_at)s
"""
# A handed row whose message was lost waits again; while its queue still holds messages it is rather one of
# those, so its lease grows, but not for ever. A running one whose process died has its attempt on the count
# already: at the allowed number it is set aside, so that what kills its worker cannot do it for ever.
_RECLAIM = """
WITH lost AS (
    SELECT id, state = 'handed' AND queue = ANY(%(busy)s) AND handed_at > %(patience)s AS extended
    FROM outbox_outboxdelivery
    WHERE state IN ('handed', 'running') AND lease_until < %(now)s LIMIT 1000 FOR UPDATE SKIP LOCKED
)
UPDATE outbox_outboxdelivery d SET
    state = CASE WHEN extended THEN 'handed'
                 WHEN d.state = 'running'
                      AND d.attempts >= coalesce((%(allowed)s::jsonb ->> consumer)::int, %(attempts)s)
                 THEN 'quarantined'
                 ELSE 'waiting' END,
    last_error = CASE WHEN d.state = 'running' THEN 'process-lost' ELSE d.last_error END,
    lease_until = CASE WHEN extended THEN %(until)s END
FROM lost WHERE d.id = lost.id RETURNING d.state
"""
# A Valkey that came back empty: all that was handed over and not begun is handed over again, without waiting.
_RECLAIM_HANDED = """
UPDATE outbox_outboxdelivery SET state = 'waiting', lease_until = NULL
WHERE state = 'handed' AND handed_at < %(now)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What was taken, per queue in the queues' order; ``full`` when a queue had no room for more, ``busy``
    when something had been on its way before.

    ``together`` names the consumer of those that may run as a batch.
    """

    ids: Mapping[str, list[int]]
    full: bool
    busy: bool = False
    together: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one message on a queue carries."""

    queue: str
    ids: list[int]
    together: bool = False


def claim(*, now: datetime, batch: int = 100, gather: timedelta = timedelta(0)) -> Claimed:
    """Take what waits under a lease, at most ``batch`` per queue and within the queue's cap.

    A queue that is nearly full gets nothing until a quarter of it is free: else its work would arrive in
    ever smaller pieces. One that is at work gets what has waited for ``gather``, up to five times as long
    where much is on its way already: the more there is to do, the more of it travels together. In small
    pieces a worker that is short of CPU never catches up.
    """
    queues = list(settings.CELERY_TASK_QUEUES)
    cap = settings.OUTBOX_QUEUE_CAP
    with connection.cursor() as cursor:
        cursor.execute(_ROOM)
        underway = dict(cursor.fetchall())
        free = [max(0, cap - underway.get(queue, 0)) for queue in queues]
        values: dict[str, Any] = {
            "queues": queues, "now": now, "until": now + _lease(),
            "rooms": [min(batch, room) if room >= cap // 4 else 0 for room in free],
            "since": [now - gather * min(-(-underway.get(queue, 0) // 10), 5) for queue in queues],
        }  # fmt: skip
        cursor.execute(_CLAIM, values)
        claimed: dict[str, list[int]] = {queue: [] for queue in queues}
        batching, together = batch_consumers(), {}
        for queue, delivery_id, consumer, attempts in cursor.fetchall():
            claimed[queue].append(delivery_id)
            # What failed or died with its worker runs alone from then on: it may be what kills.
            if attempts == 0 and consumer in batching:
                together[delivery_id] = consumer
    return Claimed(
        ids={queue: sorted(ids) for queue, ids in claimed.items() if ids},
        full=0 in values["rooms"],
        busy=bool(underway),
        together=together,
    )


def release(ids: Sequence[int], *, handed_at: datetime) -> None:
    """Put back what could not be sent."""
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE, {"ids": list(ids), "handed_at": handed_at})


def reclaim(*, now: datetime, busy: Sequence[str] = ()) -> Counter[str]:
    """Take back what was lost with a message or a process; ``busy`` are the queues that still hold messages.

    Answers how many are now waiting, handed (their lease grew) and quarantined.
    """
    values: dict[str, Any] = {
        "now": now, "until": now + _lease(), "patience": now - 4 * _lease(),
        "busy": list(busy), "attempts": DEFAULT_ATTEMPTS,
        "allowed": orjson.dumps(allowed_attempts()).decode(),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_RECLAIM, values)
        return Counter(state for (state,) in cursor.fetchall())


def reclaim_handed(*, now: datetime) -> int:
    """Take back everything handed over before ``now`` and not begun: the queues are known to be empty."""
    with connection.cursor() as cursor:
        cursor.execute(_RECLAIM_HANDED, {"now": now})
        return int(cursor.rowcount)


def messages(claimed: Claimed) -> Iterator[Message]:
    """Few enough in each that a slow one holds up few others, many enough to spare the queue. What may run
    together travels with its like.
    """
    for queue, ids in claimed.ids.items():
        for some in _slices(
            [each for each in ids if each not in claimed.together], settings.OUTBOX_MESSAGE_SIZE
        ):
            yield Message(queue=queue, ids=some)
        alike: dict[str, list[int]] = {}
        for each in ids:
            if each in claimed.together:
                alike.setdefault(claimed.together[each], []).append(each)
        for several in alike.values():
            for some in _slices(several, settings.OUTBOX_BATCH_SIZE):
                yield Message(queue=queue, ids=some, together=True)


def _slices(ids: Sequence[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(ids), size):
        yield list(ids[start : start + size])


def _lease() -> timedelta:
    return timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)
