"""Consumers whose effects can be counted. Tests hear them for a while, their processes always."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from django.db import connection

from steadwell.events import Event
from steadwell.outbox import service as outbox

TABLE = "CREATE TABLE IF NOT EXISTS kernel_effect (id bigserial, consumer text, key text, note text)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingHappened(Event):
    name: ClassVar[str] = "test.thing_happened.v1"
    thing_id: UUID
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgentThingHappened(Event):
    name: ClassVar[str] = "test.urgent_thing_happened.v1"
    thing_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SeveralHappened(Event):
    name: ClassVar[str] = "test.several_happened.v1"
    thing_id: UUID
    trouble: str = ""


def note(consumer: str, key: object, text: str = "") -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO kernel_effect (consumer, key, note) VALUES (%s, %s, %s)", [consumer, str(key), text]
        )


def count(consumer: str) -> tuple[int, int]:
    """How many effects, and of how many things."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(DISTINCT key) FROM kernel_effect WHERE consumer = %s", [consumer]
        )
        return tuple(cursor.fetchone())


def slow_effect(event: ThingHappened, ctx: outbox.DeliveryContext) -> None:
    """The effect first, then time to be killed in, before the transaction ends."""
    note("slow", event.thing_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.02)")


def together(heard: Sequence[outbox.Heard[SeveralHappened]]) -> None:
    """All effects first, then time to be killed in, or what kills."""
    for each in heard:
        note("together", each.event.thing_id, str(len(heard)))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.05)")
    if any(each.event.trouble == "kills its worker" for each in heard):
        os.kill(os.getpid(), signal.SIGKILL)


def poisonous(event: ThingHappened, ctx: outbox.DeliveryContext) -> None:
    if event.trouble == "kills its worker":
        os.kill(os.getpid(), signal.SIGKILL)
    note("poisonous", event.thing_id)


def urgent_effect(event: UrgentThingHappened, ctx: outbox.DeliveryContext) -> None:
    note("urgent", event.thing_id)


def due_effect(row: outbox.DueRow, ctx: outbox.DeliveryContext) -> None:
    note("due", row.key, "late" if ctx.late else "")


class Registered:
    """Hear while a test runs; a worker hears for ever."""

    def __enter__(self) -> None:
        outbox.subscribe(ThingHappened, consumer="test.slow", queue="default", handler=slow_effect)
        outbox.subscribe(ThingHappened, consumer="test.poisonous", queue="ehr", handler=poisonous, attempts=3)
        outbox.subscribe_batch(
            SeveralHappened, consumer="test.together", queue="medications", handler=together, attempts=6
        )
        outbox.subscribe(
            UrgentThingHappened, consumer="test.urgent", queue="labs.critical", handler=urgent_effect
        )
        outbox.handle_due("test.due", queue="notifications.standard", handler=due_effect)

    def __exit__(self, *_: object) -> None:
        for consumer in ("test.slow", "test.together", "test.poisonous", "test.urgent"):
            outbox.forget(consumer=consumer)
        outbox.forget(kind="test.due")
