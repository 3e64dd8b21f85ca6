"""The promise that messages are carried: at once, or not before their time. In the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef

from notifications import fallback
from notifications.models import Message, MessageState, Reading
from notifications.types import Urgency
from steadwell.events import BulkMessageDue, MessageDue, UrgentMessageDue
from steadwell.outbox import service as outbox

LANES: Mapping[str, type[MessageDue]] = {
    Urgency.URGENT: UrgentMessageDue,
    Urgency.STANDARD: MessageDue,
    Urgency.BULK: BulkMessageDue,
}
KINDS: Mapping[str, str] = {lane: f"notifications.due.{lane}" for lane in LANES}


def promise(messages: Sequence[Message], *, now: datetime, traces: Mapping[UUID, str] | None = None) -> None:
    """Rows that are due go to their lanes; those with a ``not_before`` to come wait for it as due rows. What
    stays unread goes another way later, see ``fallback``. Two statements at most, however many they are.
    ``traces``: which trace each belongs to, where it is not the present one.
    """
    found = traces or {}
    due = [each for each in messages if each.state == MessageState.DUE]
    at_once = [each for each in due if each.not_before is None or each.not_before <= now]
    outbox.publish_many(
        [LANES[each.urgency](message_id=each.pk) for each in at_once], now=now,
        traceparents=[found.get(each.pk, "") for each in at_once],
    )  # fmt: skip
    outbox.schedule_many(
        [
            outbox.NewDueRow(
                kind=KINDS[each.urgency], key=str(each.pk), due_at=each.not_before,
                payload={"message_id": str(each.pk)}, traceparent=found.get(each.pk, ""),
            )
            for each in due
            if each.not_before is not None and each.not_before > now
        ]
        + fallback.watches(due, now=now, traces=found),
        now=now,
    )  # fmt: skip


def now_due(row: outbox.DueRow, ctx: outbox.DeliveryContext) -> None:
    """Its time has come. What was read or superseded meanwhile goes nowhere."""
    release([UUID(row.payload["message_id"])], now=ctx.now)


def release(ids: Collection[UUID], *, now: datetime) -> None:
    """Send those that waited, unless their reader knows already."""
    found = unread(ids, now=now)
    outbox.publish_many([LANES[each.urgency](message_id=each.pk) for each in found], now=now)


def unread(ids: Collection[UUID], *, now: datetime) -> list[Message]:
    """Those that still wait, locked. Those whose notice their reader opened meanwhile wait no more."""
    read = Reading.objects.filter(message_id=OuterRef("notice_id"), user_id=OuterRef("reader_id"))
    rows = Message.objects.select_for_update(of=("self",)).filter(pk__in=ids, state=MessageState.DUE)
    found = list(rows.annotate(is_read=Exists(read)).order_by("pk"))
    known = [each.pk for each in found if each.is_read]
    if known:
        Message.objects.filter(pk__in=known).update(
            state=MessageState.SUPERSEDED, cause="read-already", ended_at=now
        )
    return [each for each in found if not each.is_read]
