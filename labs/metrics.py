"""What the clinic would count. Labels are codes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from steadwell import clock
from steadwell.observability import service as observability

filed = observability.counter(
    "labs_reports_filed_total", "Report messages filed, by what became of them.", ("outcome",)
)
set_aside = observability.counter(
    "labs_observations_set_aside_total", "Observations that could not be read and wait for a person."
)
matched = observability.counter(
    "labs_reports_matched_total", "Reports that waited and found their patient, by how.", ("outcome",)
)

_OLDEST = """
SELECT 'patient', (SELECT min(received_at) FROM labs_report WHERE waits <> '')
UNION ALL SELECT 'reading', (SELECT min(opened_at) FROM labs_quarantined WHERE state = 'open')
"""


def register() -> None:
    """Called once, when the app is ready."""
    observability.collect(
        "labs_oldest_waiting_seconds",
        "Age of the oldest report without a patient, and of the oldest observation set aside.",
        label="kind",
        ask=lambda: oldest(clock.now()),
    )


def oldest(now: datetime) -> Mapping[str, float]:
    """Seconds, 0 when nothing waits. Two looks at small indexes."""
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST)
        found = dict(cursor.fetchall())
    return {kind: max(0.0, (now - at).total_seconds()) if at else 0.0 for kind, at in found.items()}
