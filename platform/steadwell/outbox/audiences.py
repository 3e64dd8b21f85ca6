"""Consumers that speak for others, and whether anybody listens: where nobody does, nothing is delivered.

A row says that a consumer rests; without one it hears. Whoever publishes keeps the rows of resting consumers
as they are until their transaction ends (FOR SHARE), and waking one changes its row. So of an event and the
first listener that come at the same moment one waits for the other: either the event was there before the
listener, or it is delivered (ADR 0185).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from django.db import connection, transaction

# In one order everywhere: two who wake the same do not wait for each other.
_CHANGE = """
INSERT INTO outbox_outboxaudience AS a (consumer, rests, changed_at)
SELECT consumer, false, %s FROM unnest(%s::text[]) AS w (consumer) ORDER BY consumer
ON CONFLICT (consumer) DO UPDATE SET rests = false, changed_at = excluded.changed_at
"""
_HEARING = """
SELECT w.consumer FROM unnest(%s::text[]) AS w (consumer)
WHERE NOT EXISTS (SELECT FROM outbox_outboxaudience a WHERE a.consumer = w.consumer AND a.rests)
"""


def wake(consumers: Collection[str], *, now: datetime) -> None:
    """Somebody listens: in the transaction that says so. It waits for whoever published to nobody; what is
    published after it is delivered.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("wake() belongs into the transaction that makes the listener.")
    with connection.cursor() as cursor:
        cursor.execute(_CHANGE, [now, list(consumers)])


def rest(consumers: Collection[str], *, wanted: Callable[[], Collection[str]], now: datetime) -> None:
    """Those of the consumers that nobody listens to rest. ``wanted`` asks who is listened to: after their
    rows are locked, so that whoever has just come is seen, and whoever comes now waits and wakes.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_HEARING, [list(consumers)])
        hearing = [consumer for (consumer,) in cursor.fetchall()]
        if not hearing:
            return
        cursor.execute(_CHANGE, [now, hearing])
        idle = sorted(set(hearing) - set(wanted()))
        cursor.execute("UPDATE outbox_outboxaudience SET rests = true WHERE consumer = ANY (%s)", [idle])
