"""One write, one transaction; what cannot be locked in time is Busy, a lost race is run again.

Within ``Joined`` a write is part of the caller's transaction instead, as a savepoint of it: for several
writes that happen together or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import TypeVar

from django.db import OperationalError, transaction

from steadwell.errors import Busy

T = TypeVar("T")
_DEADLOCK = "40P01"
_NOT_IN_TIME = frozenset({"55P03", "57014"})  # lock_timeout, statement_timeout
_TRIES = 3


_joined: ContextVar[bool] = ContextVar("medications_joined", default=False)


class Joined:
    """A context in which writes join the transaction that is open."""

    _token: Token[bool]

    def __enter__(self) -> None:
        self._token = _joined.set(True)

    def __exit__(self, *_: object) -> None:
        _joined.reset(self._token)


class Moved(Exception):
    """Who a patient is changed between the look and the lock: the next run sees it."""


def write(work: Callable[[], T]) -> T:
    """Run ``work`` in its own transaction, at most three times; a deadlock ends a joined one as a whole."""
    for tries_left in reversed(range(_TRIES)):
        try:
            with transaction.atomic(durable=not _joined.get()):
                return work()
        except Moved:
            if not tries_left:
                raise Busy from None
        except OperationalError as error:
            code = getattr(error.__cause__, "sqlstate", None)
            if code == _DEADLOCK and tries_left and not _joined.get():
                continue
            if code == _DEADLOCK or code in _NOT_IN_TIME:
                raise Busy from error
            raise
    raise Busy
