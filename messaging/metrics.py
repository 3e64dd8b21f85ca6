"""What the clinic would count. Labels are codes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import connection, transaction

from messaging.types import Side
from steadwell import clock
from steadwell.observability import service as observability

entries = observability.counter(
    "messaging_messages_total", "Messages in conversations, by who wrote them.", ("source",)
)
answers = observability.histogram(
    "messaging_answer_seconds",
    "From a patient's message to the care team's answer.",
    buckets=(900, 3600, 14400, 28800, 86400, 172800, 259200, 432000, 604800),
)
_OLDEST = "SELECT min(waiting_since), min(answer_by) FROM messaging_conversation WHERE state = 'waiting'"


def register() -> None:
    """Called once, when the app is ready."""
    observability.collect(
        "messaging_oldest_waiting_seconds",
        "Age of the oldest message that waits for an answer, and how late the latest promise is.",
        label="kind",
        ask=lambda: oldest(clock.now()),
    )


def note_entry(side: Side) -> None:
    transaction.on_commit(lambda: entries.inc(source=side.value))


def note_answer(seconds: float) -> None:
    transaction.on_commit(lambda: answers.observe(max(0.0, seconds)))


def oldest(now: datetime) -> Mapping[str, float]:
    """Seconds, 0 when nothing waits."""
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST)
        since, due = cursor.fetchone()
    return {
        "answer": max(0.0, (now - since).total_seconds()) if since else 0.0,
        "late": max(0.0, (now - due).total_seconds()) if due else 0.0,
    }
