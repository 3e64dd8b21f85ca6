"""From a stored message to laboratory reports: the work behind an acknowledgement."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from fhir_facade.hl7v2 import metrics, oru, quarantine, senders
from fhir_facade.hl7v2.arrivals import HANDLED
from fhir_facade.hl7v2.errors import MessageNotFound, Unreadable
from fhir_facade.hl7v2.models import Hl7Message, Hl7Outcome
from fhir_facade.hl7v2.splitter import split
from labs import service as labs
from steadwell.actor import system
from steadwell.errors import Kind, Refusal
from steadwell.events import LabMessageStored
from steadwell.observability import service as observability
from steadwell.outbox import service as outbox

log = observability.get_logger(__name__)

ACTOR: Final = system("hl7")
# Another attempt may end otherwise: the whole delivery is tried again.
_PASSING: Final = frozenset({Kind.BUSY, Kind.CONFLICT, Kind.STALE})


@dataclass(slots=True)
class Reading:
    """What came of one reading."""

    filed: list[UUID] = field(default_factory=list)
    quarantined: int = 0
    refusals: list[str] = field(default_factory=list)

    @property
    def outcome(self) -> str:
        if not self.refusals:
            return "filed"
        return "partly" if self.filed else "failed"


def read_stored(event: LabMessageStored, ctx: outbox.DeliveryContext) -> None:
    """File every report of a message. May run twice: filing the same again changes nothing."""
    row = Hl7Message.objects.filter(pk=event.message_id).values_list("sender_id", "body").first()
    if row is None:
        raise MessageNotFound
    reading = _read(event.message_id, sender_id=row[0], body=bytes(row[1]), now=ctx.now)
    Hl7Outcome.objects.create(
        message_id=event.message_id, outcome=reading.outcome, report_ids=reading.filed,
        quarantined=reading.quarantined, read_at=ctx.now,
    )  # fmt: skip
    if reading.refusals:
        quarantine.open_question(message_id=event.message_id, reason=reading.refusals[0], now=ctx.now)
        log.warning("hl7.set_aside", id=event.message_id, cause=reading.refusals[0])
    metrics.READ.inc(outcome=reading.outcome)


def _read(message_id: UUID, *, sender_id: UUID, body: bytes, now: datetime) -> Reading:
    reading = Reading()
    try:
        message = split(body)
    except Unreadable as refused:
        reading.refusals.append(refused.reason)
        return reading
    sender = senders.find_sender(sender_id)
    if message.kind not in HANDLED or sender is None:
        reading.refusals.append("not-handled")
        return reading
    found = oru.reports(message, sender=sender, message_id=message_id)
    if not found:
        reading.refusals.append("no-report")
    for report in found:
        _file(report, reading, now)
    return reading


def _file(report: labs.IncomingReport, reading: Reading, now: datetime) -> None:
    """One report that is refused leaves the others as they are."""
    try:
        with transaction.atomic():
            filed = labs.file_report(actor=ACTOR, report=report, now=now)
    except Refusal as refused:
        if refused.kind in _PASSING:
            raise
        reading.refusals.append(f"report-{refused.code}")
    else:
        reading.filed.append(filed.report_id)
        reading.quarantined += filed.quarantined
