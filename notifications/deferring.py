"""Messages that wait: for the end of the quiet hours, or for the others of the day. A row with a due time
each, never a task that sleeps.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef

from notifications import wordings
from notifications.lanes import LANES
from notifications.models import Channel, Deferred, Message, MessageState, Reading
from notifications.models.deferred import Why
from notifications.types import Urgency
from notifications.wording import TEMPLATES
from steadwell.accounts import service as accounts
from steadwell.ids import UserId
from steadwell.outbox import service as outbox
from steadwell.outbox.service import DeliveryContext, DueRow, NewDueRow

LATER = "notifications.later"
DIGEST = "notifications.digest"
DIGEST_TEMPLATE = "digest.daily"


def defer(waiting: Sequence[tuple[Message, Why]], *, now: datetime) -> None:
    """Promise these messages for their ``not_before``, in the transaction that wrote them."""
    if not waiting:
        return
    rows, promises = [], {}
    for message, why in waiting:
        assert message.not_before is not None  # noqa: S101 - routing gives a time with every reason
        if why is Why.QUIET or message.reader_id is None:
            kind, key, payload = LATER, str(message.pk), {"message": str(message.pk)}
        else:
            kind, key = DIGEST, f"{message.reader_id}:{message.not_before.isoformat()}"
            payload = {"reader": str(message.reader_id)}
        promises[kind, key] = NewDueRow(kind=kind, key=key, due_at=message.not_before, payload=payload)
        if message.reader_id is not None:
            rows.append(
                Deferred(message=message, reader_id=message.reader_id, why=why, due_at=message.not_before)
            )
    Deferred.objects.bulk_create(rows)
    outbox.schedule_many(list(promises.values()), now=now)


def send_later(row: DueRow, ctx: DeliveryContext) -> None:
    """The quiet hours are over. What was superseded or read meanwhile is not sent."""
    Deferred.objects.filter(message_id=row.payload["message"]).delete()
    _release(_unread([UUID(row.payload["message"])], now=ctx.now), now=ctx.now)


def send_digest(row: DueRow, ctx: DeliveryContext) -> None:
    """Everything of the day in one e-mail; a single message goes out as itself."""
    reader_id = UUID(row.payload["reader"])
    waiting = Deferred.objects.filter(reader_id=reader_id, due_at__lte=ctx.now, why__in=[Why.DIGEST, Why.CAP])
    found = _unread(list(waiting.values_list("message_id", flat=True)), now=ctx.now)
    waiting.delete()
    if len(found) < 2:
        _release(found, now=ctx.now)
        return
    Message.objects.filter(pk__in=[each.pk for each in found]).update(
        state=MessageState.SUPERSEDED, cause="in-digest", ended_at=ctx.now
    )
    contact = accounts.contacts_of_users([reader_id]).get(UserId(reader_id))
    if contact is None:
        return  # the account was disabled meanwhile: the notices stay in the portal
    template = TEMPLATES[DIGEST_TEMPLATE]
    digest = Message.objects.create(
        key=f"digest:{row.key}", reader_id=reader_id, channel=Channel.EMAIL, template=template.code,
        template_version=wordings.live_version(template.code),
        params={"count": str(len(found)), "path": "/inbox/"},
        language=contact.language, urgency=Urgency.STANDARD, state=MessageState.DUE, told_at=ctx.now,
    )  # fmt: skip
    _release([digest], now=ctx.now)


def _unread(ids: Sequence[UUID], *, now: datetime) -> list[Message]:
    """Locked. Those whose notice their reader opened meanwhile go nowhere any more."""
    read = Reading.objects.filter(message_id=OuterRef("notice_id"), user_id=OuterRef("reader_id"))
    rows = Message.objects.select_for_update(of=("self",)).filter(pk__in=ids, state=MessageState.DUE)
    found = list(rows.annotate(is_read=Exists(read)).order_by("pk"))
    known = [each.pk for each in found if each.is_read]
    if known:
        Message.objects.filter(pk__in=known).update(
            state=MessageState.SUPERSEDED, cause="read-already", ended_at=now
        )
    return [each for each in found if not each.is_read]


def _release(messages: Sequence[Message], *, now: datetime) -> None:
    outbox.publish_many([LANES[Urgency(each.urgency)](message_id=each.pk) for each in messages], now=now)
