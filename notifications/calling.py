"""The staff call list: the last way to reach somebody, worked off by a person with a telephone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from notifications.carrying.rows import Row
from notifications.models import Attempt, Message, MessageState, StaffCall
from notifications.models.calls import CallOutcome
from notifications.types import CallToMake
from steadwell.actor import Actor, Role
from steadwell.audit import service as audit
from steadwell.errors import Forbidden, Invalid, NotFound
from steadwell.ids import MessageId, PersonId, UserId

AGAIN_AFTER = timedelta(hours=1)
# Taken and not closed: somebody was called away, and another may take it.
_HELD = timedelta(minutes=30)
_PROVIDER = "call-list"


def open_calls(rows: Sequence[Row], *, now: datetime) -> None:
    """Put them on the list, each once: one that ended and is to be made again is opened anew. In the
    transaction that hands them over.
    """
    if rows:
        StaffCall.objects.bulk_create(
            [
                StaffCall(message_id=row.id, site_id=row.site_id, urgency=row.urgency, opened_at=now)
                for row in rows
            ],
            update_conflicts=True,
            unique_fields=["message"],
            update_fields=[
                "opened_at", "taken_by", "taken_at", "again_at", "outcome", "closed_at", "closed_by",
            ],
        )  # fmt: skip


def list_calls(*, actor: Actor, now: datetime, limit: int = 50) -> list[CallToMake]:
    """Calls that wait for somebody now, oldest first; each person seen is audited. Staff of the site only."""
    rows = (
        _open(actor)
        .filter(Q(again_at__isnull=True) | Q(again_at__lte=now))
        .select_related("message")
        .order_by("opened_at")[: min(limit, 200)]
    )
    found = [
        CallToMake(
            message_id=MessageId(row.message_id), person_id=_patient(row.message),
            template=row.message.template, params=row.message.params, opened_at=row.opened_at,
            tries=row.tries, taken_by=UserId(row.taken_by) if row.taken_by else None,
            is_taken=row.taken_at is not None and now - row.taken_at < _HELD,
        )
        for row in rows
    ]  # fmt: skip
    audit.record_many(
        [
            audit.Entry(
                action="message.view-call", category="message", subject_id=c.person_id, entity_id=c.message_id
            )
            for c in found
        ],
        actor=actor,
        now=now,
    )
    return found


def take_call(*, actor: Actor, message_id: MessageId, now: datetime) -> None:
    """I call them. NotFound when it is closed, or somebody else is just calling."""
    with transaction.atomic():
        free = Q(taken_at__isnull=True) | Q(taken_at__lte=now - _HELD) | Q(taken_by=actor.user_id)
        if not _open(actor).filter(free, pk=message_id).update(taken_by=actor.user_id, taken_at=now):
            raise NotFound
        _record(actor, "message.call-take", message_id, "", now)


def close_call(*, actor: Actor, message_id: MessageId, outcome: str, now: datetime) -> None:
    """How the call ended. ``voicemail`` shows it again in an hour; ``unreachable`` ends it as failed."""
    if outcome not in CallOutcome.values:
        raise Invalid(fields={"outcome": "Choose how the call ended."})
    with transaction.atomic():
        call = _open(actor).select_for_update().filter(pk=message_id).first()
        if call is None:
            raise NotFound
        call.tries += 1
        if outcome == CallOutcome.VOICEMAIL:
            call.again_at, call.taken_by, call.taken_at = now + AGAIN_AFTER, None, None
        else:
            call.outcome, call.closed_at, call.closed_by = outcome, now, actor.user_id
            _end(call, outcome, now)
        call.save()
        _record(actor, "message.call-close", message_id, outcome, now)


def _end(call: StaffCall, outcome: str, now: datetime) -> None:
    reached = outcome != CallOutcome.UNREACHABLE
    values: dict[str, object] = {"state": MessageState.FAILED, "cause": "not-reached", "ended_at": now}
    step = Attempt.Step.BOUNCED
    if reached:
        values = {"state": MessageState.READ, "read_at": now}
        step = Attempt.Step.READ
    Message.objects.filter(pk=call.message_id, state=MessageState.ACCEPTED).update(**values)
    Attempt.objects.create(
        message_id=call.message_id, number=call.tries, step=step, provider=_PROVIDER, cause=outcome, at=now
    )


def _record(actor: Actor, action: str, message_id: UUID, outcome: str, now: datetime) -> None:
    message = Message.objects.get(pk=message_id)
    audit.record(
        actor=actor, action=action, category="message", now=now, subject_id=_patient(message),
        entity_id=message_id, detail={"outcome": outcome} if outcome else {},
    )  # fmt: skip


def _patient(message: Message) -> PersonId:
    assert message.person_id is not None  # noqa: S101 - only a patient's messages become calls
    return PersonId(message.person_id)


def _open(actor: Actor) -> QuerySet[StaffCall]:
    """Of the sites where the actor works; what belongs to no site is for managers and administrators."""
    if not actor.is_staff:
        raise Forbidden
    rows = StaffCall.objects.filter(closed_at__isnull=True)
    if actor.has(Role.ADMINISTRATOR):
        return rows
    theirs = Q(site_id__in=actor.site_ids)
    return rows.filter(theirs | Q(site_id__isnull=True) if actor.has(Role.MANAGER) else theirs)
