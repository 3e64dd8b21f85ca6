"""What the apps tell, noted for each subscription that it may concern: what of it is sent comes later."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from fhir_facade.subscriptions import locking, standing, topics
from fhir_facade.subscriptions.models import HEARS, Subscription, SubscriptionEvent
from steadwell.events import NOBODY, Event
from steadwell.identity import service as identity
from steadwell.ids import PersonId
from steadwell.outbox import service as outbox

QUEUE = "fhir.subscriptions"


def register() -> None:
    """One consumer of each event of a topic."""
    for topic in topics.TOPICS.values():
        for event in topic.told:
            outbox.subscribe_batch(
                event, consumer=_consumer(topic.code), queue=QUEUE, handler=_hearing(topic)
            )


def _consumer(code: str) -> str:
    return f"fhir.{code}"


def wake(codes: Collection[str], *, now: datetime) -> None:
    """In the transaction of a subscription to these topics: from here on what happens is noted."""
    outbox.wake([_consumer(code) for code in codes], now=now)


def rest(*, now: datetime) -> None:
    """Topics that nobody subscribes to cost nothing."""
    outbox.rest([_consumer(code) for code in topics.TOPICS], wanted=_wanted, now=now)


def _wanted() -> set[str]:
    live = Subscription.objects.filter(state__in=HEARS, deleted_at__isnull=True)
    return {_consumer(code) for codes in live.values_list("topics", flat=True) for code in codes}


def _hearing(topic: topics.Topic) -> Callable[[Sequence[outbox.Heard[Any]]], None]:
    def hear(heard: Sequence[outbox.Heard[Any]]) -> None:
        note(topic, heard)

    return hear


def note(topic: topics.Topic, heard: Sequence[outbox.Heard[Event]]) -> None:
    """In one transaction with the marks that it was heard."""
    told = []
    for each in heard:
        focus_id, person_id = topics.focus_of(topic, each.event)
        if focus_id != NOBODY and person_id != NOBODY:
            told.append((each.ctx, focus_id, person_id))
    if not told:
        return
    same = {person_id: {person_id, *_ids(person_id)} for _, _, person_id in told}
    wanting = _wanting(topic, {each for ids in same.values() for each in ids})
    rows = [
        SubscriptionEvent(
            subscription_id=subscription_id, told=ctx.delivery_id, topic=topic.code, focus_id=focus_id,
            person_id=person_id, occurred_at=ctx.now,
        )
        for ctx, focus_id, person_id in told
        for subscription_id, about in wanting.items()
        if about is None or about in same[person_id]
    ]  # fmt: skip
    if not rows:
        return
    # The lock comes first: whoever is about to find nothing more to send waits, and then finds this.
    several = locking.lock_several({row.subscription_id for row in rows})
    there = {each.pk for each in several if each.state in HEARS}
    SubscriptionEvent.objects.bulk_create(
        [row for row in rows if row.subscription_id in there], ignore_conflicts=True
    )
    for subscription in several:
        if subscription.pk in there:
            standing.promise(subscription, now=heard[0].ctx.now)


def _ids(person_id: UUID) -> Iterable[UUID]:
    return identity.person_ids_of(PersonId(person_id))


def _wanting(topic: topics.Topic, people: set[UUID]) -> Mapping[UUID, UUID | None]:
    """Live subscriptions to the topic, with the patient in context: of these patients, or of everybody."""
    rows = Subscription.objects.filter(
        Q(person_id__in=people) | Q(person_id__isnull=True),
        state__in=HEARS, topics__contains=[topic.code], deleted_at__isnull=True,
    )  # fmt: skip
    return dict(rows.values_list("pk", "person_id"))
