"""What a channel is: one small protocol, so that the next provider is one more class."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from notifications.types import Letter, Receipt
from steadwell.ids import PersonId, SiteId, VisitTypeId


class Unreached(Exception):
    """The message was certainly not taken: try again later. ``cause`` is a code, never the provider's
    words; ``after`` how many seconds the provider asked to be left alone, 0 for none.
    """

    def __init__(self, cause: str, *, after: float = 0.0) -> None:
        self.cause, self.after = cause, after
        super().__init__(cause)


class Unsure(Exception):
    """The provider had the whole message when the line went silent: it may have taken it."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(cause)


class Channel(Protocol):
    """Carries letters. Holds no database connection and returns within its deadline.

    ``send`` answers a Receipt when the provider decided, raises Unreached or Unsure when it did not. ``find``
    asks what became of the message with this key: None when the provider never took it; raises Unreached
    when it did not say. It is asked only where the account ``finds``.
    """

    provider: str

    def send(self, letter: Letter) -> Receipt: ...

    def find(self, key: str) -> Receipt | None: ...


class Clinic(Protocol):
    """The clinic as campaigns ask about it. The wiring binds it to scheduling."""

    def last_visits(
        self,
        *,
        person_ids: Collection[PersonId],
        site_id: SiteId | None,
        visit_type_id: VisitTypeId | None,
        now: datetime,
    ) -> Mapping[PersonId, datetime]:
        """When each was last seen; who never was is left out. One statement."""
        ...

    def site_names(self, *, now: datetime) -> Mapping[SiteId, str]: ...

    def visit_type_names(self, *, now: datetime) -> Mapping[VisitTypeId, str]: ...

    def zone_of(self, *, site_id: SiteId | None, now: datetime) -> str:
        """An IANA zone: the site's; where none is meant that of the first, as the clinic's own."""
        ...

    def booking_path(self) -> str:
        """Where in the portal one finds a time."""
        ...


_clinic: list[Clinic] = []


def bind_clinic(clinic: Clinic) -> None:
    """Called by the wiring."""
    _clinic[:] = [clinic]


def clinic() -> Clinic:
    if not _clinic:
        raise RuntimeError("No clinic is bound: see steadwell.config.wiring.")
    return _clinic[0]


def run_simulated_providers(*, port: int) -> None:
    """Providers of text messages, mail and push on loopback, until told to stop.

    The first line on standard output is a JSON object of ports; then it is ready. See
    ``notifications.simulator.house.House.control`` for what can be asked of it.
    """
    from notifications.simulator import running

    running.run(port)


def run_demo_providers(*, control: int) -> None:
    """The demonstration's: simulated ones at the addresses that NOTIFICATION_PROVIDERS names, until SIGTERM.
    ``control`` is the port where they can be told to misbehave.
    """
    from notifications.simulator import demo

    demo.run(control=control)
