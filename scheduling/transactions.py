"""The writes of this app: as all writes, and each refusal is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from scheduling import metrics
from steadwell import transactions
from steadwell.errors import Refusal

S = TypeVar("S")
T = TypeVar("T")


def write(work: Callable[[], T]) -> T:
    with _counted():
        return transactions.write(work)


def look_then_write(look: Callable[[], S], work: Callable[[S], T]) -> T:
    with _counted():
        return transactions.look_then_write(look, work)


@contextmanager
def _counted() -> Iterator[None]:
    try:
        yield
    except Refusal as refusal:
        metrics.refused.inc(code=refusal.code)
        raise
