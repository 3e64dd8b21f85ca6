"""What the kernel tests share: an actor, a moment, and consumers that are taken back after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from steadwell.actor import Actor, Role
from steadwell.ids import PersonId, UserId, new_id
from steadwell.outbox import registry
from steadwell.outbox import service as outbox

NOW = datetime(2026, 3, 3, 14, 5, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def clerk() -> Actor:
    return Actor(user_id=UserId(new_id()), roles=frozenset({Role.FRONT_DESK}))


@pytest.fixture
def patient() -> Actor:
    return Actor(user_id=UserId(new_id()), roles=frozenset({Role.PATIENT}), person_id=PersonId(new_id()))


@pytest.fixture
def hear() -> Iterator[Callable[..., None]]:
    """``hear(event_type, consumer=…, queue=…, handler=…)`` until the test ends."""
    names: list[str] = []

    def subscribe(event_type: Any, *, consumer: str, **options: Any) -> None:
        names.append(consumer)
        options.setdefault("queue", "default")
        if "handler" in options and not callable(options["handler"]):
            outbox.subscribe_outside(event_type, consumer=consumer, **options)
        else:
            outbox.subscribe(event_type, consumer=consumer, **options)

    yield subscribe
    for name in names:
        registry.forget(consumer=name)


@pytest.fixture
def when_due() -> Iterator[Callable[..., None]]:
    """``when_due(kind, handler=…)`` until the test ends."""
    kinds: list[str] = []

    def handle(kind: str, **options: Any) -> None:
        kinds.append(kind)
        options.setdefault("queue", "default")
        outbox.handle_due(kind, **options)

    yield handle
    for kind in kinds:
        registry.forget(kind=kind)
