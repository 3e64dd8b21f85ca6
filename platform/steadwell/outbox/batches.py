"""Keeping several promises of one consumer in one transaction; whatever fails is kept one by one.

Only first attempts run together. What failed, or died with its worker, runs alone from then on, so that one
that cannot be done is set aside by itself and spoils no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from steadwell import clock
from steadwell.observability import service as observability
from steadwell.outbox import attempts, deliveries, metrics
from steadwell.outbox.attempts import LeaseLost, Taken
from steadwell.outbox.errors import Retry
from steadwell.outbox.registry import batch_consumers, find_due_kind, find_subscription, from_payload
from steadwell.outbox.types import Fallen, Heard

log = observability.get_logger(__name__)

_DONE = """
UPDATE outbox_outboxdelivery d
SET state = 'done', settled_at = %(now)s, lease_until = NULL, called = false, last_error = ''
FROM unnest(%(ids)s::bigint[], %(attempts)s::int[]) AS mine (id, attempt)
WHERE d.id = mine.id AND d.state = 'running' AND d.attempts = mine.attempt
"""


def deliver_together(*, delivery_ids: Sequence[int], now: datetime) -> None:
    """Run deliveries that are still to be run, those of one consumer in one transaction."""
    several = attempts.take_first(delivery_ids, consumers=batch_consumers(), now=now)
    groups: dict[tuple[str, str | None], list[Taken]] = {}
    for each in several:
        # What is past its use ends alone, as expired.
        alone = str(each.id) if attempts.is_useless(each, now) else each.event_name
        groups.setdefault((each.consumer, alone), []).append(each)
    for group in groups.values():
        if deliveries.is_outside_batch(group):
            deliveries.run_outside_batch(group, now)
        elif len(group) == 1 or not run_together(group, now):
            for each in group:
                deliveries.attempt(each, clock.now())
    taken = {each.id for each in several}
    for delivery_id in delivery_ids:
        if delivery_id not in taken:
            deliveries.deliver(delivery_id=delivery_id, now=clock.now())


def run_together(group: list[Taken], now: datetime) -> bool:
    """Whether all of it is done. Else nothing of it is."""
    about = {"consumer": group[0].consumer, "count": len(group)}
    try:
        with (
            observability.span("outbox.deliver_together", traceparent="", attributes=about),
            transaction.atomic(),
        ):
            _mark_done(group, now)
            _handle(group, now)
    except LeaseLost:
        log.warning("batch.lease_lost", **about)
        return False
    except Exception as error:  # noqa: BLE001 - each of them is tried alone now, and noted by itself
        log.warning("batch.failed", error=type(error).__name__, **about)
        return False
    done_at = clock.now()
    for each in group:
        metrics.count_done(consumer=each.consumer, since=each.since, now=done_at)
    return True


def _mark_done(group: Sequence[Taken], now: datetime) -> None:
    values: dict[str, Any] = {
        "now": now,
        "ids": [each.id for each in group],
        "attempts": [each.attempt for each in group],
    }
    with connection.cursor() as cursor:
        cursor.execute(_DONE, values)
        if cursor.rowcount != len(group):
            raise LeaseLost


def _handle(group: Sequence[Taken], now: datetime) -> None:
    contexts = {each.id: attempts.context_of(each, now) for each in group}
    if group[0].due is not None:
        kind = find_due_kind(group[0].due.kind)
        if kind is None or kind.batch is None:
            raise Retry("unknown-kind")
        rows = [
            Fallen(row=each.due, ctx=contexts[each.id])
            for each in group
            if each.due is not None and not each.cancelled
        ]
        if rows:
            kind.batch(rows)
        return
    subscription = find_subscription(group[0].event_name or "", group[0].consumer)
    if subscription is None or subscription.batch is None:
        raise Retry("unknown-consumer")
    subscription.batch(
        [Heard(event=from_payload(subscription, each.payload), ctx=contexts[each.id]) for each in group]
    )
