"""What people were told, as they read it in the portal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from notifications import rendering
from notifications.models import Channel, Message, MessageState, Reading
from notifications.types import InboxMessage
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import NotFound
from steadwell.identity import service as identity
from steadwell.ids import MessageId, PersonId, UserId

MOST_UNREAD = 99
# One index range per person, stopped early: the badge says 99 at most.
_UNREAD = """
SELECT count(*) FROM (
    SELECT FROM notifications_message m
    WHERE m.person_id = ANY(%s) AND m.channel = 'in-app' AND NOT (m.state = 'superseded')
      AND (NOT m.only_patient OR m.person_id = ANY(%s))
      AND NOT EXISTS (SELECT FROM notifications_reading r WHERE r.message_id = m.id AND r.user_id = %s)
    LIMIT %s
) unread
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Newest first. ``older`` is what to pass as ``before`` for the next page, if there is one."""

    messages: tuple[InboxMessage, ...]
    older: UUID | None


def list_inbox(
    *,
    actor: Actor,
    person_id: PersonId,
    now: datetime,
    language: str = "en",
    before: UUID | None = None,
    limit: int = 20,
) -> Page:
    """A person's notices in one language, for the patient or a proxy. NotFound for anybody else."""
    ids, reader_id = _own(actor, person_id)
    rows = Message.objects.filter(person_id__in=ids, channel=Channel.IN_APP).exclude(
        state=MessageState.SUPERSEDED
    )
    if actor.person_id not in ids:
        rows = rows.filter(only_patient=False)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    read = Reading.objects.filter(message=OuterRef("pk"), user_id=reader_id)
    found = list(rows.annotate(seen=Exists(read)).order_by("-pk")[: limit + 1])
    audit.record(actor=actor, action="message.list", category="message", now=now, subject_id=person_id)
    shown = tuple(_view(row, language, is_read=row.seen) for row in found[:limit])
    return Page(messages=shown, older=found[limit - 1].pk if len(found) > limit else None)


def unread_count(actor: Actor, person_ids: Iterable[PersonId]) -> int:
    """How many notices about these people this user has not read; at most 99. One indexed statement."""
    ids = [each for i in person_ids for each in actor.ids_of(i)]
    if not ids:
        return 0
    own = list(actor.ids_of(actor.person_id)) if actor.person_id else []
    with connection.cursor() as cursor:
        cursor.execute(_UNREAD, [ids, own, actor.user_id, MOST_UNREAD])
        return int(cursor.fetchone()[0])


def open_notice(*, actor: Actor, token: str, now: datetime, language: str = "en") -> InboxMessage:
    """Read one: from now on it counts as read by this user, and its e-mails as read too."""
    with transaction.atomic():
        row = _notice(actor, token)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO notifications_reading (message_id, user_id, read_at) VALUES (%s, %s, %s)"
                " ON CONFLICT DO NOTHING",
                [row.pk, actor.user_id, now],
            )
            is_first = cursor.rowcount == 1
        if is_first:
            Message.objects.filter(pk=row.pk, state=MessageState.DELIVERED).update(
                state=MessageState.READ, read_at=now
            )
            Message.objects.filter(
                notice=row, reader_id=actor.user_id, state__in=[MessageState.ACCEPTED, MessageState.DELIVERED]
            ).update(state=MessageState.READ, read_at=now)
        audit.record(
            actor=actor, action="message.read", category="message", now=now,
            subject_id=_person(row), entity_id=row.pk,
        )  # fmt: skip
    return _view(row, language, is_read=True)


def mark_all_read(*, actor: Actor, person_id: PersonId, now: datetime) -> None:
    """Everything in a person's inbox, for this user."""
    ids, reader_id = _own(actor, person_id)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO notifications_reading (message_id, user_id, read_at)"
                " SELECT id, %s, %s FROM notifications_message WHERE person_id = ANY(%s) AND channel ="
                " 'in-app'"
                " AND NOT (state = 'superseded') AND (NOT only_patient OR %s) ON CONFLICT DO NOTHING",
                [reader_id, now, list(ids), actor.person_id in ids],
            )
        rows = Message.objects.filter(person_id__in=ids, channel=Channel.IN_APP, state=MessageState.DELIVERED)
        if actor.person_id not in ids:
            rows = rows.filter(only_patient=False)
        rows.update(state=MessageState.READ, read_at=now)
        audit.record(
            actor=actor, action="message.read-all", category="message", now=now, subject_id=person_id
        )


def calendar_of(*, actor: Actor, token: str, now: datetime) -> str:
    """The calendar file that came with a notice. NotFound when there is none."""
    row = _notice(actor, token)
    if not row.calendar:
        raise NotFound
    audit.record(
        actor=actor, action="message.calendar", category="message", now=now,
        subject_id=_person(row), entity_id=row.pk,
    )  # fmt: skip
    return row.calendar


def _notice(actor: Actor, token: str) -> Message:
    row = Message.objects.filter(token=token, channel=Channel.IN_APP).first()
    if row is None:
        raise NotFound
    ids, _reader = _own(actor, _person(row))
    if row.only_patient and actor.person_id not in ids:
        raise NotFound
    return row


def _own(actor: Actor, person_id: PersonId) -> tuple[tuple[PersonId, ...], UserId]:
    """All ids of the person and who reads, when the actor is the patient or acts for them."""
    if actor.user_id is None:
        raise NotFound
    ids = identity.person_ids_of(person_id)
    if not any(actor.stands_for(i) for i in ids):
        raise NotFound
    return ids, actor.user_id


def _view(row: Message, language: str, *, is_read: bool) -> InboxMessage:
    return InboxMessage(
        message_id=MessageId(row.pk),
        token=row.token or "",
        person_id=_person(row),
        told_at=row.told_at,
        is_read=is_read,
        has_calendar=bool(row.calendar),
        words=rendering.words(row.template, row.params, language, row.template_version),
    )


def _person(row: Message) -> PersonId:
    assert row.person_id is not None  # noqa: S101 - a notice is a patient's; alerts to staff are mails only
    return PersonId(row.person_id)
