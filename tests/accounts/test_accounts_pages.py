"""Every page of accounts opens, in the shell, and keeps to itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from accounts.people import make_patient, type_password
from signing_in import sign_in

from steadwell import clock

pytestmark = pytest.mark.django_db

OPEN = [
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/demo/",
]
OWN = [
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/sessions/",
    "/accounts/2fa/",
    "/accounts/2fa/webauthn/",
]
CONFIRMED = ["/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/"]


@pytest.mark.parametrize("path", OPEN)
def test_open_page_answers(client, path):
    answer = client.get(path)

    assert answer.status_code == 200
    assert answer.content.count(b"<h1") == 1


@pytest.mark.parametrize("path", OWN)
def test_own_page_answers_and_is_never_stored(client, path):
    sign_in(client, make_patient())

    answer = client.get(path)

    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", CONFIRMED)
def test_page_that_changes_the_account_asks_again_later(client, path):
    make_patient()
    type_password(client)
    assert client.get(path).status_code == 200

    with time_machine.travel(clock.now() + timedelta(minutes=6), tick=True):
        asked = client.get(path)

    assert asked.status_code == 302
    assert asked.url.startswith("/accounts/reauthenticate/")
