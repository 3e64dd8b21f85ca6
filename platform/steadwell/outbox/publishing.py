"""Telling: one statement in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import orjson
from django.db import connection

from steadwell import prepared
from steadwell.events import Event
from steadwell.ids import EventId, new_id
from steadwell.observability import service as observability
from steadwell.outbox.registry import subscriptions_of, to_payload

CHANNEL = "steadwell_outbox"

_PUBLISH = """
WITH event AS (
    INSERT INTO outbox_outboxevent (id, name, payload, occurred_at, traceparent)
    SELECT id, name, payload, %(now)s, traceparent
    FROM unnest(%(ids)s::uuid[], %(names)s::text[], %(payloads)s::jsonb[], %(traceparents)s::text[])
        AS told (id, name, payload, traceparent)
    RETURNING id, name
), resting AS (
    SELECT consumer FROM outbox_outboxaudience WHERE rests AND consumer = ANY (%(consumers)s::text[])
    ORDER BY consumer FOR SHARE
), deliveries AS (
    INSERT INTO outbox_outboxdelivery
        (event_id, consumer, queue, state, attempts, created_at, available_at, called, last_error)
    SELECT event.id, copy.consumer, copy.queue, 'waiting', 0, %(now)s, %(now)s, false, ''
    FROM event JOIN unnest(%(hears)s::text[], %(consumers)s::text[], %(queues)s::text[])
        AS copy (hears, consumer, queue) ON copy.hears = event.name
    WHERE NOT EXISTS (SELECT FROM resting WHERE resting.consumer = copy.consumer)
)
SELECT pg_notify(%(channel)s, '')
"""


def publish(event: Event, *, now: datetime) -> EventId:
    """Promise an event to every consumer, in the caller's transaction: both commit, or neither.

    One statement: the event, one delivery per consumer that does not rest (``audiences``), and the bell for
    the relay.
    """
    return publish_many([event], now=now)[0]


def publish_many(
    events: Sequence[Event], *, now: datetime, traceparents: Sequence[str] = ()
) -> list[EventId]:
    """Promise several events in one statement, as ``publish`` does one.

    ``traceparents``: what each belongs to, where a batch tells on behalf of several; else the present trace.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("publish() belongs into the transaction of the change that it tells.")
    if not events:
        return []
    ids = [EventId(new_id()) for _ in events]
    names = {event.name for event in events}
    hearing = [(name, each) for name in names for each in subscriptions_of(name).values()]
    with prepared.cursor() as cursor:
        cursor.execute(
            _PUBLISH,
            {
                "ids": ids,
                "names": [event.name for event in events],
                "payloads": [orjson.dumps(to_payload(event)).decode() for event in events],
                "now": now,
                "traceparents": _traces(events, traceparents),
                "hears": [name for name, _ in hearing],
                "consumers": [each.consumer for _, each in hearing],
                "queues": [each.queue for _, each in hearing],
                "channel": CHANNEL,
            },
        )
    return ids


def _traces(events: Sequence[Event], given: Sequence[str]) -> list[str]:
    present = observability.current_traceparent()
    return [each or present for each in given] if given else [present] * len(events)
