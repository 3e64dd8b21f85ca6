"""Telling: one statement in the caller's transaction."""

from __future__ import annotations

from datetime import datetime

import orjson
from django.db import connection

from steadwell.events import Event
from steadwell.ids import EventId, new_id
from steadwell.observability import service as observability
from steadwell.outbox.registry import subscriptions_of, to_payload

CHANNEL = "steadwell_outbox"

_PUBLISH = """
WITH event AS (
    INSERT INTO outbox_outboxevent (id, name, payload, occurred_at, traceparent)
    VALUES (%(id)s, %(name)s, %(payload)s::jsonb, %(now)s, %(traceparent)s) RETURNING id
), deliveries AS (
    INSERT INTO outbox_outboxdelivery
        (event_id, consumer, queue, state, attempts, created_at, available_at, called, last_error)
    SELECT event.id, copy.consumer, copy.queue, 'waiting', 0, %(now)s, %(now)s, false, ''
    FROM event, unnest(%(consumers)s::text[], %(queues)s::text[]) AS copy (consumer, queue)
)
SELECT pg_notify(%(channel)s, '')
"""


def publish(event: Event, *, now: datetime) -> EventId:
    """Promise an event to every consumer, in the caller's transaction: both commit, or neither.

    One statement: the event, one delivery per consumer, and the bell for the relay.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("publish() belongs into the transaction of the change that it tells.")
    event_id = EventId(new_id())
    consumers = subscriptions_of(event.name).values()
    with connection.cursor() as cursor:
        cursor.execute(
            _PUBLISH,
            {
                "id": event_id,
                "name": event.name,
                "payload": orjson.dumps(to_payload(event)).decode(),
                "now": now,
                "traceparent": observability.current_traceparent(),
                "consumers": [each.consumer for each in consumers],
                "queues": [each.queue for each in consumers],
                "channel": CHANNEL,
            },
        )
    return event_id
