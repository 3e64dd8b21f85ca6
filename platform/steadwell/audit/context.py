"""The request an entry belongs to. The edge binds it; nobody below passes it along."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_request_id: ContextVar[str] = ContextVar("audit_request_id", default="")
_trace_id: ContextVar[str] = ContextVar("audit_trace_id", default="")


def current_request_id() -> str:
    return _request_id.get()


def current_trace_id() -> str:
    return _trace_id.get()


@contextmanager
def request_context(*, request_id: str, trace_id: str = "") -> Iterator[None]:
    """Entries recorded inside carry these ids. Opaque ids only: at most 64 and 32 characters are kept."""
    request, trace = _request_id.set(request_id[:64]), _trace_id.set(trace_id[:32])
    try:
        yield
    finally:
        _request_id.reset(request)
        _trace_id.reset(trace)
