"""Messages that come together: the news of a day, or what is more than its reader wants in one. One due row
per reader and evening, never a task that sleeps.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from notifications import declining, promising, wordings
from notifications.campaigns import rechecking
from notifications.models import Channel, Deferred, Message, MessageState
from notifications.models.deferred import Why
from notifications.types import Urgency
from steadwell.outbox import service as outbox
from steadwell.outbox.service import DeliveryContext, DueRow, NewDueRow

KIND = "notifications.digest"
TEMPLATE = "digest.daily"
TOGETHER = frozenset({Why.DIGEST, Why.CAP})


Waiting = tuple[Message, Why]


def defer(waiting: Sequence[Waiting], *, now: datetime) -> None:
    """Promise these messages for their reader's evening, in the transaction that wrote them."""
    if not waiting:
        return
    rows, promises = [], {}
    for message, why in waiting:
        assert message.not_before is not None  # noqa: S101 - routing gives a time with every reason
        assert message.reader_id is not None  # noqa: S101 - and defers for readers only
        key = f"{message.reader_id}:{message.not_before.isoformat()}"
        payload = {"reader": str(message.reader_id)}
        promises[key] = NewDueRow(kind=KIND, key=key, due_at=message.not_before, payload=payload)
        rows.append(
            Deferred(message=message, reader_id=message.reader_id, why=why, due_at=message.not_before)
        )
    Deferred.objects.bulk_create(rows)
    outbox.schedule_many(list(promises.values()), now=now)


def _still_said(rows: list[Message], *, now: datetime) -> list[Message]:
    """Without invitations that are not to leave any more and what its reader declined since; what is of a
    paused campaign goes by itself, later.
    """
    verdict = rechecking.look(rows, now=now)
    ended = {**dict.fromkeys(declining.declined(rows), declining.DECLINED), **verdict.ended}
    for message_id, cause in ended.items():
        Message.objects.filter(pk=message_id).update(state=MessageState.SUPERSEDED, cause=cause, ended_at=now)
    held = verdict.held - ended.keys()
    promising.release(held, now=now)
    return [each for each in rows if each.pk not in ended and each.pk not in held]


def send_digest(row: DueRow, ctx: DeliveryContext) -> None:
    """Everything of the day in one e-mail about each person; a single message goes out as itself."""
    reader_id = UUID(row.payload["reader"])
    waiting = Deferred.objects.filter(reader_id=reader_id, due_at__lte=ctx.now)
    ids = list(waiting.values_list("message_id", flat=True))
    found = promising.unread(ids, now=ctx.now)
    waiting.delete()
    by_person: dict[UUID | None, list[Message]] = {}
    for each in _still_said(found, now=ctx.now):
        by_person.setdefault(each.person_id, []).append(each)
    for person_id, several in by_person.items():
        if len(several) < 2:
            promising.release([each.pk for each in several], now=ctx.now)
        else:
            _tell_together(several, key=f"digest:{row.key}:{person_id}", now=ctx.now)


def _tell_together(several: Sequence[Message], *, key: str, now: datetime) -> None:
    """In place of each: a message about the same person, so that it goes where theirs go, to one who may
    still read about them, and staff see when it does not arrive.
    """
    Message.objects.filter(pk__in=[each.pk for each in several]).update(
        state=MessageState.SUPERSEDED, cause="in-digest", ended_at=now
    )
    newest, sites = several[-1], {each.site_id for each in several}
    digest = Message.objects.create(
        key=key, person_id=newest.person_id, reader_id=newest.reader_id, channel=Channel.EMAIL,
        template=TEMPLATE, template_version=wordings.live_version(TEMPLATE),
        params={"count": str(len(several)), "path": "/inbox/"}, language=newest.language,
        urgency=Urgency.STANDARD, site_id=sites.pop() if len(sites) == 1 else None, state=MessageState.DUE,
        told_at=now,
    )  # fmt: skip
    promising.promise([digest], now=now)
