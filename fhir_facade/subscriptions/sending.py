"""A subscription's turn: what is sent is settled in one transaction, sent without one, noted in another.

What is sent was made and numbered before: a process that dies in between sends the same again, with the same
numbers and the same Bundle ids.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fhir_facade import outbound
from fhir_facade.server import wire
from fhir_facade.server.access import Access
from fhir_facade.subscriptions import locking, notifying, numbering, places, rights, sealing, standing
from fhir_facade.subscriptions.models import Subscription, SubscriptionEvent
from fhir_facade.subscriptions.wanted import pairs_of
from steadwell.events import SubscriptionSendDue
from steadwell.ids import new_id
from steadwell.outbox import service as outbox

MOST_AT_ONCE: Final = 20
# Rights were asked for when the turn began: after this long the rest waits for the next, which asks anew.
FRESH_SECONDS: Final = 3.0
NO_PLACE: Final = timedelta(seconds=5)
GONE: Final = 410
State = Subscription.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One request. ``event_id`` 0: a handshake or a heartbeat."""

    event_id: int
    method: str
    url: str
    body: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What is sent now, in order, with the headers that the receiver asked for."""

    messages: tuple[Message, ...]
    headers: dict[str, str]
    timeout: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """``delivered``: what was answered well. ``cause`` is a code, empty where all was. ``unanswered``: it was
    not refused, there was no answer.
    """

    delivered: tuple[int, ...]
    cause: str = ""
    unanswered: bool = False
    gone: bool = False


class Sending:
    """The outbox's consumer of turns."""

    def prepare(self, event: SubscriptionSendDue, ctx: outbox.DeliveryContext) -> Turn | None:
        subscription = locking.lock(event.subscription_id)
        if subscription is None or not subscription.promised or subscription.turn != event.turn:
            return None
        if subscription.state in {State.OFF, State.ERROR}:
            standing.rest(subscription)
            return None
        access = rights.access_of(subscription, now=ctx.now)
        if access is None or _has_ended(subscription, ctx.now):
            standing.turn_off(subscription, cause="ended" if access else "access-ended", now=ctx.now)
            return None
        if not places.take(subscription, now=ctx.now):
            standing.promise_later(subscription, after=NO_PLACE, now=ctx.now)
            return None
        messages = _messages(subscription, access, ctx.now)
        if not messages:
            places.free(subscription, now=ctx.now)
            _go_on(subscription, ctx.now)
            return None
        headers = pairs_of(sealing.unseal(subscription.headers))
        return Turn(messages=tuple(messages), headers=headers, timeout=subscription.timeout)

    def call(self, call: Turn) -> Outcome:
        """One after the other, until one fails or the rights have to be asked for anew."""
        begun = time.monotonic()
        delivered: list[int] = []
        for message in call.messages:
            if delivered and time.monotonic() - begun > FRESH_SECONDS:
                break
            try:
                answer = _send(call, message)
            except outbound.Unreachable as error:
                return Outcome(
                    delivered=tuple(delivered), cause=error.cause, unanswered=_a_moment(error.cause)
                )
            if not 200 <= answer.status < 300:
                cause = f"status-{answer.status}"
                return Outcome(delivered=tuple(delivered), cause=cause, gone=answer.status == GONE)
            delivered.append(message.event_id)
        return Outcome(delivered=tuple(delivered))

    def settle(self, event: SubscriptionSendDue, ctx: outbox.DeliveryContext, outcome: Outcome) -> None:
        subscription = locking.lock(event.subscription_id)
        if subscription is None:
            return
        sent = SubscriptionEvent.objects.filter(subscription=subscription, pk__in=outcome.delivered)
        sent.update(sent_at=ctx.now)
        places.free(subscription, now=ctx.now, rests=outcome.cause == "timeout")
        if subscription.turn != event.turn or not subscription.promised:
            return  # it was written anew meanwhile, or ended: that has its own turn
        if outcome.gone:
            standing.turn_off(subscription, cause="gone", now=ctx.now)
        elif outcome.cause:
            _missed(subscription, outcome, ctx.now)
        else:
            standing.reached(subscription, now=ctx.now)
            _go_on(subscription, ctx.now)


def _missed(subscription: Subscription, outcome: Outcome, now: datetime) -> None:
    if outcome.delivered:
        standing.reached(subscription, now=now)
    standing.missed(subscription, cause=outcome.cause, unanswered=outcome.unanswered, now=now)


def _go_on(subscription: Subscription, now: datetime) -> None:
    """The next turn at once, or none: what is noted from now on waits for this lock, and promises one."""
    more = SubscriptionEvent.objects.filter(subscription=subscription, sent_at__isnull=True).exists()
    if more:
        standing.promise_anew(subscription, now=now)
    else:
        standing.rest(subscription)


def _has_ended(subscription: Subscription, now: datetime) -> bool:
    return subscription.ends_at is not None and subscription.ends_at <= now


def _a_moment(cause: str) -> bool:
    return cause in {"timeout", "no-answer", "unknown-host"}


def _send(call: Turn, message: Message) -> outbound.Answer:
    kind = {"Content-Type": "application/fhir+json; charset=utf-8"} if message.body else {}
    return outbound.call(
        message.method, message.url, headers={**call.headers, **kind, "Accept": "application/fhir+json, */*"},
        body=message.body, largest=0, deadline=call.timeout,
    )  # fmt: skip


def _messages(subscription: Subscription, access: Access, now: datetime) -> list[Message]:
    if subscription.state == State.REQUESTED:
        return [_sign_of_life(subscription, notifying.HANDSHAKE, now)]
    known = subscription.number
    numbering.number(subscription, access)
    unsent = SubscriptionEvent.objects.filter(
        subscription=subscription, sent_at__isnull=True, number__isnull=False
    )
    events = list(unsent.order_by("number")[:MOST_AT_ONCE])
    for each in events:
        if (each.number or 0) <= known:
            numbering.check_again(subscription, access, each)
    if events:
        return [_message(subscription, each) for each in events]
    if subscription.heartbeat_due:
        return [_sign_of_life(subscription, notifying.HEARTBEAT, now)]
    return []


def _sign_of_life(subscription: Subscription, kind: str, now: datetime) -> Message:
    """Without events. Of a subscription of R4's own kind, which knows no such Bundle: an empty body."""
    if not subscription.by_topic:
        return Message(event_id=0, method="POST", url=subscription.endpoint, body=b"")
    key = subscription.handshake_id if kind == notifying.HANDSHAKE else new_id()
    made = notifying.bundle(subscription, kind, key=key, number=subscription.number, at=now)
    return Message(event_id=0, method="POST", url=subscription.endpoint, body=wire.dump(made))


def _message(subscription: Subscription, event: SubscriptionEvent) -> Message:
    if subscription.by_topic:
        body = event.body.encode()
        return Message(event_id=event.pk, method="POST", url=subscription.endpoint, body=body)
    focus = notifying.focus_in(event.body)
    if focus is None:
        return Message(event_id=event.pk, method="POST", url=subscription.endpoint, body=b"")
    url = f"{subscription.endpoint.rstrip('/')}/{focus['resourceType']}/{focus['id']}"
    return Message(event_id=event.pk, method="PUT", url=url, body=wire.dump(focus))
