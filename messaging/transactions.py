"""One write, one transaction; what cannot be locked in time is Busy, a deadlock is run again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, transaction

from steadwell.errors import Busy

T = TypeVar("T")
_DEADLOCK = "40P01"
_NOT_IN_TIME = frozenset({"55P03", "57014"})  # lock_timeout, statement_timeout
_TRIES = 3


def write(work: Callable[[], T]) -> T:
    for tries_left in reversed(range(_TRIES)):
        try:
            with transaction.atomic(durable=True):
                return work()
        except OperationalError as error:
            code = getattr(error.__cause__, "sqlstate", None)
            if code == _DEADLOCK and tries_left:
                continue
            if code == _DEADLOCK or code in _NOT_IN_TIME:
                raise Busy from error
            raise
    raise Busy
