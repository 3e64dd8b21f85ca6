"""Keeping one promise: the attempt is counted before the run, the effect and the mark are one transaction."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.conf import settings
from django.db import connection, transaction

from steadwell import clock
from steadwell.errors import Kind, Refusal
from steadwell.observability import service as observability
from steadwell.outbox import metrics
from steadwell.outbox.errors import Impossible, Retry
from steadwell.outbox.promises import Promises
from steadwell.outbox.registry import (
    DEFAULT_ATTEMPTS,
    DueKind,
    Subscription,
    find_due_kind,
    find_subscription,
    from_payload,
)
from steadwell.outbox.types import DeliveryContext, DueRow, Fallen, Heard

log = observability.get_logger(__name__)

# Only a delivery that was handed over may start, so a message that comes twice starts it once.
_TAKE = """
WITH taken AS (
    UPDATE outbox_outboxdelivery SET state = 'running', attempts = attempts + 1, lease_until = %(until)s
    WHERE {which} AND state = 'handed'
    RETURNING id, consumer, attempts, called, event_id, due_id
)
SELECT taken.id, taken.consumer, taken.attempts, taken.called, event.name,
       coalesce(event.payload, due.payload), coalesce(event.traceparent, due.traceparent),
       coalesce(event.occurred_at, due.due_at),
       due.kind, due.key, due.due_at, due.expires_at, due.about, due.state
FROM taken LEFT JOIN outbox_outboxevent event ON event.id = taken.event_id
           LEFT JOIN outbox_outboxdue due ON due.id = taken.due_id
"""
_TAKE_ONE = _TAKE.format(which="id = %(id)s")
_TAKE_FIRST = (
    _TAKE.format(which="id = ANY(%(ids)s) AND attempts = 0 AND consumer = ANY(%(consumers)s)")
    + "ORDER BY taken.id"
)
# The fence: an attempt that lost its lease finds another number here, or another state, and rolls back.
_MINE = "WHERE id = %(id)s AND state = 'running' AND attempts = %(attempt)s"
_DONE = f"""
UPDATE outbox_outboxdelivery
SET state = 'done', settled_at = %(now)s, lease_until = NULL, called = false, last_error = '' {_MINE}
"""  # noqa: S608 - constants only
# Its handler never ran: work that waited for a worker past its use ends like work that waited for a poller.
_EXPIRED = f"""
WITH expired AS (
    UPDATE outbox_outboxdue SET state = 'expired', settled_at = %(now)s
    WHERE id = (SELECT due_id FROM outbox_outboxdelivery {_MINE})
)
UPDATE outbox_outboxdelivery
SET state = 'done', settled_at = %(now)s, lease_until = NULL, called = false, last_error = 'expired' {_MINE}
"""  # noqa: S608 - constants only
_CALLED = f"UPDATE outbox_outboxdelivery SET called = true {_MINE}"  # noqa: S608 - constants only
_FAILED = f"""
UPDATE outbox_outboxdelivery
SET state = %(state)s, available_at = %(available_at)s, queue = coalesce(%(queues)s::jsonb ->> queue, queue),
    lease_until = NULL, called = coalesce(%(called)s, called), last_error = %(cause)s {_MINE}
"""  # noqa: S608 - constants only
_HOPELESS = frozenset({Kind.INVALID, Kind.FORBIDDEN, Kind.NOT_FOUND})


class LeaseLost(Exception):
    """Another attempt has this delivery now; this one rolls back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A delivery whose attempt has been counted."""

    id: int
    consumer: str
    attempt: int
    uncertain: bool
    event_name: str | None
    payload: Mapping[str, Any]
    traceparent: str
    since: datetime
    due: DueRow | None
    cancelled: bool


def deliver(*, delivery_id: int, now: datetime) -> None:
    """Run one delivery if it is still to be run. Its failures end in the ledger, never in the caller."""
    taken = _take(delivery_id, now)
    if taken is not None:
        attempt(taken, now)


def _take(delivery_id: int, now: datetime) -> Taken | None:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_ONE, {"id": delivery_id, "until": now + run_lease()})
        row = cursor.fetchone()
    return _taken(row) if row is not None else None


def take_first(ids: Sequence[int], *, consumers: Iterable[str], now: datetime) -> list[Taken]:
    """Those of these consumers that are still to be run for the first time, their attempt counted."""
    values: dict[str, Any] = {"ids": list(ids), "consumers": list(consumers), "until": now + run_lease()}
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_FIRST, values)
        return [_taken(row) for row in cursor.fetchall()]


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
        _note_failure(taken, error)


def _taken(row: tuple[Any, ...]) -> Taken:
    (
        id_,
        consumer,
        attempt,
        called,
        name,
        payload,
        traceparent,
        since,
        kind,
        key,
        due_at,
        expires_at,
        about,
        state,
    ) = row
    payload = _as_mapping(payload)
    due = None
    if kind is not None:
        due = DueRow(kind=kind, key=key, due_at=due_at, expires_at=expires_at, about=about, payload=payload)
    return Taken(
        id=id_, consumer=consumer, attempt=attempt, uncertain=called, event_name=name, payload=payload,
        traceparent=traceparent or "", since=since, due=due, cancelled=state == "cancelled",
    )  # fmt: skip


def _as_mapping(payload: Any) -> Mapping[str, Any]:
    # Django turns off psycopg's own reading of jsonb.
    loaded: Mapping[str, Any] = orjson.loads(payload) if isinstance(payload, str | bytes) else payload
    return loaded


def context_of(taken: Taken, now: datetime) -> DeliveryContext:
    return DeliveryContext(
        delivery_id=taken.id,
        attempt=taken.attempt,
        now=now,
        uncertain=taken.uncertain,
        late=_is_late(taken, now),
        traceparent=taken.traceparent,
    )


def _run(taken: Taken, now: datetime) -> None:
    context = context_of(taken, now)
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
        if is_useless(taken, context.now):
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


def is_useless(taken: Taken, now: datetime) -> bool:
    """Whether its due row is past its use: then it ends as expired, unless it was taken back before."""
    expires_at = taken.due.expires_at if taken.due is not None else None
    return expires_at is not None and now >= expires_at and not taken.cancelled


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
        Heard(event=from_payload(subscription, each.payload), ctx=context_of(each, now)) for each in group
    ]
    about = {"consumer": group[0].consumer, "count": len(group)}
    try:
        with observability.span("outbox.deliver_outside", traceparent=group[0].traceparent, attributes=about):
            subscription.outside_batch(heard, Promises(group, allowed=subscription.attempts))
    except Exception as error:  # noqa: BLE001 - its job is to survive; the ledger keeps the cause
        for each in group:
            _note_failure(each, error)


def _mark(statement: str, taken: Taken, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"id": taken.id, "attempt": taken.attempt, "now": now})
        if cursor.rowcount != 1:
            raise LeaseLost


def _note_failure(taken: Taken, error: Exception) -> None:
    """Back with a back-off, or aside when there is no hope. The cause is a code, never content."""
    now = clock.now()
    hopeless = isinstance(error, Impossible) or (isinstance(error, Refusal) and error.kind in _HOPELESS)
    aside = hopeless or taken.attempt >= _allowed(taken)
    after = error.after if isinstance(error, Retry) and error.after is not None else back_off(taken.attempt)
    with connection.cursor() as cursor:
        cursor.execute(
            _FAILED,
            {
                "id": taken.id,
                "attempt": taken.attempt,
                "state": "quarantined" if aside else "waiting",
                "available_at": now if aside else now + after,
                "queues": _retry_queues(),
                # Only a Retry says that nothing happened outside; a prepare that failed rolled its own mark
                # back.
                "called": False if isinstance(error, Retry) else None,
                "cause": cause_of(error),
            },
        )
    metrics.count_failed(consumer=taken.consumer, quarantined=aside)
    log.warning(
        "delivery.quarantined" if aside else "delivery.failed",
        consumer=taken.consumer, attempt=taken.attempt, error=type(error).__name__,
    )  # fmt: skip


def _allowed(taken: Taken) -> int:
    registered: DueKind | Subscription | None
    if taken.due is not None:
        registered = find_due_kind(taken.due.kind)
    else:
        registered = find_subscription(taken.event_name or "", taken.consumer)
    return registered.attempts if registered else DEFAULT_ATTEMPTS


def _is_late(taken: Taken, now: datetime) -> bool:
    if taken.due is None:
        return False
    kind = find_due_kind(taken.due.kind)
    return kind is not None and now - taken.due.due_at > kind.late_after


def cause_of(error: Exception) -> str:
    """The code and class of what went wrong: no text of an exception, it may quote a patient."""
    code = getattr(error, "code", "")
    name = type(error).__name__
    return f"{code}: {name}"[:200] if isinstance(code, str) and code else name[:200]


def back_off(attempt: int) -> timedelta:
    """5 s, 20 s, 80 s … up to an hour, each between half and one and a half of it, so that retries spread."""
    base, longest = settings.OUTBOX_BACK_OFF_SECONDS, settings.OUTBOX_LONGEST_BACK_OFF_SECONDS
    return timedelta(seconds=min(base * 4 ** (attempt - 1), longest) * random.uniform(0.5, 1.5))  # noqa: S311


def run_lease() -> timedelta:
    return timedelta(seconds=settings.OUTBOX_RUN_LEASE_SECONDS)


def _retry_queues() -> str:
    return orjson.dumps(settings.OUTBOX_RETRY_QUEUES).decode()
