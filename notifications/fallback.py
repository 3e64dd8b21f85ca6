"""Another way, when the first did not reach anybody: by time and importance.

A notice on a device that nobody opened becomes a text message; what is urgent and was not read then either
becomes a call that staff make. What fails for good goes on at once. Each step is a due row and a message of
its own, so that none is lost and none is made twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from notifications.models import Channel, Message, MessageState, ReaderChoice, Reading
from notifications.types import Urgency
from notifications.wording import TEMPLATES
from steadwell.identity import service as identity
from steadwell.ids import PersonId
from steadwell.outbox import service as outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class NextWay:
    channel: str
    after: timedelta


# By importance and channel: what follows when nobody has read it.
NEXT: Mapping[str, Mapping[str, NextWay]] = {
    Urgency.URGENT: {
        Channel.PUSH: NextWay(channel=Channel.SMS, after=timedelta(minutes=10)),
        Channel.SMS: NextWay(channel=Channel.VOICE, after=timedelta(minutes=30)),
    },
    Urgency.STANDARD: {Channel.PUSH: NextWay(channel=Channel.SMS, after=timedelta(hours=3))},
    Urgency.BULK: {},
}
# What is urgent and failed by e-mail does not wait to be noticed on a list.
_ON_FAILURE: Mapping[tuple[str, str], str] = {(Urgency.URGENT, Channel.EMAIL): Channel.SMS}
KINDS: Mapping[str, str] = {
    Urgency.URGENT: "notifications.fallback.urgent",
    Urgency.STANDARD: "notifications.fallback.standard",
}
# A device may show a notice that nobody saw; a text message that was delivered has reached a hand.
_REACHED: Mapping[str, frozenset[str]] = {
    Channel.PUSH: frozenset({MessageState.READ}),
    Channel.SMS: frozenset({MessageState.READ, MessageState.DELIVERED}),
}


def watches(
    messages: Sequence[Message], *, now: datetime, traces: Mapping[UUID, str]
) -> list[outbox.NewDueRow]:
    """When to look whether each was read, for those that have another way."""
    found = []
    for each in messages:
        way = NEXT[each.urgency].get(each.channel)
        if way is not None and each.person_id is not None:
            begins = max(now, each.not_before or now)
            found.append(
                outbox.NewDueRow(
                    kind=KINDS[each.urgency], key=str(each.pk), due_at=begins + way.after,
                    about=each.notice_id,
                    payload={"message_id": str(each.pk)}, traceparent=traces.get(each.pk, ""),
                )
            )  # fmt: skip
    return found


def look(row: outbox.DueRow, ctx: outbox.DeliveryContext) -> None:
    """Its time is over: go the next way unless it was read."""
    message = Message.objects.filter(pk=UUID(row.payload["message_id"])).first()
    if message is None or message.state in {MessageState.SUPERSEDED, MessageState.EXPIRED}:
        return
    if message.state in _REACHED.get(message.channel, ()) or _is_read(message):
        return
    way = NEXT[message.urgency].get(message.channel)
    if way is not None:
        _go(message, way.channel, now=ctx.now)


def after_failure(message_ids: Collection[UUID], *, now: datetime) -> None:
    """They failed for good. In the transaction that says so."""
    for message in Message.objects.filter(pk__in=message_ids, person_id__isnull=False):
        way = NEXT[message.urgency].get(message.channel)
        channel = way.channel if way else _ON_FAILURE.get((message.urgency, message.channel))
        if channel and not _is_read(message):
            _go(message, channel, now=now)


def go_by_mail(message_ids: Collection[UUID], *, now: datetime) -> None:
    """Their readers want e-mail in place of the way that was to be taken."""
    for message in Message.objects.filter(pk__in=message_ids) if message_ids else ():
        _go(message, Channel.EMAIL, now=now)


def _is_declined(message: Message, channel: str) -> bool:
    if (
        channel != Channel.SMS
        or message.urgency == Urgency.URGENT
        or not message.person_id
        or not message.reader_id
    ):
        return False
    return ReaderChoice.objects.filter(
        person_id__in=identity.person_ids_of(PersonId(message.person_id)), reader_id=message.reader_id,
        kind=TEMPLATES[message.template].kind, sms=False,
    ).exists()  # fmt: skip


def _is_read(message: Message) -> bool:
    if message.notice_id is None:
        return False
    read = Reading.objects.filter(message_id=message.notice_id)
    if message.reader_id is not None:
        read = read.filter(user_id=message.reader_id)
    return read.exists()


def _go(message: Message, channel: str, *, now: datetime) -> None:
    """The same telling by another channel: once, whoever else had the same idea. Not by one that its reader
    said no to, unless it is urgent.
    """
    from notifications.promising import promise

    if _is_declined(message, channel):
        return
    made = Message(
        key=message.key, notice_id=message.notice_id, person_id=message.person_id,
        reader_id=message.reader_id, channel=channel, template=message.template,
        template_version=message.template_version, params=message.params, language=message.language,
        urgency=message.urgency, about=message.about, only_patient=message.only_patient,
        site_id=message.site_id, state=MessageState.DUE, told_at=now, expires_at=message.expires_at,
        fallback_of=message,
    )  # fmt: skip
    Message.objects.bulk_create([made], ignore_conflicts=True)
    if Message.objects.filter(pk=made.pk).exists():
        promise([made], now=now)
