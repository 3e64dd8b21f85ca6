"""What falls due: a retry, a heartbeat, an end; and once an hour what nobody asks for any more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from fhir_facade.oauth.models import Approval
from fhir_facade.smart.models import AccessToken
from fhir_facade.subscriptions import hearing, locking, places, standing
from fhir_facade.subscriptions.models import Subscription, SubscriptionEvent
from steadwell.events import SubscriptionSendDue
from steadwell.outbox import service as outbox

KEPT: Final = timedelta(days=30)  # how long events can be asked for again
_MOST = 1_000
State = Subscription.State


def send(row: outbox.DueRow, ctx: outbox.DeliveryContext) -> None:
    """A pause is over."""
    if row.about is not None:
        event = SubscriptionSendDue(subscription_id=row.about, turn=int(row.payload["turn"]))
        outbox.publish(event, now=ctx.now)


def beat(row: outbox.DueRow, ctx: outbox.DeliveryContext) -> None:
    """Something is sent once per period: where nothing was, a heartbeat. Each row makes the next."""
    subscription = locking.lock(row.about) if row.about else None
    if subscription is None or subscription.state != State.ACTIVE or not subscription.heartbeat:
        return
    if str(subscription.handshake_id) != row.payload["chain"]:
        return  # it was activated again since, with a chain of its own
    period = timedelta(seconds=subscription.heartbeat)
    quiet_until = (subscription.reached_at or row.due_at) + period
    if quiet_until > ctx.now:
        standing.promise_heartbeat(subscription, at=quiet_until, now=ctx.now)
        return
    subscription.heartbeat_due = True
    subscription.save(update_fields=["heartbeat_due"])
    standing.promise(subscription, now=ctx.now)
    standing.promise_heartbeat(subscription, at=ctx.now + period, now=ctx.now)


def end(row: outbox.DueRow, ctx: outbox.DeliveryContext) -> None:
    subscription = locking.lock(row.about) if row.about else None
    if subscription is None or subscription.state == State.OFF:
        return
    if subscription.ends_at is not None and subscription.ends_at <= ctx.now:
        standing.turn_off(subscription, cause="ended", now=ctx.now)


def _without_rights(now: datetime) -> list[UUID]:
    """What can be told in one statement; the rest is asked before anything is sent."""
    approved = Approval.objects.filter(pk=OuterRef("approval_id"), ended_at__isnull=True, ends_at__gt=now)
    token = AccessToken.objects.filter(pk=OuterRef("token_id"), revoked_at__isnull=True)
    ended = (
        Q(client__active=False)
        | (Q(approval_id__isnull=False) & ~Exists(approved))
        | (Q(token_id__isnull=False) & ~Exists(token))
    )
    live = Subscription.objects.filter(ended, deleted_at__isnull=True).exclude(state=State.OFF)
    return list(live.order_by("pk").values_list("pk", flat=True)[:_MOST])


def tidy(row: outbox.DueRow, ctx: outbox.DeliveryContext) -> None:
    """Ends what has lost its rights and heard nothing since; forgets old events and places."""
    for subscription in locking.lock_several(_without_rights(ctx.now)):
        if subscription.state != State.OFF:
            standing.turn_off(subscription, cause="access-ended", now=ctx.now)
    SubscriptionEvent.objects.filter(occurred_at__lt=ctx.now - KEPT).delete()
    Subscription.objects.filter(deleted_at__lt=ctx.now - KEPT).delete()
    places.forget(now=ctx.now)
    hearing.rest(now=ctx.now)
