"""Sending again what failed for good, by hand: the cause was mended, and the person still has to be told."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from notifications.models import Attempt, Message, MessageState
from notifications.promising import promise
from notifications.untold import patient_of, seen_by
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import NotFound
from steadwell.ids import MessageId


def replay_message(*, actor: Actor, message_id: MessageId, now: datetime) -> None:
    """Of two who press at once one finds it under way: NotFound, as for whoever may not see it."""
    with transaction.atomic():
        row = seen_by(actor).select_for_update().filter(pk=message_id).first()
        if row is None:
            raise NotFound
        Message.objects.filter(pk=message_id).update(
            state=MessageState.DUE, cause="", ended_at=None, settled_at=None, settled_by=None, provider="",
            provider_ref="",
        )  # fmt: skip
        Attempt.objects.create(message=row, number=0, step=Attempt.Step.REPLAYED, provider="", at=now)
        promise([Message.objects.get(pk=message_id)], now=now)
        audit.record(
            actor=actor, action="message.replay", category="message", now=now,
            subject_id=patient_of(row), entity_id=row.pk,
        )  # fmt: skip
