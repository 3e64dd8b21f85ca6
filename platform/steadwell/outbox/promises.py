"""Several promises that one consumer keeps outside, each settled by itself, in few statements.

A batch handler of ``subscribe_outside_batch`` gets its events and these promises. It marks them in
transactions of its own: ``calling`` before it reaches outside, ``done`` with the effect, ``later`` when
nothing came of it. Each mark is fenced: of a promise that another worker has by now nothing is written, and
the answer says which are still ours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import orjson
from django.conf import settings
from django.db import connection

from steadwell.outbox import metrics

_MINE = """
FROM unnest(%(ids)s::bigint[], %(attempts)s::int[]) AS mine (id, attempt)
WHERE d.id = mine.id AND d.state = 'running' AND d.attempts = mine.attempt
"""
_CALLING = f"UPDATE outbox_outboxdelivery d SET called = true {_MINE} RETURNING d.id"  # noqa: S608 - constants
_DONE = f"""
UPDATE outbox_outboxdelivery d
SET state = 'done', settled_at = %(now)s, lease_until = NULL, called = false, last_error = ''
{_MINE} RETURNING d.id
"""  # noqa: S608 - constants only
# An attempt that was not made is taken off the count again. That cannot revive a lost attempt's number: only
# the attempt that is running now takes itself back, so a lost one stays below every later one.
_LATER = """
UPDATE outbox_outboxdelivery d
SET state = mine.state, available_at = mine.available_at, lease_until = NULL, called = mine.called,
    last_error = mine.cause, attempts = d.attempts - CASE WHEN mine.counted THEN 0 ELSE 1 END,
    queue = CASE WHEN mine.state = 'waiting' THEN coalesce(%(queues)s::jsonb ->> d.queue, d.queue)
                 ELSE d.queue END
FROM unnest(%(ids)s::bigint[], %(attempts)s::int[], %(states)s::text[], %(times)s::timestamptz[],
            %(calleds)s::bool[], %(causes)s::text[], %(counteds)s::bool[])
    AS mine (id, attempt, state, available_at, called, cause, counted)
WHERE d.id = mine.id AND d.state = 'running' AND d.attempts = mine.attempt RETURNING d.id, d.state
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Nothing is settled: again ``after``. ``cause`` is a code. Without ``counted`` it was no attempt at all
    (no room, a breaker); ``unsure``: the call may have had its effect.
    """

    after: timedelta
    cause: str
    counted: bool = True
    unsure: bool = False


class Owed(Protocol):
    """What a promise is known by: a delivery whose attempt has been counted."""

    @property
    def id(self) -> int: ...

    @property
    def attempt(self) -> int: ...

    @property
    def consumer(self) -> str: ...

    @property
    def since(self) -> datetime: ...


class Promises:
    """The promises of one batch, by delivery id."""

    def __init__(self, taken: Iterable[Owed], *, allowed: int) -> None:
        self._taken = {each.id: each for each in taken}
        self._allowed = allowed

    @property
    def ids(self) -> Collection[int]:
        return self._taken.keys()

    def calling(self, ids: Iterable[int]) -> set[int]:
        """From here on their calls may have had an effect. Answers which are still ours."""
        return self._mark(_CALLING, list(ids), {})

    def done(self, ids: Iterable[int], *, now: datetime) -> set[int]:
        """They are kept. Belongs into the transaction of the effect. Answers which were still ours."""
        kept = self._mark(_DONE, list(ids), {"now": now})
        for each in kept:
            taken = self._taken[each]
            metrics.count_done(consumer=taken.consumer, since=taken.since, now=now)
        return kept

    def later(self, outcomes: Mapping[int, Later], *, now: datetime) -> set[int]:
        """They wait again; those whose counted attempts are used up are set aside, for staff."""
        ids = list(outcomes)
        aside = {
            each for each in ids if outcomes[each].counted and self._taken[each].attempt >= self._allowed
        }
        values: dict[str, Any] = {
            "states": ["quarantined" if each in aside else "waiting" for each in ids],
            "times": [now + outcomes[each].after for each in ids],
            "calleds": [outcomes[each].unsure for each in ids],
            "causes": [outcomes[each].cause[:200] for each in ids],
            "counteds": [outcomes[each].counted for each in ids],
            "queues": orjson.dumps(settings.OUTBOX_RETRY_QUEUES).decode(),
        }
        kept = self._mark(_LATER, ids, values)
        for each in kept:
            if outcomes[each].counted:
                metrics.count_failed(consumer=self._taken[each].consumer, quarantined=each in aside)
        return kept

    def _mark(self, statement: str, ids: list[int], values: dict[str, Any]) -> set[int]:
        if not ids:
            return set()
        with connection.cursor() as cursor:
            cursor.execute(
                statement,
                {"ids": ids, "attempts": [self._taken[each].attempt for each in ids], **values},
            )
            return {row[0] for row in cursor.fetchall()}
