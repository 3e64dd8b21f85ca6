"""One write, one transaction; what cannot be locked in time is Busy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, transaction

from steadwell.errors import Busy

T = TypeVar("T")
_NOT_IN_TIME = frozenset({"55P03", "57014", "40P01"})  # lock_timeout, statement_timeout, deadlock


def write(work: Callable[[], T]) -> T:
    try:
        with transaction.atomic(durable=True):
            return work()
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) in _NOT_IN_TIME:
            raise Busy from error
        raise
