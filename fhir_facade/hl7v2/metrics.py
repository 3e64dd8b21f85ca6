"""What the listener counts. Labels are codes: the sender's registered name, never what a message says."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection

from steadwell.observability import service as observability

RECEIVED = observability.counter(
    "steadwell_hl7_messages_total",
    "HL7 messages answered, by sender and what was decided.",
    ("source", "outcome"),
)
ACKNOWLEDGED = observability.histogram(
    "steadwell_hl7_ack_seconds", "From the last byte of a message to its acknowledgement."
)
STORED = observability.histogram("steadwell_hl7_store_seconds", "One transaction that stores messages.")
CONNECTIONS = observability.counter(
    "steadwell_hl7_connections_total", "Connections that ended, and why.", ("outcome",)
)
READ = observability.counter(
    "steadwell_hl7_read_total", "HL7 messages read after storing, by outcome.", ("outcome",)
)


def register() -> None:
    """What lives in Postgres, asked for at a scrape."""
    observability.collect(
        "steadwell_hl7_set_aside", "HL7 messages that wait for a person.", label="state", ask=_set_aside
    )


def _set_aside() -> Mapping[str, float]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM fhir_facade_hl7quarantine WHERE state = 'open'")
        return {"open": float(cursor.fetchone()[0])}
