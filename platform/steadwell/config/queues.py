"""Every Celery queue: one per capability and urgency, each with its own workers (DESIGN 5)."""

from __future__ import annotations

from collections.abc import Mapping

# Queue -> worker threads in the launcher's one process for it. Production sets its own numbers per service.
# A group is one queue: an urgent job behind 40 slow ones waited 20 s in a shared pool, 0.01 s in its own.
QUEUES: Mapping[str, int] = {
    "labs.critical": 2,
    "labs.ingest": 2,
    "notifications.urgent": 2,
    "notifications.standard": 2,
    "notifications.bulk": 1,
    "notifications.retry": 1,
    "medications": 1,
    "ehr": 1,
    "fhir.export": 1,
    "fhir.subscriptions": 4,  # receivers that hang hold two of them each, and rest after
    "default": 1,
}

# Where lanes share one machine's cores: how far each gives way to the others (nice). A result that somebody
# waits for comes before twenty thousand reminders.
GIVES_WAY: Mapping[str, int] = {
    "notifications.standard": 5,
    "notifications.retry": 5,
    "notifications.bulk": 10,
    "fhir.export": 10,
}
