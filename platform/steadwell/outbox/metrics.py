"""What the clinic scales and alerts by: how old the oldest promised work is, and how keeping it goes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from steadwell import clock
from steadwell.observability import service as observability
from steadwell.outbox import ages

deliveries = observability.counter(
    "steadwell_deliveries_total",
    "Attempts to keep a promise, by consumer and outcome (done, failed, quarantined).",
    ("consumer", "outcome"),
)
lag = observability.histogram(
    "steadwell_delivery_lag_seconds",
    "From what happened, or from when it was due, to its effect being done.",
    ("consumer",),
    buckets=observability.JOURNEY_BUCKETS,
)

_HANDOVER = """
SELECT min(available_at) FROM outbox_outboxdelivery WHERE state = 'waiting' AND available_at <= %(now)s
"""


def count_done(*, consumer: str, since: datetime, now: datetime) -> None:
    deliveries.inc(consumer=consumer, outcome="done")
    lag.observe(max(0.0, (now - since).total_seconds()), consumer=consumer)


def count_failed(*, consumer: str, quarantined: bool) -> None:
    deliveries.inc(consumer=consumer, outcome="quarantined" if quarantined else "failed")


def register() -> None:
    """Asked at scrape time, because the ledger knows them also when every worker is dead."""
    observability.collect(
        "steadwell_outbox_oldest_seconds",
        "Age of the oldest unfinished work, by queue.",
        label="queue",
        ask=lambda: ages.queue_ages(clock.now()),
    )
    observability.collect(
        "steadwell_outbox_depth", "Unfinished work, by queue.", label="queue", ask=ages.queue_depths
    )
    observability.collect(
        "steadwell_outbox_quarantined",
        "Work set aside for a person, by queue.",
        label="queue",
        ask=ages.quarantined_counts,
    )
    observability.register_check("relay", _ask_relay)


def _ask_relay() -> Mapping[str, float]:
    """How long the oldest ready work has waited for a relay: with one alive about a second."""
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(_HANDOVER, {"now": now})
        oldest = cursor.fetchone()[0]
    return {"behind_seconds": round((now - oldest).total_seconds(), 1) if oldest else 0.0}
