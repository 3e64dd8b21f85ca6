"""Storing what arrived: bytes, promise of work and, where needed, the question to a person, together.

Several messages share a transaction, so that many senders share the cost of one commit. An acknowledgement
may leave only after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from fhir_facade.hl7v2.acks import Verdict
from fhir_facade.hl7v2.arrivals import Entry
from fhir_facade.hl7v2.models import Hl7Message, Hl7Quarantine
from steadwell.events import CriticalLabMessageStored, LabMessageStored
from steadwell.outbox import service as outbox

# What is there already, under its control id or byte for byte, is not inserted and not returned.
_INSERT = """
INSERT INTO fhir_facade_hl7message
    (id, sender_id, control_id, kind, sha256, body, critical, reused, origin, received_at)
SELECT id, sender_id, control_id, kind, sha256, body, critical, reused, 'mllp', received_at
FROM unnest(%(ids)s::uuid[], %(senders)s::uuid[], %(control_ids)s::text[], %(kinds)s::text[],
            %(digests)s::bytea[], %(bodies)s::bytea[],
            %(critical)s::bool[], %(reused)s::bool[], %(received)s::timestamptz[])
    AS new (id, sender_id, control_id, kind, sha256, body, critical, reused, received_at)
ON CONFLICT DO NOTHING
RETURNING id
"""


def store(entries: Sequence[Entry], *, now: datetime) -> None:
    """Store all of them, or none. Afterwards each entry's verdict is what may be acknowledged."""
    # In one order everywhere: batches that hold the same messages wait for each other, never in a ring.
    keep = sorted(
        (entry for entry in entries if entry.verdict is not Verdict.REFUSED),
        key=lambda entry: (entry.sender.id, entry.control_id, b"" if entry.control_id else entry.digest),
    )
    if not keep:
        return
    with transaction.atomic():
        stored = _insert(keep)
        for entry in keep:
            if entry.id not in stored and _find_out(entry):
                stored |= _insert([entry])
        new = [entry for entry in keep if entry.id in stored]
        _set_aside([entry for entry in new if entry.verdict is Verdict.ASIDE], now)
        outbox.publish_many(
            [told(entry.id, critical=entry.critical) for entry in new if entry.verdict is Verdict.ACCEPTED],
            now=now,
        )


def told(message_id: Any, *, critical: bool) -> LabMessageStored:
    kind = CriticalLabMessageStored if critical else LabMessageStored
    return kind(message_id=message_id)


def _insert(entries: Sequence[Entry]) -> set[Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            {
                "ids": [each.id for each in entries],
                "senders": [each.sender.id for each in entries],
                "control_ids": [each.control_id for each in entries],
                "kinds": [each.kind for each in entries],
                "digests": [each.digest for each in entries],
                "bodies": [each.raw for each in entries],
                "critical": [each.critical for each in entries],
                "reused": [each.reused for each in entries],
                "received": [each.received_at for each in entries],
            },
        )
        return {row[0] for row in cursor.fetchall()}


def _find_out(entry: Entry) -> bool:
    """What stands in the way of one that was not inserted. True: it is another body, to be set aside."""
    before = Hl7Message.objects.filter(
        sender_id=entry.sender.id, control_id=entry.control_id, sha256=entry.digest, origin="mllp"
    ).first()
    if before is None:
        entry.verdict, entry.reason, entry.reused = Verdict.ASIDE, "control-id-reused", True
        return True
    # A repeat hears what the first one heard.
    aside = Hl7Quarantine.objects.filter(message=before).order_by("opened_at").first()
    if aside is not None and aside.opened_at == before.received_at:
        entry.verdict, entry.reason = Verdict.ASIDE, aside.reason
    return False


def _set_aside(entries: Sequence[Entry], now: datetime) -> None:
    if entries:
        Hl7Quarantine.objects.bulk_create(
            Hl7Quarantine(message_id=each.id, reason=each.reason, opened_at=each.received_at)
            for each in entries
        )
