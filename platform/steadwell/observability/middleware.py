"""The outermost ring of every request: its id, its trace, its line in the log and its place in the metrics.

Written by hand because it runs on every request: generic instrumentation measured several times this cost and
records addresses with their query, which may hold what somebody searched for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import cache
from time import perf_counter
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import connections
from django.http import HttpRequest, HttpResponse
from opentelemetry.trace import SpanKind

from steadwell.observability import inflight, logs, metrics, tracing, views

request_seconds = metrics.histogram(
    "steadwell_request_seconds",
    "Time to answer a request, by route and status.",
    ("method", "route", "status"),
)
request_statements = metrics.histogram(
    "steadwell_request_statements",
    "SQL statements of a request, by route.",
    ("method", "route"),
    buckets=(0, 1, 2, 4, 8, 12, 16, 24, 40, 80),
)

# Answered before anything else: probes come with no host name, no TLS and no cookie, and must cost next to
# nothing.
_MACHINES: Final[dict[str, Callable[[HttpRequest], HttpResponse]]] = {
    "/healthz/live": views.live,
    "/healthz/ready": views.ready,
    "/metrics": views.scrape,
}
_UNUSUAL: Final = re.compile(r"[^A-Za-z0-9_.:/<>-]")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _Statements:
    """Counts a request's statements and the time spent in them. See ``connection.execute_wrapper``."""

    __slots__ = ("count", "seconds")

    def __init__(self) -> None:
        self.count = 0
        self.seconds = 0.0

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self.count += 1
        started = perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seconds += perf_counter() - started


class ObservabilityMiddleware:
    """First in MIDDLEWARE."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        self._access_log = settings.ACCESS_LOG
        self._trust_traceparent = settings.TRUST_TRACEPARENT

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if (machine := _MACHINES.get(request.path_info)) is not None:
            return machine(request)
        request_id = os.urandom(12).hex()
        statements = _Statements()
        method = request.method if request.method in _METHODS else "OTHER"
        parent = request.META.get("HTTP_TRACEPARENT", "") if self._trust_traceparent else ""
        tokens = structlog.contextvars.bind_contextvars(request_id=request_id)
        started = perf_counter()
        inflight.begin()
        try:
            with (
                tracing.span("request", traceparent=parent, kind=SpanKind.SERVER) as span,
                connections["default"].execute_wrapper(statements),
            ):
                response = self._get_response(request)
                route, status = route_of(request), response.status_code
                if span.is_recording():
                    span.update_name(f"{method} {route}")
                    span.set_attributes(
                        {
                            "http.request.method": method,
                            "http.route": route,
                            "http.response.status_code": status,
                        }
                    )
                self._tell(request_id, method, route, status, perf_counter() - started, statements)
        finally:
            inflight.end()
            structlog.contextvars.reset_contextvars(**tokens)
        response.headers.setdefault("X-Request-ID", request_id)  # an API gives its client's own back
        return response

    def _tell(
        self, request_id: str, method: str, route: str, status: int, seconds: float, statements: _Statements
    ) -> None:
        request_seconds.observe(seconds, method=method, route=route, status=str(status))
        request_statements.observe(statements.count, method=method, route=route)
        if self._access_log:
            logs.write(
                "http.request_answered",
                logger=__name__,
                fields={
                    "request_id": request_id,
                    "method": method,
                    "route": route,
                    "status": status,
                    "ms": round(seconds * 1000, 3),
                    "sql": statements.count,
                    "sql_ms": round(statements.seconds * 1000, 3),
                },
            )


def route_of(request: HttpRequest) -> str:
    """The path's template (``visits/<uuid:appointment_id>/``), never the path."""
    match = request.resolver_match
    if match is None:
        return "static" if request.path_info.startswith(settings.STATIC_URL) else "unmatched"
    return _code_of(match.route)


@cache
def _code_of(route: str) -> str:
    """A route is a label and a log field, so it must be a code. Routes written as expressions lose their
    signs.
    """
    return "/" + _UNUSUAL.sub("", route)
