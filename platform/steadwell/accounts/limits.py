"""How long a session may last, by role. The strictest of a person's roles counts.

NIST 800-63B-4 allows 24 hours and one hour idle at AAL2; staff work at shared desks and get less.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from steadwell.actor import Role


@dataclass(frozen=True, slots=True)
class Limit:
    """``idle``: without any request; ``absolute``: since signing in, whatever happens."""

    idle: timedelta
    absolute: timedelta


# Somebody who has no role yet: on the way to signing in, or not yet linked to a record.
NO_ROLE = "none"


def limit_for(roles: Iterable[Role], limits: Mapping[str, tuple[int, int]]) -> Limit:
    """The strictest limit among the roles, out of the ``SESSION_LIMITS`` setting (seconds)."""
    found = [limits[role] for role in roles if role in limits] or [limits[NO_ROLE]]
    return Limit(
        idle=timedelta(seconds=min(idle for idle, _ in found)),
        absolute=timedelta(seconds=min(absolute for _, absolute in found)),
    )
