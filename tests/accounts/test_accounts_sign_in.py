"""Signing in and out: who gets in, what is written down, and what strangers can learn from it."""

from __future__ import annotations

import re
from datetime import timedelta
from unittest.mock import patch

import pytest
import time_machine
from accounts.people import EMAIL, PASSWORD, actions, make_patient, type_password, who, without_keys
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client

from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.accounts.letters import read
from steadwell.accounts.models import Letter
from steadwell.actor import system
from steadwell.audit.errors import AuditUnavailable

pytestmark = pytest.mark.django_db


def test_right_password_signs_in(client):
    user = make_patient()

    answer = type_password(client)

    assert answer.url == "/"
    assert who(client) == str(user)
    assert actions(user)[-1] == "account.signed_in"


def test_case_of_the_address_does_not_matter(client):
    user = make_patient()

    type_password(client, email="ADA@Example.ORG")

    assert who(client) == str(user)


def test_signing_out_ends_the_session(client):
    user = make_patient()
    type_password(client)
    before = client.cookies["steadwell_session"].value

    client.post("/accounts/logout/")

    assert actions(user)[-1] == "account.signed_out"
    client.cookies["steadwell_session"] = before
    assert client.get("/accounts/sessions/").status_code == 302


def test_signing_in_takes_a_new_session_key(client):
    make_patient()
    client.post("/accounts/password/reset/", {"email": "x@example.org"})
    session = client.session
    session["planted"] = "yes"
    session.save()
    planted = session.session_key
    client.cookies["steadwell_session"] = planted

    type_password(client)

    assert client.cookies["steadwell_session"].value != planted
    stranger = Client()
    stranger.cookies["steadwell_session"] = planted
    assert stranger.get("/accounts/sessions/").status_code == 302


def test_nobody_gets_in_when_it_cannot_be_recorded(client):
    make_patient()
    client.raise_request_exception = False

    with patch("steadwell.audit.service.record", side_effect=AuditUnavailable):
        answer = type_password(client)

    assert answer.status_code >= 500
    assert client.get("/accounts/sessions/").status_code == 302


def test_disabled_account_stays_out(client):
    user = make_patient()
    accounts.disable_user(actor=system("test"), user_id=user, now=clock.now())

    type_password(client)

    assert client.get("/accounts/sessions/").status_code == 302


def test_known_and_unknown_cost_one_hash_each(client):
    make_patient()
    counted = []
    original = MD5PasswordHasher.encode

    def count(self, *args, **kwargs):
        counted.append(1)
        return original(self, *args, **kwargs)

    with patch.object(MD5PasswordHasher, "encode", count):
        type_password(client, "a wrong password")
        known = len(counted)
        type_password(client, "a wrong password", "nobody@example.org")

    assert (known, len(counted) - known) == (1, 1)


def test_wrong_answers_look_alike(client):
    make_patient()

    known = type_password(Client(), "a wrong password")
    unknown = type_password(Client(), "a wrong password", "nobody@example.org")

    assert known.status_code == unknown.status_code == 200
    assert without_keys(known) == without_keys(unknown)


def test_reset_answers_look_alike():
    make_patient()

    known = Client().post("/accounts/password/reset/", {"email": EMAIL}, follow=True)
    unknown = Client().post("/accounts/password/reset/", {"email": "nobody@example.org"}, follow=True)

    assert without_keys(known) == without_keys(unknown)


def test_sign_ups_look_alike():
    make_patient()
    fresh = {"password1": "four yellow lanterns"}

    known = Client().post("/accounts/signup/", {"email": EMAIL, **fresh}, follow=True)
    unknown = Client().post("/accounts/signup/", {"email": "nobody@example.org", **fresh}, follow=True)

    assert known.redirect_chain == unknown.redirect_chain
    assert without_keys(known) == without_keys(unknown)


@pytest.mark.parametrize(
    "where",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "http:///x"],
)
def test_foreign_destinations_are_not_followed(client, where):
    make_patient()

    answer = client.post("/accounts/login/", {"login": EMAIL, "password": PASSWORD, "next": where})

    assert answer.url == "/"


def test_own_destination_is_followed(client):
    make_patient()

    answer = client.post(
        "/accounts/login/", {"login": EMAIL, "password": PASSWORD, "next": "/accounts/sessions/"}
    )

    assert answer.url == "/accounts/sessions/"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000"])
def test_reset_link_bears_our_own_name(client, settings, host):
    settings.PUBLIC_URL = "https://clinic.example"
    make_patient()

    client.post("/accounts/password/reset/", {"email": EMAIL}, headers={"Host": host})

    letter = letters()[0]
    assert "https://clinic.example/accounts/password/reset/key/" in letter
    assert "evil.example" not in letter


def letters():
    return [read(letter) for letter in Letter.objects.order_by("id")]


def reset_link():
    return re.search(r"(/accounts/password/reset/key/\S+)", letters()[0]).group(1)


def test_reset_sets_a_new_password_and_ends_every_session(client):
    user = make_patient()
    elsewhere = Client()
    type_password(elsewhere)
    client.post("/accounts/password/reset/", {"email": EMAIL})
    form = client.get(reset_link()).url

    client.post(form, {"password1": "nine purple lanterns", "password2": "nine purple lanterns"})

    assert elsewhere.get("/accounts/sessions/").status_code == 302
    assert type_password(Client()).status_code == 200
    type_password(client, "nine purple lanterns")
    assert who(client) == str(user)
    assert "account.password_reset" in actions(user)


def test_reset_link_works_once(client):
    make_patient()
    client.post("/accounts/password/reset/", {"email": EMAIL})
    link = reset_link()
    form = client.get(link).url
    client.post(form, {"password1": "nine purple lanterns", "password2": "nine purple lanterns"})

    again = Client().get(link)

    assert again.status_code == 200
    assert "no longer works" in again.content.decode()


def test_reset_link_ends_after_an_hour(client):
    make_patient()
    client.post("/accounts/password/reset/", {"email": EMAIL})

    with time_machine.travel(clock.now() + timedelta(minutes=61), tick=True):
        answer = client.get(reset_link())

    assert answer.status_code == 200


def test_sign_up_confirms_the_address_by_code_then_asks_for_the_record(client):
    client.post("/accounts/signup/", {"email": "new@example.org", "password1": "four yellow lanterns"})
    assert who(client) == ""
    code = client.session["account_email_verification_code"]["code"]
    assert code in letters()[0]

    answer = client.post("/accounts/confirm-email/", {"code": code})

    assert who(client) != ""
    assert client.get(answer.url).url == "/accounts/link/"
    assert client.get("/accounts/link/").status_code == 200


def test_wrong_codes_end_the_sign_up(client):
    client.post("/accounts/signup/", {"email": "new@example.org", "password1": "four yellow lanterns"})
    code = client.session["account_email_verification_code"]["code"]
    for _ in range(3):
        client.post("/accounts/confirm-email/", {"code": "WRONGX"})

    client.post("/accounts/confirm-email/", {"code": code})

    assert who(client) == ""


def test_sign_up_can_be_closed(client, settings):
    settings.ACCOUNTS_OPEN_SIGN_UP = False

    client.post("/accounts/signup/", {"email": "new@example.org", "password1": "four yellow lanterns"})

    assert letters() == []
