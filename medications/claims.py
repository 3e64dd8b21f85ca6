"""Repeatable writes: the same key and body is the same request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from steadwell.actor import Actor
from steadwell.ids import new_id
from steadwell.outbox import service as outbox


def claim(
    actor: Actor, key: str, operation: str, body: Mapping[str, object], now: datetime
) -> tuple[UUID, bool]:
    """The id that is this request's own, and whether this is its first run."""
    attempt = new_id()
    claimed = outbox.claim_request(
        actor=actor, key=key, operation=operation, body=body, result_id=attempt, now=now
    )
    return claimed, claimed == attempt
