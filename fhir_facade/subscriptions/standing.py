"""How a subscription stands: its next turn, its steps from requested to active, to error and to off."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Final

from fhir_facade.subscriptions.models import Subscription, SubscriptionEvent
from steadwell.events import SubscriptionSendDue
from steadwell.observability import service as observability
from steadwell.outbox import service as outbox

log = observability.get_logger(__name__)
# After each failure the next attempt; after the last of them it is given up: about three days.
PAUSES: Final = tuple(
    timedelta(seconds=each)
    for each in (10, 60, 300, 900, 3_600, 10_800, 21_600, 43_200, 86_400, 86_400)
)  # fmt: skip
# A handshake that got no answer is tried again; one that was refused is not.
HANDSHAKE_PAUSES: Final = PAUSES[:2]
SEND: Final = "fhir.subscription-send"
HEARTBEAT: Final = "fhir.subscription-heartbeat"
END: Final = "fhir.subscription-end"
State = Subscription.State
_WORDS: Final = {
    "timeout": "The receiver did not answer in time.",
    "no-answer": "The receiver did not answer.",
    "unknown-host": "The receiver's name is not known.",
    "refused-address": "The endpoint leads into a network that is not public.",
    "gone": "The receiver said that it is gone (410).",
    "ended": "Its end has come.",
    "access-ended": "The client's access has ended.",
}


def promise(subscription: Subscription, *, now: datetime) -> None:
    """In the row's lock: something is to be sent. One promise at a time."""
    if not subscription.promised:
        promise_anew(subscription, now=now)


def promise_anew(subscription: Subscription, *, now: datetime) -> None:
    """The next turn; whatever was promised before does nothing any more."""
    subscription.turn += 1
    subscription.promised = True
    subscription.save(update_fields=["turn", "promised"])
    outbox.publish(SubscriptionSendDue(subscription_id=subscription.pk, turn=subscription.turn), now=now)


def promise_later(subscription: Subscription, *, after: timedelta, now: datetime) -> None:
    """The next turn, at its time: a due row, whatever happens to processes and queues until then."""
    subscription.turn += 1
    subscription.promised = True
    subscription.save(update_fields=["turn", "promised"])
    outbox.schedule(
        kind=SEND, key=f"{subscription.pk}:{subscription.turn}", about=subscription.pk, now=now,
        due_at=now + after * random.uniform(0.8, 1.2),  # noqa: S311 - so that retries spread
        payload={"turn": str(subscription.turn)},
    )  # fmt: skip


def rest(subscription: Subscription) -> None:
    """Nothing is to be sent."""
    subscription.promised = False
    subscription.save(update_fields=["promised"])


def reached(subscription: Subscription, *, now: datetime) -> None:
    """The receiver answered well."""
    subscription.failures, subscription.reached_at, subscription.heartbeat_due = 0, now, False
    subscription.save(update_fields=["failures", "reached_at", "heartbeat_due"])
    if subscription.state == State.REQUESTED:
        _move(subscription, State.ACTIVE, "", now)
        start_heartbeat(subscription, now=now)
    elif subscription.cause:
        _move(subscription, State.ACTIVE, "", now)


def missed(subscription: Subscription, *, cause: str, unanswered: bool, now: datetime) -> None:
    """It did not: again after a pause, or given up after the last. ``unanswered``: it may be a moment's."""
    subscription.failures += 1
    subscription.save(update_fields=["failures"])
    greeting = subscription.state == State.REQUESTED
    pauses = (HANDSHAKE_PAUSES if unanswered else ()) if greeting else PAUSES
    if subscription.failures > len(pauses):
        _move(subscription, State.ERROR, cause, now)
        rest(subscription)
        return
    if subscription.cause != cause:
        _move(subscription, State(subscription.state), cause, now)
    promise_later(subscription, after=pauses[subscription.failures - 1], now=now)


def turn_off(subscription: Subscription, *, cause: str, now: datetime) -> None:
    """Nothing more is sent. What lay ready of a client that may not read it any more is gone."""
    _move(subscription, State.OFF, cause, now)
    rest(subscription)
    if cause == "access-ended":
        SubscriptionEvent.objects.filter(subscription=subscription).delete()


def _move(subscription: Subscription, state: State, cause: str, now: datetime) -> None:
    """A step that readers of the resource see: its version grows."""
    subscription.state, subscription.cause = state, cause
    subscription.version += 1
    subscription.changed_at = now
    subscription.save(update_fields=["state", "cause", "version", "changed_at"])
    log.info("subscription.moved", state=str(state), cause=cause or None, subject=subscription.pk)


def words_of(cause: str) -> str:
    """For the resource's ``error``."""
    if cause.startswith("status-"):
        return f"The receiver answered with the status {cause.removeprefix('status-')}."
    return _WORDS.get(cause, cause)


def start_heartbeat(subscription: Subscription, *, now: datetime) -> None:
    """One chain of due rows per activation, each making the next."""
    if subscription.heartbeat:
        promise_heartbeat(subscription, at=now + timedelta(seconds=subscription.heartbeat), now=now)


def promise_heartbeat(subscription: Subscription, *, at: datetime, now: datetime) -> None:
    chain = str(subscription.handshake_id)
    outbox.schedule(
        kind=HEARTBEAT, key=f"{subscription.pk}:{chain}:{at.isoformat()}", due_at=at, now=now,
        about=subscription.pk, payload={"chain": chain},
    )  # fmt: skip


def promise_end(subscription: Subscription, *, now: datetime) -> None:
    if subscription.ends_at is not None:
        at = subscription.ends_at
        outbox.schedule(
            kind=END, key=f"{subscription.pk}:{at.isoformat()}", due_at=at, now=now, about=subscription.pk
        )
