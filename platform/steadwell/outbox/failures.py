"""How an attempt that failed ends: back with a back-off, or set aside for staff when there is no hope."""

from __future__ import annotations

import random
from datetime import timedelta

import orjson
from django.conf import settings
from django.db import connection

from steadwell import clock
from steadwell.errors import Kind, Refusal
from steadwell.observability import service as observability
from steadwell.outbox import metrics
from steadwell.outbox.attempts import MINE, Taken
from steadwell.outbox.errors import Impossible, Retry
from steadwell.outbox.registry import (
    DEFAULT_ATTEMPTS,
    DueKind,
    Subscription,
    find_due_kind,
    find_subscription,
)

log = observability.get_logger(__name__)

_FAILED = f"""
UPDATE outbox_outboxdelivery
SET state = %(state)s, available_at = %(available_at)s, queue = coalesce(%(queues)s::jsonb ->> queue, queue),
    lease_until = NULL, called = coalesce(%(called)s, called), last_error = %(cause)s {MINE}
"""  # noqa: S608 - constants only
_HOPELESS = frozenset({Kind.INVALID, Kind.FORBIDDEN, Kind.NOT_FOUND})


def note(taken: Taken, error: Exception) -> None:
    """Back with a back-off, or aside when there is no hope. The cause is a code, never content."""
    now = clock.now()
    hopeless = isinstance(error, Impossible) or (isinstance(error, Refusal) and error.kind in _HOPELESS)
    aside = hopeless or taken.attempt >= _allowed(taken)
    after = error.after if isinstance(error, Retry) and error.after is not None else _back_off(taken.attempt)
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
                "cause": _cause_of(error),
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


def _cause_of(error: Exception) -> str:
    """The code and class of what went wrong: no text of an exception, it may quote a patient."""
    code = getattr(error, "code", "")
    name = type(error).__name__
    return f"{code}: {name}"[:200] if isinstance(code, str) and code else name[:200]


def _back_off(attempt: int) -> timedelta:
    """5 s, 20 s, 80 s … up to an hour, each between half and one and a half of it, so that retries spread."""
    base, longest = settings.OUTBOX_BACK_OFF_SECONDS, settings.OUTBOX_LONGEST_BACK_OFF_SECONDS
    return timedelta(seconds=min(base * 4 ** (attempt - 1), longest) * random.uniform(0.5, 1.5))  # noqa: S311


def _retry_queues() -> str:
    return orjson.dumps(settings.OUTBOX_RETRY_QUEUES).decode()
