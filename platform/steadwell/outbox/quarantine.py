"""What was set aside: staff see the cause, replay it once the cause is mended, or settle it with a reason."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from steadwell.actor import Actor, Role
from steadwell.audit import service as audit
from steadwell.errors import Invalid
from steadwell.outbox.errors import DeliveryNotFound, NotQuarantined
from steadwell.outbox.models import DeliveryState, OutboxDelivery


def replay(*, actor: Actor, delivery_id: int, now: datetime) -> None:
    """Let a delivery that was set aside run again, with its attempts counted from nothing.

    Raises DeliveryNotFound, also to who may not, and NotQuarantined when somebody else was first.
    """
    with transaction.atomic():
        _check(actor, delivery_id)
        _move(delivery_id, state=DeliveryState.WAITING, attempts=0, available_at=now)
        _record(actor, "delivery.replay", delivery_id, "", now)


def settle(*, actor: Actor, delivery_id: int, reason: str, now: datetime) -> None:
    """Close a delivery that was set aside without running it: done otherwise, or not wanted.

    Raises Invalid without a reason, DeliveryNotFound and NotQuarantined as ``replay`` does.
    """
    if not reason.strip():
        raise Invalid(fields={"reason": "missing"})
    with transaction.atomic():
        _check(actor, delivery_id)
        _move(delivery_id, state=DeliveryState.DONE, settled_at=now, last_error="settled-by-staff")
        _record(actor, "delivery.settle", delivery_id, reason.strip(), now)


def _check(actor: Actor, delivery_id: int) -> None:
    if not actor.has(Role.ADMINISTRATOR, Role.SYSTEM):
        raise DeliveryNotFound
    if not OutboxDelivery.objects.filter(pk=delivery_id).exists():
        raise DeliveryNotFound


def _move(delivery_id: int, **values: object) -> None:
    # Of two who press at once, one finds it no longer set aside.
    if not OutboxDelivery.objects.filter(pk=delivery_id, state=DeliveryState.QUARANTINED).update(**values):
        raise NotQuarantined


def _record(actor: Actor, action: str, delivery_id: int, reason: str, now: datetime) -> None:
    audit.record(
        actor=actor,
        action=action,
        category="delivery",
        reason=reason,
        detail={"delivery": str(delivery_id)},
        now=now,
    )
