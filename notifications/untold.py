"""What did not arrive: for staff to see and settle, so that no failure is silent."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from notifications.models import Message, MessageState
from notifications.types import Untold
from steadwell.actor import Actor, Role
from steadwell.audit import service as audit
from steadwell.errors import Forbidden, NotFound
from steadwell.ids import MessageId, PersonId


def list_untold(*, actor: Actor, now: datetime, limit: int = 50) -> list[Untold]:
    """Messages that failed and that nobody has settled, latest first. Staff only, each their own sites'; each
    person is audited.
    """
    rows = seen_by(actor).filter(settled_at__isnull=True).order_by("-ended_at")
    found = [
        Untold(
            message_id=MessageId(row.pk),
            person_id=patient_of(row),
            template=row.template,
            params=row.params,
            about=row.about,
            cause=row.cause,
            failed_at=row.ended_at or row.told_at,
            told_at=row.told_at,
        )
        for row in rows[: min(limit, 200)]
    ]
    audit.record_many(
        [
            audit.Entry(
                action="message.view-untold",
                category="message",
                subject_id=u.person_id,
                entity_id=u.message_id,
            )
            for u in found
        ],
        actor=actor,
        now=now,
    )
    return found


def settle_untold(*, actor: Actor, message_id: MessageId, now: datetime) -> None:
    """Somebody told the person in another way (a call), or it no longer matters."""
    row = seen_by(actor).filter(pk=message_id).first()
    if row is None:
        raise NotFound
    with transaction.atomic():
        settled = Message.objects.filter(pk=message_id, settled_at__isnull=True)
        if settled.update(settled_at=now, settled_by=actor.user_id):
            audit.record(
                actor=actor, action="message.settle", category="message", now=now,
                subject_id=patient_of(row), entity_id=row.pk,
            )  # fmt: skip


def patient_of(row: Message) -> PersonId:
    assert row.person_id is not None  # noqa: S101 - seen_by() leaves out the alerts to staff
    return PersonId(row.person_id)


def seen_by(actor: Actor) -> QuerySet[Message]:
    """Of the sites where the actor works; what belongs to no site is for managers and administrators."""
    if not actor.is_staff:
        raise Forbidden
    # An alert to staff that failed climbs to the next of them by itself: it is nobody's telephone call.
    failed = Message.objects.filter(state=MessageState.FAILED, person_id__isnull=False)
    if actor.has(Role.ADMINISTRATOR):
        return failed
    theirs = Q(site_id__in=actor.site_ids)
    return failed.filter(theirs | Q(site_id__isnull=True) if actor.has(Role.MANAGER) else theirs)
