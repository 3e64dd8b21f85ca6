"""What crosses the ledger's edge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar
from uuid import UUID

from steadwell.events import Event

if TYPE_CHECKING:
    from steadwell.outbox.promises import Promises


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryContext:
    """What a handler may want to know about this run.

    ``attempt`` counts from 1. ``late`` is true for a due row that runs well after its time. ``uncertain`` is
    true when an earlier attempt began its outside call and its end is not known: the call may have had its
    effect.
    """

    delivery_id: int
    attempt: int
    now: datetime
    late: bool = False
    uncertain: bool = False
    # The trace of whoever told the event, for what a batch tells on its behalf (``publish_many``).
    traceparent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRow:
    """A promise whose time has come."""

    kind: str
    key: str
    due_at: datetime
    expires_at: datetime | None
    about: UUID | None
    payload: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDueRow:
    """A promise to make, for ``schedule_many``."""

    kind: str
    key: str
    due_at: datetime
    about: UUID | None = None
    payload: Mapping[str, str] = field(default_factory=dict)
    expires_at: datetime | None = None
    # The trace that it belongs to, where a batch promises on behalf of several; else the present one.
    traceparent: str = ""


E = TypeVar("E", bound=Event)
E_heard = TypeVar("E_heard", bound=Event, covariant=True)
E_in = TypeVar("E_in", bound=Event, contravariant=True)
Call = TypeVar("Call")
Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard(Generic[E_heard]):
    """One event of a batch, and what is known about its delivery."""

    event: E_heard
    ctx: DeliveryContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallen:
    """One due row of a batch, and what is known about its delivery."""

    row: DueRow
    ctx: DeliveryContext


Handler = Callable[[E, DeliveryContext], None]
BatchHandler = Callable[[Sequence[Heard[E]]], None]
DueHandler = Callable[[DueRow, DeliveryContext], None]
DueBatchHandler = Callable[[Sequence[Fallen]], None]


class OutsideHandler(Protocol[E_in, Call, Outcome]):
    """A consumer that reaches outside (mail, SMS, an EHR), in three steps.

    ``prepare`` and ``settle`` each run in a transaction of their own, ``settle`` in the one that marks the
    delivery done. ``call`` runs between them with no database connection held. ``prepare`` may answer None:
    nothing to send, done. When the process dies between ``call`` and ``settle`` the next ``prepare`` sees
    ``ctx.uncertain``.
    """

    def prepare(self, event: E_in, ctx: DeliveryContext) -> Call | None: ...

    def call(self, call: Call) -> Outcome: ...

    def settle(self, event: E_in, ctx: DeliveryContext, outcome: Outcome) -> None: ...


class OutsideBatchHandler(Protocol[E_in]):
    """A consumer that reaches outside for many at once. It marks each in ``promises``, in transactions of its
    own, and holds no connection while it reaches outside.
    """

    def __call__(self, heard: Sequence[Heard[E_in]], promises: Promises) -> None: ...
