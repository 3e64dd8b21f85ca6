"""What the clinic would count. Labels are codes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from steadwell import clock
from steadwell.observability import service as observability

filed = observability.counter(
    "medications_statements_filed_total",
    "What sources said, by source and what became of it.",
    ("source", "outcome"),
)
unchecked = observability.counter(
    "medications_unchecked_total", "Statements of sources that came while no rule pack was in force."
)
decided = observability.counter(
    "medications_decisions_total", "Decisions about lines and drugs, by outcome.", ("outcome",)
)
alerts = observability.counter(
    "medications_alerts_total", "Findings that asked for a reason, by what was done.", ("operation",)
)
refills = observability.counter(
    "medications_refill_steps_total",
    "Steps of refills: requested, approved, filled, refused, and so on.",
    ("step",),
)
fulfilment = observability.histogram(
    "medications_refill_seconds",
    "From the patient's request to the pharmacy's word that it is ready.",
    buckets=(300, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 345600, 604800),
)
pharmacy_calls = observability.counter(
    "medications_pharmacy_calls_total", "Messages handed to pharmacies, by what came of it.", ("outcome",)
)

_OLDEST = """
SELECT 'refill-decision', (SELECT min(requested_at) FROM medications_refill WHERE state = 'requested')
UNION ALL SELECT 'refill-pharmacy', (SELECT min(decided_at) FROM medications_refill
    WHERE state IN ('approved', 'sent'))
UNION ALL SELECT 'refill-staff', (SELECT min(changed_at) FROM medications_refill
    WHERE state IN ('unanswered', 'pharmacy-refused'))
UNION ALL SELECT 'reconcile', (SELECT min(open_since) FROM medications_line
    WHERE state IN ('conflict', 'ambiguous'))
"""
# Prescription fulfilment: how many reached the patient in the last hour, of how many that are under way.
_THROUGHPUT = """
SELECT 'filled-last-hour', count(*) FROM medications_refill WHERE filled_at > %(hour)s
UNION ALL SELECT 'under-way', count(*) FROM medications_refill
    WHERE state IN ('requested', 'approved', 'sent', 'accepted', 'unanswered', 'pharmacy-refused')
"""


def register() -> None:
    """Called once, when the app is ready."""
    observability.collect(
        "medications_oldest_waiting_seconds",
        "Age of the oldest refill and of the oldest line that waits, by what it waits for.",
        label="kind",
        ask=lambda: oldest(clock.now()),
    )
    observability.collect(
        "medications_refills", "Refills filled in the last hour, and under way.", label="kind",
        ask=lambda: throughput(clock.now()),
    )  # fmt: skip


def oldest(now: datetime) -> Mapping[str, float]:
    """Seconds, 0 when nothing waits."""
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST)
        found = dict(cursor.fetchall())
    return {kind: max(0.0, (now - at).total_seconds()) if at else 0.0 for kind, at in found.items()}


def throughput(now: datetime) -> Mapping[str, float]:
    from datetime import timedelta

    with connection.cursor() as cursor:
        cursor.execute(_THROUGHPUT, {"hour": now - timedelta(hours=1)})
        return {kind: float(count) for kind, count in cursor.fetchall()}
