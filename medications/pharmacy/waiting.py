"""A pharmacy that says nothing: after some hours the message goes again, then patient and staff are told.

Due rows, so that a restart or a lost queue loses none of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from medications.models import Refill
from medications.refills import steps
from medications.types import RefillState
from steadwell import events
from steadwell.actor import system
from steadwell.outbox import service as outbox

KIND = "medications.refill-answer"
ACTOR = system("medications.waiting")
_OPEN = frozenset({RefillState.APPROVED.value, RefillState.SENT.value})


def plan(refill: Refill, *, round_: int, now: datetime) -> None:
    """Promise to look when the hours a pharmacy has are over. The version tells apart what was sent again."""
    refill.due_at = now + timedelta(hours=settings.PHARMACY_ANSWER_HOURS)
    outbox.schedule(
        kind=KIND,
        key=f"{refill.pk}:{refill.version}:{round_}",
        due_at=refill.due_at,
        now=now,
        about=refill.pk,
        payload={"round": str(round_), "message": str(refill.message_id)},
    )


def forget(refill: Refill) -> None:
    outbox.cancel_due(kind_prefix=KIND, about=refill.pk)
    refill.due_at = None


def look(row: outbox.DueRow, ctx: outbox.DeliveryContext) -> None:
    """The hours are over. An answer that came meanwhile ends it here."""
    refill = steps.lock(UUID(str(row.about)))
    if refill.state not in _OPEN or str(refill.message_id) != row.payload["message"]:
        return
    round_ = int(row.payload["round"])
    if round_ <= settings.PHARMACY_RETRIES:
        plan(refill, round_=round_ + 1, now=ctx.now)
        steps.note(refill, "retried", actor=ACTOR, at=ctx.now, reason="no-answer", attempt=round_)
        outbox.publish(
            events.RefillSendDue(refill_id=refill.pk, person_id=refill.person_id, version=refill.version),
            now=ctx.now,
        )
        return
    refill.due_at = None
    steps.move(refill, RefillState.UNANSWERED, actor=ACTOR, at=ctx.now, reason="no-answer", attempt=round_)
