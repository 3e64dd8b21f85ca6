"""Who may sign in, as what, for whom, and from which browser."""

from __future__ import annotations

from steadwell.accounts.models.doors import Letter, Session, Throttle
from steadwell.accounts.models.invitations import AccessEnd, Invitation
from steadwell.accounts.models.people import STAFF_ROLE_CHOICES, Grant, Proxy, User

__all__ = [
    "STAFF_ROLE_CHOICES",
    "AccessEnd",
    "Grant",
    "Invitation",
    "Letter",
    "Proxy",
    "Session",
    "Throttle",
    "User",
]
