"""What one simulated provider does with what it is sent, and what arrived at the handsets."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

MODES = ("ok", "refuse", "hang", "error", "slow", "drop")
REPORTS = ("none", "once", "twice", "late", "failed", "complained")


@dataclass(slots=True)
class Behaviour:
    """``mode``: take it, refuse connections, never answer, answer 500, answer after ``slow_seconds``, or
    accept and drop. ``answer_seconds``: what every answer takes. ``lost_answers``: how many times it is to
    take a message and then close the line unanswered. ``report``: whether and how it reports deliveries;
    ``report_url``: where to, for providers that are not told so with each message.
    """

    mode: str = "ok"
    slow_seconds: float = 20.0
    answer_seconds: float = 0.0
    lost_answers: int = 0
    honours_keys: bool = True
    report: str = "none"
    report_seconds: float = 0.05
    report_secret: str = ""
    report_url: str = ""

    def change(self, wanted: dict[str, Any]) -> None:
        for name, value in wanted.items():
            if name not in self.__slots__:
                raise ValueError(f"There is no {name}.")
            setattr(self, name, value)
        if self.mode not in MODES or self.report not in REPORTS:
            raise ValueError("mode or report is not known.")


@dataclass(slots=True)
class Arrival:
    """One message on a handset, in a mailbox or on a device."""

    provider: str
    channel: str
    to: str
    text: str
    key: str
    reference: str
    at: float
    subject: str = ""


@dataclass(slots=True)
class Provider:
    """One provider: how it behaves, and what it remembers of keys."""

    name: str
    channel: str
    behaviour: Behaviour = field(default_factory=Behaviour)
    known: OrderedDict[str, str] = field(default_factory=OrderedDict)  # key -> reference
    asked: int = 0  # requests that came in, whatever became of them
    open: set[object] = field(default_factory=set)  # of these, those that wait for their answer
    most_open: int = 0
    seconds: dict[int, int] = field(default_factory=dict)  # how many came in each second

    @contextmanager
    def counted(self) -> Iterator[None]:
        """One request, from when it came until it is answered or its line is gone."""
        self.count()
        self.open.add(one := object())
        self.most_open = max(self.most_open, len(self.open))
        try:
            yield
        finally:
            self.open.discard(one)

    def count(self) -> None:
        self.asked += 1
        now = int(time.time())
        self.seconds[now] = self.seconds.get(now, 0) + 1

    def take(
        self, handset: Handset, *, to: str, text: str, key: str, subject: str = "", shown: Shown | None = None
    ) -> tuple[str, bool]:
        """Its reference, and whether it is new."""
        if key and key in self.known and self.behaviour.honours_keys:
            return self.known[key], False
        reference = f"SM{uuid4().hex}"
        if key:
            self.known[key] = reference
        if self.behaviour.mode != "drop":
            arrival = Arrival(
                provider=self.name, channel=self.channel, to=to, text=text, key=key, reference=reference,
                at=time.time(), subject=subject,
            )  # fmt: skip
            handset.add(arrival, shown or Shown())
        return reference, True

    def forget(self, key: str) -> None:
        """As if it had never been taken."""
        self.known.pop(key, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What of a mail only its programme shows."""

    html: str = ""
    calendar: str = ""


Keep = Callable[["Arrival", Shown], None]


@dataclass(slots=True)
class Handset:
    """Everything that arrived anywhere, in order. ``keep`` writes it down where others read it; what it has
    not written yet is ``unkept``.
    """

    keep: Keep | None = None
    arrivals: list[Arrival] = field(default_factory=list)
    unkept: list[tuple[Arrival, Shown]] = field(default_factory=list)

    def add(self, arrival: Arrival, shown: Shown) -> None:
        self.arrivals.append(arrival)
        if self.keep is not None:
            self.unkept.append((arrival, shown))
