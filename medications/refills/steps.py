"""The one place where a refill's state changes: lock, recheck, move, step, event."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from medications import metrics
from medications.errors import MedicineNotFound, RefillMoved
from medications.models import Refill, RefillStep
from medications.status import may_move
from medications.types import RefillState
from steadwell import events
from steadwell.actor import Actor
from steadwell.outbox import service as outbox


def lock(refill_id: UUID) -> Refill:
    """The row, kept still. Whoever also needs the patient's chart has locked that before."""
    found = Refill.objects.select_for_update(no_key=True).filter(pk=refill_id).first()
    if found is None:
        raise MedicineNotFound
    return found


def move(
    refill: Refill,
    state: RefillState,
    *,
    actor: Actor,
    at: datetime,
    reason: str = "",
    attempt: int = 0,
    check_id: UUID | None = None,
    message_id: UUID | None = None,
) -> None:
    """To another state, with its step and its event. Raises RefillMoved where the table has no such move."""
    old = RefillState(refill.state)
    if not may_move(old, state):
        raise RefillMoved
    refill.state = state.value
    note(
        refill, state.value, actor=actor, at=at, reason=reason, attempt=attempt, check_id=check_id,
        message_id=message_id,
    )  # fmt: skip
    outbox.publish(
        events.RefillMoved(
            refill_id=refill.pk, person_id=refill.person_id, version=refill.version, state=state.value
        ),
        now=at,
    )
    if state is RefillState.FILLED:
        seconds = (at - refill.requested_at).total_seconds()
        transaction.on_commit(lambda: metrics.fulfilment.observe(max(0.0, seconds)))


def note(
    refill: Refill,
    step: str,
    *,
    actor: Actor,
    at: datetime,
    reason: str = "",
    attempt: int = 0,
    check_id: UUID | None = None,
    message_id: UUID | None = None,
) -> None:
    """One more step; the refill is written with it, and its version is the step's number."""
    refill.version += 1
    refill.changed_at = at
    refill.save()
    add_step(
        refill, step, actor=actor, at=at, reason=reason, attempt=attempt, check_id=check_id,
        message_id=message_id,
    )  # fmt: skip


def add_step(
    refill: Refill,
    step: str,
    *,
    actor: Actor,
    at: datetime,
    reason: str = "",
    attempt: int = 0,
    check_id: UUID | None = None,
    message_id: UUID | None = None,
) -> None:
    role = ",".join(sorted(actor.acting_roles()))[:64]
    RefillStep.objects.create(
        refill=refill, number=refill.version, step=step, at=at, by_id=actor.user_id, role=role,
        reason=reason[:500], attempt=attempt, check_id=check_id, message_id=message_id,
        dosage_text=refill.dosage_text, quantity_text=refill.quantity_text, pharmacy_id=refill.pharmacy_id,
    )  # fmt: skip
    transaction.on_commit(lambda: metrics.refills.inc(step=step))
