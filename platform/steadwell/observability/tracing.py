"""One trace from the click through outbox and worker to the provider's call.

The context is the W3C ``traceparent`` and is always there, so that logs of one click can be found together.
Spans are recorded and sent only where an exporter is set; without one, a span costs a few random bytes.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from django.conf import settings
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags

from steadwell.observability import policy

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider

_VERSION: Final = "00"
_lock = threading.Lock()
_tracer: trace.Tracer | None = None
_decided = False


def current_traceparent() -> str:
    """The W3C traceparent of now, or an empty text outside of any span. Store it with work that is done
    later.
    """
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return ""
    return f"{_VERSION}-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


def current_trace_id() -> str:
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else ""


@contextmanager
def span(
    name: str,
    *,
    traceparent: str | None = None,
    attributes: Mapping[str, object] | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
) -> Iterator[Span]:
    """Work with a name and a duration, inside the current span or the one ``traceparent`` names.

    An empty ``traceparent`` starts a new trace; ``None`` continues what is there. Attributes pass the same
    allow-list as log fields. An exception leaves its class on the span, never its words.
    """
    parent = None if traceparent is None else _remote(traceparent)
    tracer = _tracer if _decided else _decide()
    if tracer is None:
        made: Span = _unrecorded(parent)
    else:
        admitted = policy.admit(attributes)[0] if attributes else None
        made = tracer.start_span(name, context=parent, kind=kind, attributes=admitted)
    token = otel_context.attach(trace.set_span_in_context(made))
    try:
        yield made
    except BaseException as error:
        made.set_attribute("error.type", f"{type(error).__module__}.{type(error).__qualname__}")
        made.set_status(trace.StatusCode.ERROR)
        raise
    finally:
        otel_context.detach(token)
        made.end()


def annotate(**attributes: object) -> None:
    """Add ids, codes or counts to the current span."""
    current = trace.get_current_span()
    if current.is_recording():
        current.set_attributes(policy.admit(attributes)[0])


def _unrecorded(parent: otel_context.Context | None) -> Span:
    above = trace.get_current_span(parent).get_span_context()
    return NonRecordingSpan(
        SpanContext(
            trace_id=above.trace_id if above.is_valid else random.getrandbits(128),
            span_id=random.getrandbits(64) or 1,
            is_remote=False,
            trace_flags=above.trace_flags if above.is_valid else TraceFlags(TraceFlags.DEFAULT),
        )
    )


def _remote(traceparent: str) -> otel_context.Context:
    """The context a traceparent names; an empty or a broken one starts a new trace."""
    empty = otel_context.Context()
    parts = traceparent.split("-")
    if len(parts) != 4 or [len(part) for part in parts] != [2, 32, 16, 2]:
        return empty
    try:
        trace_id, span_id, flags = (int(part, 16) for part in parts[1:])
    except ValueError:
        return empty
    context = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))
    return trace.set_span_in_context(NonRecordingSpan(context), empty) if context.is_valid else empty


def _decide() -> trace.Tracer | None:
    """At the first span and not at import: gunicorn and Celery fork after import, and threads do not survive
    it.
    """
    global _tracer, _decided
    with _lock:
        if not _decided:
            endpoint = settings.OTEL_EXPORTER_OTLP_ENDPOINT
            if endpoint:
                from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
                from opentelemetry.sdk.trace.export import BatchSpanProcessor

                exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=5)
                _tracer = _provider(BatchSpanProcessor(exporter)).get_tracer("steadwell")
            _decided = True
    return _tracer


def _provider(processor: SpanProcessor) -> TracerProvider:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    provider = TracerProvider(
        resource=Resource(
            {
                "service.name": "steadwell",
                "service.version": settings.RELEASE,
                "steadwell.process": settings.PROCESS_NAME,
                "process.pid": os.getpid(),
            }
        ),
        sampler=ParentBased(TraceIdRatioBased(settings.TRACE_SAMPLE_RATIO)),
        shutdown_on_exit=True,
    )
    provider.add_span_processor(processor)
    return provider


@contextmanager
def recorded_spans() -> Iterator[list[ReadableSpan]]:
    """For tests: every span that ends inside is in the list, all of them sampled."""
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

    finished: list[ReadableSpan] = []

    class Memory(SpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            finished.extend(spans)
            return SpanExportResult.SUCCESS

    global _tracer, _decided
    before = _tracer, _decided
    _tracer, _decided = _provider(SimpleSpanProcessor(Memory())).get_tracer("steadwell"), True
    try:
        yield finished
    finally:
        _tracer, _decided = before
