"""Keeping one promise: the attempt is counted before the run, the effect and the mark are one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from steadwell import clock
from steadwell.observability import service as observability
from steadwell.outbox import attempts, failures, metrics
from steadwell.outbox.attempts import MINE, LeaseLost, Taken
from steadwell.outbox.errors import Retry
from steadwell.outbox.promises import Promises
from steadwell.outbox.registry import Subscription, find_due_kind, find_subscription, from_payload
from steadwell.outbox.types import DeliveryContext, DueRow, Fallen, Heard

log = observability.get_logger(__name__)

_DONE = f"""
UPDATE outbox_outboxdelivery
SET state = 'done', settled_at = %(now)s, lease_until = NULL, called = false, last_error = '' {MINE}
"""  # noqa: S608 - constants only
# Its handler never ran: work that waited for a worker past its use ends like work that waited for a poller.
_EXPIRED = f"""
WITH expired AS (
    UPDATE outbox_outboxdue SET state = 'expired', settled_at = %(now)s
    WHERE id = (SELECT due_id FROM outbox_outboxdelivery {MINE})
)
UPDATE outbox_outboxdelivery
SET state = 'done', settled_at = %(now)s, lease_until = NULL, called = false, last_error = 'expired' {MINE}
"""  # noqa: S608 - constants only
_CALLED = f"UPDATE outbox_outboxdelivery SET called = true {MINE}"  # noqa: S608 - constants only


def deliver(*, delivery_id: int, now: datetime) -> None:
    """Run one delivery if it is still to be run. Its failures end in the ledger, never in the caller."""
    taken = attempts.take(delivery_id, now)
    if taken is not None:
        attempt(taken, now)


def attempt(taken: Taken, now: datetime) -> None:
    """Run what was taken, by itself."""
    if is_outside_batch([taken]):
        run_outside_batch([taken], now)
        return
    about = {"consumer": taken.consumer, "attempt": taken.attempt}
    try:
        with observability.span("outbox.deliver", traceparent=taken.traceparent, attributes=about):
            _run(taken, now)
        metrics.count_done(consumer=taken.consumer, since=taken.since, now=clock.now())
    except LeaseLost:
        log.warning("delivery.lease_lost", **about)
    except Exception as error:  # noqa: BLE001 - its job is to survive; the ledger keeps the cause
        failures.note(taken, error)


def _run(taken: Taken, now: datetime) -> None:
    context = attempts.context_of(taken, now)
    if taken.due is not None:
        _run_due(taken, taken.due, context)
        return
    subscription = find_subscription(taken.event_name or "", taken.consumer)
    if subscription is None:
        # A newer release's consumer, during a rolling deploy: some other worker knows it.
        raise Retry("unknown-consumer")
    event = from_payload(subscription, taken.payload)
    if subscription.outside is not None:
        _run_outside(taken, subscription, event, context)
        return
    with transaction.atomic():
        _mark(_DONE, taken, now)
        if subscription.batch is not None:
            subscription.batch([Heard(event=event, ctx=context)])
        elif subscription.handler is not None:
            subscription.handler(event, context)


def _run_due(taken: Taken, due: DueRow, context: DeliveryContext) -> None:
    kind = find_due_kind(due.kind)
    if kind is None:
        raise Retry("unknown-kind")
    with transaction.atomic():
        if attempts.is_useless(taken, context.now):
            _mark(_EXPIRED, taken, context.now)
            log.warning("due.expired", rows=1)
            return
        _mark(_DONE, taken, context.now)
        if taken.cancelled:
            return
        if kind.batch is not None:
            kind.batch([Fallen(row=due, ctx=context)])
        elif kind.handler is not None:
            kind.handler(due, context)


def _run_outside(taken: Taken, subscription: Subscription, event: Any, context: DeliveryContext) -> None:
    handler = subscription.outside
    assert handler is not None  # noqa: S101 - the caller chose by it
    with transaction.atomic():
        _mark(_CALLED, taken, context.now)
        call = handler.prepare(event, context)
        if call is None:
            _mark(_DONE, taken, context.now)
            return
    connection.close()  # back to the pool: nothing holds a connection while the outside takes its time
    about = {"consumer": taken.consumer}
    with observability.span("outside.call", attributes=about, kind=observability.SpanKind.CLIENT):
        outcome = handler.call(call)
    with transaction.atomic():
        _mark(_DONE, taken, clock.now())
        handler.settle(event, context, outcome)


def is_outside_batch(group: Sequence[Taken]) -> bool:
    found = find_subscription(group[0].event_name or "", group[0].consumer)
    return found is not None and found.outside_batch is not None


def run_outside_batch(group: Sequence[Taken], now: datetime) -> None:
    """Several of one consumer, which settles each. What it leaves open when it fails is noted for each."""
    subscription = find_subscription(group[0].event_name or "", group[0].consumer)
    assert subscription is not None  # noqa: S101 - the caller asked
    assert subscription.outside_batch is not None  # noqa: S101
    heard = [
        Heard(event=from_payload(subscription, each.payload), ctx=attempts.context_of(each, now))
        for each in group
    ]
    about = {"consumer": group[0].consumer, "count": len(group)}
    try:
        with observability.span("outbox.deliver_outside", traceparent=group[0].traceparent, attributes=about):
            subscription.outside_batch(heard, Promises(group, allowed=subscription.attempts))
    except Exception as error:  # noqa: BLE001 - its job is to survive; the ledger keeps the cause
        for each in group:
            failures.note(each, error)


def _mark(statement: str, taken: Taken, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"id": taken.id, "attempt": taken.attempt, "now": now})
        if cursor.rowcount != 1:
            raise LeaseLost
