"""What becomes of each message of a batch, as far as it is decided before anything leaves."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from notifications.carrying.calls import Call
from notifications.carrying.rows import Row, Settling, Step
from notifications.models import MessageState
from steadwell.outbox import service as outbox


@dataclass(slots=True)
class Plan:
    """By delivery."""

    done: set[int] = field(default_factory=set)
    later: dict[int, outbox.Later] = field(default_factory=dict)
    ends: dict[int, Settling] = field(default_factory=dict)
    steps: dict[int, Step] = field(default_factory=dict)
    calls: dict[int, Call] = field(default_factory=dict)
    by_mail: set[UUID] = field(default_factory=set)  # messages that go by e-mail in place of their own way

    def wait(self, delivery_id: int, row: Row, later: outbox.Later) -> None:
        """It is due as before."""
        self.later[delivery_id] = later
        self.ends[delivery_id] = Settling(id=row.id, state=MessageState.DUE, provider="")

    def end(self, delivery_id: int, row: Row, state: MessageState, cause: str) -> None:
        self.done.add(delivery_id)
        self.ends[delivery_id] = Settling(id=row.id, state=state, provider=row.provider, cause=cause)
