"""From stored messages to laboratory reports: the work behind an acknowledgement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
_STORED: Final = ("pk", "sender_id", "body")
# Another attempt may end otherwise: the whole delivery is tried again.
_PASSING: Final = frozenset({Kind.BUSY, Kind.CONFLICT, Kind.STALE})


@dataclass(slots=True)
class Reading:
    """What came of one reading."""

    filed: list[UUID] = field(default_factory=list)
    quarantined: int = 0
    refusals: list[str] = field(default_factory=list)

    def note(self, filed: labs.Filed) -> None:
        self.filed.append(filed.report_id)
        self.quarantined += filed.quarantined

    @property
    def outcome(self) -> str:
        if not self.refusals:
            return "filed"
        return "partly" if self.filed else "failed"


def read_stored(heard: Sequence[outbox.Heard[LabMessageStored]]) -> None:
    """File every report of these messages. May run twice: filing the same again changes nothing."""
    now = heard[0].ctx.now
    wanted = [each.event.message_id for each in heard]
    stored = {row[0]: row for row in Hl7Message.objects.filter(pk__in=wanted).values_list(*_STORED)}
    readings: dict[UUID, Reading] = {}
    found: list[tuple[UUID, labs.IncomingReport, str]] = []
    for each in heard:
        message_id = each.event.message_id
        if message_id not in stored:
            raise MessageNotFound
        _, sender_id, body = stored[message_id]
        reading = readings[message_id] = Reading()
        for report in _reports(reading, message_id, sender_id=sender_id, body=bytes(body)):
            found.append((message_id, report, each.ctx.traceparent))
    _file(found, readings, now)
    _conclude(readings, now)


def _reports(
    reading: Reading, message_id: UUID, *, sender_id: UUID, body: bytes
) -> Sequence[labs.IncomingReport]:
    try:
        message = split(body)
    except Unreadable as refused:
        reading.refusals.append(refused.reason)
        return ()
    sender = senders.find_sender(sender_id)
    if message.kind not in HANDLED or sender is None:
        reading.refusals.append("not-handled")
        return ()
    found = oru.reports(message, sender=sender, message_id=message_id)
    if not found:
        reading.refusals.append("no-report")
    return found


def _file(
    found: Sequence[tuple[UUID, labs.IncomingReport, str]], readings: Mapping[UUID, Reading], now: datetime
) -> None:
    """The plain ones together, the others one by one in their order."""
    together = labs.file_reports(
        actor=ACTOR, reports=[report for _, report, _ in found], now=now,
        traceparents=[traceparent for _, _, traceparent in found],
    )  # fmt: skip
    for (message_id, report, traceparent), filed in zip(found, together, strict=True):
        reading = readings[message_id]
        if filed is not None:
            reading.note(filed)
        else:
            with observability.span("hl7.file", traceparent=traceparent):
                _file_one(report, reading, now)


def _file_one(report: labs.IncomingReport, reading: Reading, now: datetime) -> None:
    """One report that is refused leaves the others as they are."""
    try:
        with transaction.atomic():
            reading.note(labs.file_report(actor=ACTOR, report=report, now=now))
    except Refusal as refused:
        if refused.kind in _PASSING:
            raise
        reading.refusals.append(f"report-{refused.code}")


def _conclude(readings: Mapping[UUID, Reading], now: datetime) -> None:
    Hl7Outcome.objects.bulk_create(
        Hl7Outcome(
            message_id=message_id, outcome=reading.outcome, report_ids=reading.filed,
            quarantined=reading.quarantined, read_at=now,
        )
        for message_id, reading in readings.items()
    )  # fmt: skip
    for message_id, reading in readings.items():
        if reading.refusals:
            quarantine.open_question(message_id=message_id, reason=reading.refusals[0], now=now)
            log.warning("hl7.set_aside", id=message_id, cause=reading.refusals[0])
        metrics.READ.inc(outcome=reading.outcome)
