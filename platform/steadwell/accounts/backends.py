"""Signs in by e-mail and password, and reads the user of a session with everything they may do."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from steadwell import clock
from steadwell.accounts.models import User
from steadwell.accounts.standing import as_user_id, load_user


class AccountBackend(AuthenticationBackend):  # type: ignore[misc]
    """allauth's check of a password (one hash, known or not), and our one-statement read of a user."""

    def get_user(self, user_id: Any) -> User | None:
        key = as_user_id(user_id)
        user = load_user(key, now=clock.now()) if key else None
        # Read on every request, so that disabling somebody ends their session at once.
        return user if user and user.is_active else None
