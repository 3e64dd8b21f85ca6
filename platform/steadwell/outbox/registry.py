"""Who hears what. Filled once, by the apps' ``AppConfig.ready()``, the same in every process."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, get_type_hints
from uuid import UUID

from django.conf import settings

from steadwell.events import Event
from steadwell.outbox.types import (
    BatchHandler,
    Call,
    DueBatchHandler,
    DueHandler,
    E,
    Handler,
    Outcome,
    OutsideBatchHandler,
    OutsideHandler,
)

DEFAULT_ATTEMPTS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One consumer of one event. Exactly one of ``handler``, ``batch``, ``outside`` and ``outside_batch`` is
    set.
    """

    event_type: type[Event]
    hints: Mapping[str, Any]
    consumer: str
    queue: str
    attempts: int
    handler: Handler[Any] | None = None
    batch: BatchHandler[Any] | None = None
    outside: OutsideHandler[Any, Any, Any] | None = None
    outside_batch: OutsideBatchHandler[Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DueKind:
    """What happens when rows of a kind fall due. Exactly one of ``handler`` and ``batch`` is set."""

    kind: str
    queue: str
    late_after: timedelta
    attempts: int
    handler: DueHandler | None = None
    batch: DueBatchHandler | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeating:
    """Work of the house itself, once per ``every``: a due row per slot of time, never two for one slot."""

    kind: str
    every: timedelta


_subscriptions: dict[str, dict[str, Subscription]] = {}
_due_kinds: dict[str, DueKind] = {}
_repeating: dict[str, Repeating] = {}


def subscribe(
    event_type: type[E], *, consumer: str, queue: str, handler: Handler[E], attempts: int = DEFAULT_ATTEMPTS
) -> None:
    """Run ``handler`` once for each event, in one transaction with marking the delivery done."""
    _add(event_type, consumer, queue, attempts, handler=handler)


def subscribe_batch(
    event_type: type[E],
    *,
    consumer: str,
    queue: str,
    handler: BatchHandler[E],
    attempts: int = DEFAULT_ATTEMPTS,
) -> None:
    """Run ``handler`` with several events at once, in one transaction with marking all their deliveries done.

    It gets one event or many, each once, in the order in which they were told. When it raises, nothing of
    the batch has happened, and each of its events runs alone: one that cannot be done spoils no other.
    """
    _add(event_type, consumer, queue, attempts, batch=handler)


def subscribe_outside(
    event_type: type[E],
    *,
    consumer: str,
    queue: str,
    handler: OutsideHandler[E, Call, Outcome],
    attempts: int = DEFAULT_ATTEMPTS,
) -> None:
    """Run a handler that reaches outside, with no database connection held during its call."""
    _add(event_type, consumer, queue, attempts, outside=handler)


def subscribe_outside_batch(
    event_type: type[E],
    *,
    consumer: str,
    queue: str,
    handler: OutsideBatchHandler[E],
    attempts: int = DEFAULT_ATTEMPTS,
) -> None:
    """Run a handler that reaches outside with several events at once; it settles each by itself (see
    ``promises``). What it leaves unsettled when it raises is retried, each alone.
    """
    _add(event_type, consumer, queue, attempts, outside_batch=handler)


def handle_due(
    kind: str,
    *,
    queue: str,
    handler: DueHandler,
    late_after: timedelta = timedelta(minutes=5),
    attempts: int = DEFAULT_ATTEMPTS,
) -> None:
    """Run ``handler`` once for each row of a kind when due; ``ctx.late`` is set after ``late_after``."""
    _check_queue(queue)
    _once(_due_kinds, kind)
    _due_kinds[kind] = DueKind(
        kind=kind, queue=queue, handler=handler, late_after=late_after, attempts=attempts
    )


def handle_due_batch(
    kind: str,
    *,
    queue: str,
    handler: DueBatchHandler,
    late_after: timedelta = timedelta(minutes=5),
    attempts: int = DEFAULT_ATTEMPTS,
) -> None:
    """Run ``handler`` with several rows of a kind that are due, as ``subscribe_batch`` does with events."""
    _check_queue(queue)
    _once(_due_kinds, kind)
    _due_kinds[kind] = DueKind(
        kind=kind, queue=queue, batch=handler, late_after=late_after, attempts=attempts
    )


def repeat(kind: str, *, every: timedelta, queue: str, handler: DueHandler) -> None:
    """Run ``handler`` once per ``every``, in one process of many. What was missed while down stays missed."""
    handle_due(kind, queue=queue, handler=handler)
    _repeating[kind] = Repeating(kind=kind, every=every)


def subscriptions_of(event_name: str) -> Mapping[str, Subscription]:
    return _subscriptions.get(event_name, {})


def find_subscription(event_name: str, consumer: str) -> Subscription | None:
    return _subscriptions.get(event_name, {}).get(consumer)


def find_due_kind(kind: str) -> DueKind | None:
    return _due_kinds.get(kind)


def due_kinds() -> Iterator[DueKind]:
    return iter(list(_due_kinds.values()))


def allowed_attempts() -> Mapping[str, int]:
    """The consumers and kinds that ask for another number of attempts than most."""
    consumers = [each for several in _subscriptions.values() for each in several.values()]
    numbers = {each.consumer: each.attempts for each in consumers}
    numbers.update({each.kind: each.attempts for each in _due_kinds.values()})
    return {name: attempts for name, attempts in numbers.items() if attempts != DEFAULT_ATTEMPTS}


def batch_consumers() -> frozenset[str]:
    """The consumers and kinds that take several deliveries at once."""
    consumers = {
        each.consumer
        for several in _subscriptions.values()
        for each in several.values()
        if each.batch or each.outside_batch
    }
    return frozenset(consumers | {each.kind for each in _due_kinds.values() if each.batch})


def repeating() -> Iterator[Repeating]:
    return iter(list(_repeating.values()))


def forget(*, consumer: str = "", kind: str = "") -> None:
    """Take a registration back. For tests, which register their own consumers."""
    for consumers in _subscriptions.values():
        consumers.pop(consumer, None)
    _due_kinds.pop(kind, None)
    _repeating.pop(kind, None)


def to_payload(event: Event) -> dict[str, str | int]:
    """The event's fields as JSON holds them: ids as text, codes and numbers as they are."""
    payload: dict[str, str | int] = {}
    for item in dataclasses.fields(event):
        value = getattr(event, item.name)
        payload[item.name] = str(value) if isinstance(value, UUID) else value
    return payload


def from_payload(subscription: Subscription, payload: Mapping[str, Any]) -> Event:
    """The event again. Fields that this code does not know yet are left out (rolling deploys)."""
    values = {
        name: UUID(payload[name]) if hint is UUID else payload[name]
        for name, hint in subscription.hints.items()
        if name in payload
    }
    return subscription.event_type(**values)


def _add(
    event_type: type[Event],
    consumer: str,
    queue: str,
    attempts: int,
    *,
    handler: Handler[Any] | None = None,
    batch: BatchHandler[Any] | None = None,
    outside: OutsideHandler[Any, Any, Any] | None = None,
    outside_batch: OutsideBatchHandler[Any] | None = None,
) -> None:
    _check_queue(queue)
    consumers = _subscriptions.setdefault(event_type.name, {})
    _once(consumers, consumer)
    hints = get_type_hints(event_type)
    known = {item.name: _plain(hints[item.name]) for item in dataclasses.fields(event_type)}
    consumers[consumer] = Subscription(
        event_type=event_type, hints=known, consumer=consumer, queue=queue, attempts=attempts,
        handler=handler, batch=batch, outside=outside, outside_batch=outside_batch,
    )  # fmt: skip


def _plain(hint: Any) -> Any:
    """A NewType stands for what it is made of."""
    while hasattr(hint, "__supertype__"):
        hint = hint.__supertype__
    return hint


def _check_queue(queue: str) -> None:
    if queue not in settings.CELERY_TASK_QUEUES:
        raise ValueError(f"There is no queue {queue}: declare it in steadwell.config.queues.")


def _once(registered: Mapping[str, object], name: str) -> None:
    if name in registered:
        raise ValueError(f"{name} is registered twice.")
