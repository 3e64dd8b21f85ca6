"""What is to become of a message that has just arrived: decided from its bytes and its sender."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from fhir_facade.hl7v2 import senders, urgency
from fhir_facade.hl7v2.acks import Answer, Verdict
from fhir_facade.hl7v2.errors import Unreadable
from fhir_facade.hl7v2.senders import Sender
from fhir_facade.hl7v2.splitter import Limits, Message, split
from steadwell.ids import new_id

# What has a reader. Anything else that a sender may send is stored and waits for a person.
HANDLED: Final = frozenset({("ORU", "R01")})
_LONGEST_CONTROL_ID: Final = 199
_NOT_STORED: Final = frozenset({"empty", "too-large", "too-many-segments"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Bytes that came in, and who may have sent them."""

    raw: bytes
    candidates: tuple[Sender, ...]
    received_at: datetime


@dataclass(slots=True, kw_only=True)
class Entry:
    """An arrival that was judged. ``verdict`` may still turn when the database knows its control id."""

    id: UUID
    raw: bytes
    received_at: datetime
    sender: Sender
    message: Message | None
    verdict: Verdict
    reason: str = ""
    control_id: str = ""
    kind: str = ""
    critical: bool = False
    reused: bool = False
    digest: bytes = b""

    def answer(self) -> Answer:
        header = self.message.header if self.message else None
        return Answer(header=header, verdict=self.verdict, reason=self.reason)


def judge(arrival: Arrival, limits: Limits) -> Entry:
    """Read as much as deciding needs. Never raises, whatever the bytes are."""
    entry = Entry(
        id=new_id(), raw=arrival.raw, received_at=arrival.received_at, sender=arrival.candidates[0],
        message=None, verdict=Verdict.ACCEPTED,
    )  # fmt: skip
    try:
        message = entry.message = split(arrival.raw, limits=limits)
    except Unreadable as refused:
        entry.reason = refused.reason
        entry.verdict = Verdict.REFUSED if refused.reason in _NOT_STORED else Verdict.ASIDE
    else:
        entry.verdict, entry.reason = _judge_message(entry, message, arrival.candidates)
    if entry.verdict is not Verdict.REFUSED:
        entry.digest = hashlib.sha256(entry.raw).digest()
    if entry.verdict is Verdict.ACCEPTED:
        entry.critical = urgency.is_critical(message)
    return entry


def _judge_message(entry: Entry, message: Message, candidates: tuple[Sender, ...]) -> tuple[Verdict, str]:
    kind, trigger = message.kind
    entry.kind = f"{kind}^{trigger}"[:40].replace("\x00", "")
    entry.control_id = message.control_id.replace("\x00", "")
    sender = senders.sender_of(message, candidates)
    if sender is None:
        return Verdict.REFUSED, "application-not-allowed"
    entry.sender = sender
    if not kind:
        return _aside(entry, "no-type")
    if not sender.may_send(kind, trigger):
        return Verdict.REFUSED, "type-not-allowed"
    if (message.header.text(11).strip().upper() or "P") not in sender.processing:
        return Verdict.REFUSED, "processing-not-allowed"
    if not entry.control_id:
        return _aside(entry, "no-control-id")
    if len(entry.control_id) > _LONGEST_CONTROL_ID:
        return _aside(entry, "control-id-too-long")
    if (kind, trigger) not in HANDLED:
        return _aside(entry, "not-handled")
    return Verdict.ACCEPTED, ""


def _aside(entry: Entry, reason: str) -> tuple[Verdict, str]:
    if reason == "control-id-too-long":
        entry.control_id = ""
    return Verdict.ASIDE, reason
