"""Prometheus metrics that name what the clinic would name. Labels are codes; a person never becomes a label.

Each process writes its numbers to a small mapped file in ``PROMETHEUS_MULTIPROC_DIR`` when that is set, and
whoever is scraped adds all of them up: gunicorn has several workers, and a scrape meets only one. Without the
folder, each process counts for itself. What lives in Postgres is asked for at a scrape: see ``collect``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from time import perf_counter
from typing import Final

from django.conf import settings

from steadwell.observability import policy

_FOLDER: Final = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
if _FOLDER:  # the client decides at import where its numbers live
    os.makedirs(_FOLDER, exist_ok=True)

import prometheus_client  # noqa: E402
from prometheus_client import multiprocess  # noqa: E402
from prometheus_client.core import GaugeMetricFamily  # noqa: E402

LABELS: Final = frozenset(
    {
        "by", "category", "channel", "code", "consumer", "destination", "event", "kind", "method",
        "mode", "operation", "outcome", "provider", "queue", "role", "route", "source", "state",
        "status", "step", "task", "template",
    }
)  # fmt: skip
# Seconds. The aims are tens of milliseconds; the tail must still tell one second from ten.
LATENCY_BUCKETS: Final = (0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6, 1.0, 2.5, 5.0, 10.0)
# Seconds between a person's act and its last effect: a confirmation, a visit booked after it was held.
JOURNEY_BUCKETS: Final = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 240, 480, 900, 1800, 3600, 10800)

REGISTRY = prometheus_client.CollectorRegistry(auto_describe=False)
CONTENT_TYPE: Final = prometheus_client.CONTENT_TYPE_LATEST


class LabelRefused(Exception):
    """A metric was declared with a label that is not on the list, or counted without its labels."""


class Counter:
    """A number that only grows."""

    def __init__(self, name: str, doc: str, labels: tuple[str, ...]) -> None:
        self._labels = _checked(labels)
        self._metric = prometheus_client.Counter(name, doc, labels, registry=REGISTRY)
        self._children: dict[tuple[str, ...], prometheus_client.Counter] = {}

    def inc(self, amount: float = 1, **labels: str) -> None:
        key = _values(self._labels, labels)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = self._metric.labels(*_codes(key)) if key else self._metric
        child.inc(amount)


class Histogram:
    """How long something took, in seconds, counted by bucket."""

    def __init__(self, name: str, doc: str, labels: tuple[str, ...], buckets: tuple[float, ...]) -> None:
        self._labels = _checked(labels)
        self._metric = prometheus_client.Histogram(name, doc, labels, registry=REGISTRY, buckets=buckets)
        self._children: dict[tuple[str, ...], prometheus_client.Histogram] = {}

    def observe(self, seconds: float, **labels: str) -> None:
        key = _values(self._labels, labels)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = self._metric.labels(*_codes(key)) if key else self._metric
        child.observe(seconds)

    @contextmanager
    def time(self, **labels: str) -> Iterator[None]:
        started = perf_counter()
        try:
            yield
        finally:
            self.observe(perf_counter() - started, **labels)


def counter(name: str, doc: str, labels: Sequence[str] = ()) -> Counter:
    """The counter of this name; asking twice gives the same one. Name it ``steadwell_things_done_total``."""
    return _counter(name, doc, tuple(labels))


def histogram(
    name: str, doc: str, labels: Sequence[str] = (), buckets: Sequence[float] = LATENCY_BUCKETS
) -> Histogram:
    """The histogram of this name, in seconds. ``JOURNEY_BUCKETS`` is for what a person waits minutes for."""
    return _histogram(name, doc, tuple(labels), tuple(buckets))


@cache
def _counter(name: str, doc: str, labels: tuple[str, ...]) -> Counter:
    return Counter(name, doc, labels)


@cache
def _histogram(name: str, doc: str, labels: tuple[str, ...], buckets: tuple[float, ...]) -> Histogram:
    return Histogram(name, doc, labels, buckets)


def _checked(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name not in LABELS:
            raise LabelRefused(
                f"{name} is no known label: a label is a code with few values, see metrics.LABELS"
            )
    return names


def _values(names: tuple[str, ...], labels: Mapping[str, str]) -> tuple[str, ...]:
    if len(names) != len(labels):
        raise LabelRefused("count with exactly the declared labels")
    return tuple([labels[name] for name in names])


def _codes(values: tuple[str, ...]) -> list[str]:
    """Counting must not fail the work that is counted, so what is no code is counted under one word."""
    return [value if policy.is_code(value) else "refused-value" for value in values]


# What is asked at scrape time: name -> (doc, label, question). Apps register in AppConfig.ready().
_questions: dict[str, tuple[str, str, Callable[[], Mapping[str, float]]]] = {}


def collect(name: str, doc: str, *, label: str, ask: Callable[[], Mapping[str, float]]) -> None:
    """A gauge that is asked when somebody scrapes. ``ask`` returns label value -> number from one cheap
    query.
    """
    _checked((label,))
    _questions[name] = (doc, label, ask)


class _Questions:
    """A scrape must show the rest when one question fails: the failing one counts up instead."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, (doc, label, ask) in _questions.items():
            family = GaugeMetricFamily(name, doc, labels=[label])
            try:
                answers = ask()
            except Exception:  # noqa: BLE001 - survives: a scrape during an outage is worth most
                _failed_questions.inc(kind=name)
                continue
            for value, number in answers.items():
                family.add_metric(_codes((value,)), number)
            yield family


_failed_questions = counter(
    "steadwell_scrape_questions_failed_total",
    "Questions that could not be answered at scrape time.",
    ("kind",),
)


def render() -> bytes:
    """All metrics in Prometheus' text format: those of every process, when they share a folder."""
    answers = b""
    if settings.METRICS_ASK:
        asked = prometheus_client.CollectorRegistry(auto_describe=False)
        asked.register(_Questions())
        answers = prometheus_client.generate_latest(asked)
    counted = REGISTRY
    if _FOLDER:
        counted = prometheus_client.CollectorRegistry(auto_describe=False)
        multiprocess.MultiProcessCollector(counted, path=_FOLDER)  # type: ignore[no-untyped-call]
    return prometheus_client.generate_latest(counted) + answers


def forget_process(pid: int) -> None:
    """A process of this host ended: its gauges end, its counts stay."""
    if _FOLDER:
        multiprocess.mark_process_dead(pid, path=_FOLDER)  # type: ignore[no-untyped-call]
