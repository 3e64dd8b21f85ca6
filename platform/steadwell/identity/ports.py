"""What identity asks of the outside: who somebody may be, when identifiers do not say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from steadwell.identity.types import Candidate, Demographics, Identifier


class Matcher(Protocol):
    """Proposes persons a new record may be about, best first.

    It runs inside the registering transaction, reads only, and never decides: whatever it proposes waits for
    a person, unless it says ``certain`` of exactly one. ``now`` is the instant of the registration.
    """

    def __call__(
        self, *, demographics: Demographics, identifiers: Sequence[Identifier], now: datetime
    ) -> Sequence[Candidate]: ...


_bound: list[Matcher] = []


def bind_matcher(matcher: Matcher) -> None:
    """Called by the wiring: this matcher takes the place of the built-in rule."""
    _bound[:] = [matcher]


def unbind_matcher() -> None:
    """Back to the built-in rule."""
    _bound.clear()


def bound_matcher(default: Matcher) -> Matcher:
    return _bound[0] if _bound else default
