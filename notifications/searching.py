"""One person's messages as staff may see them, with the steps of each. Every look is audited."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from notifications.models import Attempt, Message, MessageState
from notifications.types import MessageStep, ToldMessage
from steadwell.actor import Actor, Role
from steadwell.audit import service as audit
from steadwell.errors import Forbidden
from steadwell.identity import service as identity
from steadwell.ids import MessageId, PersonId


def list_messages(*, actor: Actor, person_id: PersonId, now: datetime, limit: int = 50) -> list[ToldMessage]:
    """Latest first, those of the actor's own sites; managers and administrators see the others as well."""
    if not actor.is_staff:
        raise Forbidden
    rows = Message.objects.filter(person_id__in=identity.person_ids_of(person_id))
    if not actor.has(Role.ADMINISTRATOR):
        theirs = Q(site_id__in=actor.site_ids)
        rows = rows.filter(theirs | Q(site_id__isnull=True) if actor.has(Role.MANAGER) else theirs)
    found = list(rows.order_by("-id").defer("calendar")[: min(limit, 200)])
    audit.record(
        actor=actor, action="message.search", category="message", now=now, subject_id=person_id,
        detail={"messages": str(len(found))},
    )  # fmt: skip
    steps: dict[object, list[MessageStep]] = {}
    for attempt in Attempt.objects.filter(message__in=found).order_by("id"):
        steps.setdefault(attempt.message_id, []).append(
            MessageStep(
                step=attempt.step, provider=attempt.provider, cause=attempt.cause, at=attempt.at,
                number=attempt.number,
            )
        )  # fmt: skip
    return [
        ToldMessage(
            message_id=MessageId(row.pk), channel=row.channel, template=row.template, params=row.params,
            state=row.state, cause=row.cause, provider=row.provider, told_at=row.told_at,
            not_before=row.not_before, language=row.language, urgency=row.urgency,
            steps=tuple(steps.get(row.pk, ())),
        )
        for row in found
    ]  # fmt: skip


def count_uncertain(*, actor: Actor) -> int:
    """Messages whose provider is being asked whether it has them."""
    if not actor.is_staff:
        raise Forbidden
    return Message.objects.filter(state=MessageState.UNCERTAIN).count()
