"""Messages that wait for a person: read again, corrected beside the original, or settled with a reason."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from fhir_facade.hl7v2 import urgency
from fhir_facade.hl7v2.charset import decode
from fhir_facade.hl7v2.errors import MessageNotFound, NotQuarantined, Unreadable
from fhir_facade.hl7v2.models import Hl7Message, Hl7Quarantine, Origin, QuarantineState
from fhir_facade.hl7v2.splitter import split
from fhir_facade.hl7v2.storing import told
from steadwell.actor import Actor, Role
from steadwell.audit import service as audit
from steadwell.errors import Forbidden, Invalid
from steadwell.ids import new_id
from steadwell.outbox import service as outbox


def open_question(*, message_id: UUID, reason: str, now: datetime) -> None:
    """In the transaction of whoever could not go on. A question that is open already stays the one."""
    Hl7Quarantine.objects.get_or_create(
        message_id=message_id, state=QuarantineState.OPEN, defaults={"reason": reason[:60], "opened_at": now}
    )


def replay(*, actor: Actor, message_id: UUID, now: datetime) -> None:
    """Read a message again, set aside or not. What it said before is recognised and filed no second time."""
    _may(actor)
    with transaction.atomic():
        message = _message(message_id)
        _settle(actor, message_id, QuarantineState.REPLAYED, "", now)
        outbox.publish(told(message.pk, critical=message.critical), now=now)
        audit.record(
            actor=actor, action="hl7_message.replay", category="interface", entity_id=message_id, now=now
        )


def settle(*, actor: Actor, message_id: UUID, note: str, now: datetime) -> None:
    """Close the question without reading the message; the reason stays with it."""
    _may(actor)
    if not note.strip():
        raise Invalid(fields={"reason": _("Say why it needs no reading.")})
    with transaction.atomic():
        if not _settle(actor, message_id, QuarantineState.SETTLED, note, now):
            raise NotQuarantined
        audit.record(
            actor=actor, action="hl7_message.settle", category="interface", entity_id=message_id, now=now,
            reason=note,
        )  # fmt: skip


def correct(*, actor: Actor, message_id: UUID, text: str, note: str, now: datetime) -> UUID:
    """Keep a corrected message beside the one that came, and read that. Invalid when it reads no better."""
    _may(actor)
    with transaction.atomic():
        original = _message(message_id)
        raw = _encoded(text, bytes(original.body))
        try:
            message = split(raw)
        except Unreadable as refused:
            raise Invalid(fields={"text": _("This cannot be read either: %s") % refused.reason}) from refused
        if not _settle(actor, message_id, QuarantineState.CORRECTED, note, now):
            raise NotQuarantined
        made = Hl7Message.objects.create(
            id=new_id(), sender_id=original.sender_id, control_id=message.control_id[:199],
            kind="^".join(message.kind)[:40], sha256=hashlib.sha256(raw).digest(), body=raw,
            critical=urgency.is_critical(message), origin=Origin.CORRECTION, corrects=original,
            received_at=now, recorded_by=actor.user_id,
        )  # fmt: skip
        outbox.publish(told(made.pk, critical=made.critical), now=now)
        audit.record(
            actor=actor, action="hl7_message.correct", category="interface", entity_id=made.pk, now=now,
            reason=note, detail={"corrects": str(message_id)},
        )  # fmt: skip
    return made.pk


def text_of(body: bytes) -> str:
    """A message as a person edits it: one segment a line."""
    try:
        message = split(body)
    except Unreadable:
        return decode(body, "").text.replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join(segment.line.replace("\n", "\\.br\\") for segment in message.segments)


def _encoded(text: str, original: bytes) -> bytes:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n")
    try:
        codec = split(original).decoded.codec
    except Unreadable:
        codec = "utf-8"
    try:
        return ("\r".join(lines) + "\r").encode(codec)
    except UnicodeEncodeError as error:
        raise Invalid(
            fields={"text": _("It holds characters that the message's character set does not have.")}
        ) from error


def _message(message_id: UUID) -> Hl7Message:
    found = Hl7Message.objects.filter(pk=message_id).first()
    if found is None:
        raise MessageNotFound
    return found


def _settle(actor: Actor, message_id: UUID, state: QuarantineState, note: str, now: datetime) -> bool:
    changed = Hl7Quarantine.objects.filter(message_id=message_id, state=QuarantineState.OPEN).update(
        state=state, settled_at=now, settled_by=actor.user_id, note=note[:500]
    )
    return changed == 1


def _may(actor: Actor) -> None:
    if not actor.has(Role.ADMINISTRATOR, Role.SYSTEM):
        raise Forbidden
