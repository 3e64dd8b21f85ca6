"""The trace that a promise continues when it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("outbox_traceparent", default="")


def current_traceparent() -> str:
    return _current.get()


@contextmanager
def continued(traceparent: str) -> Iterator[None]:
    token = _current.set(traceparent)
    try:
        yield
    finally:
        _current.reset(token)
