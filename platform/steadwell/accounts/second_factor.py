"""Whether a session has shown a second factor, which members of staff need before anything else."""

from __future__ import annotations

from uuid import UUID

from allauth.mfa.models import Authenticator
from django.contrib.sessions.backends.base import SessionBase

# Holds the id of the user who showed the factor, so that it can never serve another one.
SECOND_FACTOR_KEY = "second_factor"

# Recovery codes are a way in for one who lost a factor, not a factor to have alone.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def mark_passed(session: SessionBase, user_id: UUID) -> None:
    session[SECOND_FACTOR_KEY] = str(user_id)


def unmark(session: SessionBase) -> None:
    session.pop(SECOND_FACTOR_KEY, None)


def has_passed(session: SessionBase, user_id: UUID) -> bool:
    return bool(session.get(SECOND_FACTOR_KEY) == str(user_id))


def has_any(user_id: UUID) -> bool:
    """Whether the user has enrolled a factor."""
    return bool(Authenticator.objects.filter(user_id=user_id, type__in=FACTORS).exists())
