"""Addresses that take nothing, as providers say when a message failed for good."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from notifications import contact_points
from notifications.models import Channel, Message, MessageState

# There is no such mailbox (RFC 5321, section 4.2.3), no such number, no telephone that takes messages, or its
# owner told the provider to stop. What may pass (a full mailbox, a telephone that is off) is not among them.
GONE = frozenset(
    {
        "smtp-550", "smtp-551", "smtp-553", "mail-invalid", "mail-bounced", "mail-rejected",
        "mail-suppressed", "sms-21211", "sms-21610", "sms-21614", "sms-30005", "sms-30006",
    }
)  # fmt: skip


def note(message_ids: Collection[UUID], *, now: datetime) -> None:
    """These messages failed: give up the addresses that are gone. In the transaction that says so."""
    rows = Message.objects.filter(
        pk__in=message_ids, state=MessageState.FAILED, cause__in=GONE, reader_id__isnull=False,
        person_id__isnull=False, channel__in=[Channel.EMAIL, Channel.SMS],
    )  # fmt: skip
    for row in rows.exclude(address=""):
        _give_up(row, cause=row.cause, now=now)


def note_complaint(message_id: UUID, *, cause: str, now: datetime) -> None:
    """Its reader called it unwanted, whatever became of the message."""
    rows = Message.objects.filter(pk=message_id, reader_id__isnull=False, person_id__isnull=False)
    for row in rows.exclude(address=""):
        _give_up(row, cause=cause, now=now)


def _give_up(row: Message, *, cause: str, now: datetime) -> None:
    assert row.reader_id is not None  # noqa: S101 - both callers ask for one
    contact_points.note_bounce(
        reader_id=row.reader_id, channel=row.channel, address=row.address, cause=cause, now=now,
        sent_at=row.handed_at,
    )  # fmt: skip
