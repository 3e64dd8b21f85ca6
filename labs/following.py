"""What labs hears of identity: who somebody is, as far as reports go by it."""

from __future__ import annotations

from datetime import timedelta

from labs import matching
from steadwell import events
from steadwell.ids import PersonId
from steadwell.outbox import service as outbox

EVERY = timedelta(minutes=5)


def register() -> None:
    """Called once, when the app is ready."""
    outbox.subscribe(
        events.PersonChanged, consumer="labs.person_changed", queue="default", handler=follow_person
    )
    outbox.repeat("labs.sweep_waiting", every=EVERY, queue="default", handler=look_again)


def follow_person(event: events.PersonChanged, ctx: outbox.DeliveryContext) -> None:
    matching.person_changed(PersonId(event.person_id), now=ctx.now)


def look_again(row: outbox.DueRow, ctx: outbox.DeliveryContext) -> None:
    """In case identity learnt something that nobody told."""
    matching.sweep(now=ctx.now)
