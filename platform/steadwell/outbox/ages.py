"""How far behind the ledger is: what clinics scale workers by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.db import connection

_AGES = """
SELECT queue, min(available_at) FROM outbox_outboxdelivery
WHERE (state = 'waiting' AND available_at <= %(now)s) OR state IN ('handed', 'running')
GROUP BY queue
"""
_DEPTHS = """
SELECT queue, count(*) FROM outbox_outboxdelivery
WHERE state IN ('waiting', 'handed', 'running') GROUP BY queue
"""


def queue_ages(now: datetime) -> Mapping[str, float]:
    """For each queue the seconds that its oldest unfinished delivery has been ready; 0 when none is."""
    with connection.cursor() as cursor:
        cursor.execute(_AGES, {"now": now})
        oldest = dict(cursor.fetchall())
    return {
        queue: max(0.0, (now - oldest[queue]).total_seconds()) if queue in oldest else 0.0
        for queue in settings.CELERY_TASK_QUEUES
    }


def queue_depths() -> Mapping[str, int]:
    """For each queue how many deliveries are unfinished, those waiting for their next attempt included."""
    with connection.cursor() as cursor:
        cursor.execute(_DEPTHS)
        depths = dict(cursor.fetchall())
    return {queue: depths.get(queue, 0) for queue in settings.CELERY_TASK_QUEUES}


def quarantined_counts() -> Mapping[str, int]:
    """For each queue how many deliveries were set aside for a person."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT queue, count(*) FROM outbox_outboxdelivery WHERE state = 'quarantined' GROUP BY queue"
        )
        counts = dict(cursor.fetchall())
    return {queue: counts.get(queue, 0) for queue in settings.CELERY_TASK_QUEUES}


def quarantined_count() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM outbox_outboxdelivery WHERE state = 'quarantined'")
        return int(cursor.fetchone()[0])
