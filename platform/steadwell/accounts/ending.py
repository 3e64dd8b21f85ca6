"""Ends sessions: one of them, or all."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from steadwell.accounts import auditing
from steadwell.accounts.models import Session
from steadwell.actor import Actor
from steadwell.errors import NotFound
from steadwell.ids import UserId


def sign_out_everywhere(*, actor: Actor, user_id: UserId, now: datetime, keep: UUID | None = None) -> int:
    """End every session of a user but ``keep``; returns how many there were."""
    with transaction.atomic():
        sessions = Session.objects.filter(user_id=user_id)
        if keep is not None:
            sessions = sessions.exclude(id=keep)
        ended, _ = sessions.delete()
        auditing.record(
            actor=actor,
            action="signed_out_everywhere",
            now=now,
            user_id=user_id,
            detail={"sessions": str(ended)},
        )
    return ended


def end_session(*, actor: Actor, user_id: UserId, session_id: UUID, now: datetime) -> None:
    """End one session of a user. Raises NotFound, also for somebody else's."""
    with transaction.atomic():
        if not Session.objects.filter(user_id=user_id, id=session_id).delete()[0]:
            raise NotFound
        auditing.record(actor=actor, action="session_ended", now=now, user_id=user_id)
