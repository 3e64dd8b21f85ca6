"""One write, one transaction: locks that cannot be had in time become Busy, a lost race is run again.

Within ``Joined`` a write is part of the caller's transaction instead, as a savepoint of it: for several
writes that happen together or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import TypeVar

from django.db import OperationalError, transaction

from scheduling import metrics
from steadwell.errors import Busy, Refusal

S = TypeVar("S")
T = TypeVar("T")

_DEADLOCK = "40P01"
_OUT_OF_TIME = {"55P03", "57014"}  # lock_timeout, statement_timeout
_TRIES = 3


_joined: ContextVar[bool] = ContextVar("scheduling_joined", default=False)


class Joined:
    """A context in which writes join the transaction that is open."""

    _token: Token[bool]

    def __enter__(self) -> None:
        self._token = _joined.set(True)

    def __exit__(self, *_: object) -> None:
        _joined.reset(self._token)


class LostRace(Exception):
    """Another transaction took something between the look and the claim. Looking again shows what, so the
    second run refuses with the right words, or finds another room.
    """


def write(work: Callable[[], T]) -> T:
    """Run ``work`` in its own transaction, at most three times."""
    return look_then_write(lambda: None, lambda _: work())


def look_then_write(look: Callable[[], S], work: Callable[[S], T]) -> T:
    """As ``write``, with what ``look`` saw just before: whoever it refuses opens no transaction.

    Each statement sees the database as it is when it begins, inside a transaction as well, so nothing is
    looser for it: what ``work`` claims is guarded by constraints, and after a lost race both run again. A
    refusal inside would end in a rollback, with which psycopg forgets what it had prepared.
    """
    for tries_left in reversed(range(_TRIES)):
        try:
            seen = look()
            with transaction.atomic(durable=not _joined.get()):
                return work(seen)
        except LostRace:
            if not tries_left:
                raise _busy() from None
        except OperationalError as error:
            code = getattr(error.__cause__, "sqlstate", None)
            if code == _DEADLOCK and tries_left and not _joined.get():
                continue
            if code == _DEADLOCK or code in _OUT_OF_TIME:
                raise _busy() from error
            raise
        except Refusal as refusal:
            metrics.refused.inc(code=refusal.code)
            raise
    raise _busy()


def _busy() -> Busy:
    metrics.refused.inc(code=Busy.code)
    return Busy()
