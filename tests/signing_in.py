"""Signs a test's client in as a user, with the second factor shown, without walking through the doors."""

from __future__ import annotations

from uuid import UUID

from django.test import Client

from steadwell import clock
from steadwell.accounts.second_factor import mark_passed
from steadwell.accounts.standing import load_user


def sign_in(client: Client, user_id: UUID) -> Client:
    """The same client, signed in. Staff count as having shown a second factor."""
    user = load_user(user_id, now=clock.now())
    assert user is not None
    client.force_login(user)
    session = client.session
    mark_passed(session, user_id)
    session.save()
    return client
