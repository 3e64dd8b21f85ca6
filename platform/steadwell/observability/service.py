"""What other packages may use of observability. See the modules for the rules on what may be told."""

from __future__ import annotations

from opentelemetry.trace import SpanKind

from steadwell.observability.health import register_check
from steadwell.observability.inflight import longest_seconds as longest_request_seconds
from steadwell.observability.logs import RecordFormatter, bound, current_request_id, get_logger
from steadwell.observability.metrics import (
    JOURNEY_BUCKETS,
    LATENCY_BUCKETS,
    Counter,
    Histogram,
    LabelRefused,
    collect,
    counter,
    forget_process,
    histogram,
)
from steadwell.observability.tracing import (
    annotate,
    current_trace_id,
    current_traceparent,
    recorded_spans,
    span,
)

__all__ = [
    "JOURNEY_BUCKETS",
    "LATENCY_BUCKETS",
    "Counter",
    "Histogram",
    "LabelRefused",
    "RecordFormatter",
    "SpanKind",
    "annotate",
    "bound",
    "collect",
    "counter",
    "current_request_id",
    "current_trace_id",
    "current_traceparent",
    "forget_process",
    "get_logger",
    "histogram",
    "longest_request_seconds",
    "recorded_spans",
    "register_check",
    "span",
]
