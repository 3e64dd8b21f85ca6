"""Every page of accounts opens, in the shell, and keeps to itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from accounts.people import (
    actions,
    code_of,
    enrol_app,
    enrol_recovery_codes,
    make_patient,
    type_password,
)
from django.test import Client
from signing_in import sign_in

from steadwell import clock
from steadwell.accounts.models import User

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


FACTOR_PAGES = [
    "/accounts/2fa/",
    "/accounts/2fa/totp/deactivate/",
    "/accounts/2fa/reauthenticate/",
    "/accounts/2fa/recovery-codes/",
    "/accounts/2fa/recovery-codes/generate/",
    "/accounts/reauthenticate/",
    "/accounts/logout/",
]


@pytest.mark.parametrize("path", FACTOR_PAGES)
def test_page_of_one_with_a_factor_answers(client, path):
    user = make_patient()
    secret = enrol_app(user)
    enrol_recovery_codes(user)
    type_password(client)
    client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})

    answer = client.get(path)

    assert answer.status_code == 200
    assert answer.content.count(b"<h1") == 1
    assert b"style=" not in answer.content


def test_recovery_codes_are_downloaded_as_text(client):
    user = make_patient()
    secret = enrol_app(user)
    codes = enrol_recovery_codes(user)
    type_password(client)
    client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})

    answer = client.get("/accounts/2fa/recovery-codes/download/")

    assert answer.content.decode().split() == codes
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/accounts/inactive/", "/accounts/password/reset/key/done/"])
def test_closing_words_are_shown(client, path):
    assert client.get(path).status_code == 200


def test_closed_sign_up_says_whom_to_ask(client, settings):
    settings.ACCOUNTS_OPEN_SIGN_UP = False

    assert "front desk" in client.get("/accounts/signup/").content.decode()


def test_address_is_changed_by_a_code_to_the_new_one(client):
    user = make_patient()
    type_password(client)

    answer = client.post("/accounts/email/", {"email": "new@example.org", "action_add": "1"})
    page = client.get(answer.url)
    assert page.status_code == 200
    assert User.objects.get(pk=user).email == "ada@example.org"
    code = client.session["account_email_verification_code"]["code"]
    client.post("/accounts/confirm-email/", {"code": code})

    assert User.objects.get(pk=user).email == "new@example.org"
    assert "account.email_changed" in actions(user)
    assert client.get("/accounts/email/").status_code == 200


def test_changing_the_password_ends_the_other_browsers(client):
    user = make_patient()
    other = sign_in(Client(), user)
    type_password(client)

    client.post(
        "/accounts/password/change/",
        {
            "oldpassword": "three green lanterns",
            "password1": "nine purple lanterns",
            "password2": "nine purple lanterns",
        },
    )

    assert client.get("/accounts/sessions/").status_code == 200
    assert other.get("/accounts/sessions/").status_code == 302
    assert "account.password_changed" in actions(user)
