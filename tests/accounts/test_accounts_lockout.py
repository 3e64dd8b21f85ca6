"""Whoever guesses is kept out at every door; whoever owns the account still gets in."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from accounts.people import (
    EMAIL,
    actions,
    code_of,
    enrol_app,
    make_patient,
    make_staff,
    type_password,
    who,
    without_keys,
    wrong_codes,
)
from axes.models import AccessAttempt
from django.test import Client
from signing_in import sign_in

from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Role, system

pytestmark = pytest.mark.django_db


def guess(client, times=5, email=EMAIL, **headers):
    for number in range(times):
        answer = type_password(client, f"wrong guess number {number}", email, **headers)
    return answer


def test_sign_in_form_closes_after_five_guesses(client):
    user = make_patient()

    answer = guess(client)

    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 900
    assert type_password(client).status_code == 429
    assert who(client) == ""
    assert actions(user).count("account.sign_in_failed") >= 5
    assert "account.locked_out" in actions(user)


def test_door_opens_again_after_the_pause(client):
    user = make_patient()
    guess(client)

    with time_machine.travel(clock.now() + timedelta(minutes=16), tick=True):
        answer = type_password(client)

        assert answer.status_code == 302
        assert who(client) == str(user)


def test_trying_on_does_not_make_the_pause_longer(client):
    make_patient()
    guess(client)

    with time_machine.travel(clock.now() + timedelta(minutes=14), tick=True):
        assert type_password(client).status_code == 429
    with time_machine.travel(clock.now() + timedelta(minutes=16), tick=True):
        assert type_password(client).status_code == 302


def test_account_closes_whatever_the_address_header_says():
    make_patient()

    for number in range(5):
        guess(
            Client(),
            times=1,
            headers={"X-Forwarded-For": f"198.51.100.{number}"},
            REMOTE_ADDR=f"203.0.113.{number}",
        )

    assert type_password(Client(), REMOTE_ADDR="192.0.2.77").status_code == 429


def test_forwarded_header_is_noise_without_a_proxy(client):
    for number in range(50):
        guess(
            client,
            times=1,
            email=f"nobody{number}@example.org",
            headers={"X-Forwarded-For": f"198.51.100.{number}"},
            REMOTE_ADDR="203.0.113.5",
        )
    make_patient()

    assert type_password(client, REMOTE_ADDR="203.0.113.5").status_code == 429
    assert type_password(Client(), REMOTE_ADDR="203.0.113.6").status_code == 302


def test_behind_a_proxy_its_own_entry_counts(client, settings):
    settings.TRUSTED_PROXY_COUNT = 1
    for number in range(50):
        guess(
            client,
            times=1,
            email=f"nobody{number}@example.org",
            headers={"X-Forwarded-For": f"198.51.100.{number}, 203.0.113.5"},
        )
    make_patient()

    locked = type_password(client, headers={"X-Forwarded-For": "192.0.2.1, 203.0.113.5"})
    assert locked.status_code == 429
    other = type_password(Client(), headers={"X-Forwarded-For": "203.0.113.5, 192.0.2.1"})
    assert other.status_code == 302


def test_writing_the_address_differently_does_not_start_anew(client):
    make_patient()
    for email in ("ada@example.org", "ADA@example.org", " Ada@Example.org ", "aDa@eXample.org", EMAIL):
        guess(client, times=1, email=email)

    assert type_password(Client()).status_code == 429


def test_unknown_account_closes_like_a_known_one(client):
    make_patient()

    known = guess(Client())
    unknown = guess(Client(), email="nobody@example.org")

    assert (known.status_code, known.headers["Retry-After"]) == (429, unknown.headers["Retry-After"])
    assert without_keys(known) == without_keys(unknown)


def test_failures_name_nobody(client):
    make_patient()

    guess(client, times=2)

    for row in AccessAttempt.objects.all():
        said = f"{row.username} {row.get_data} {row.post_data} {row.path_info}"
        assert "ada" not in said
        assert "wrong guess" not in said


def test_logs_name_nobody(client, capfd):
    make_patient()

    guess(client)
    type_password(client)

    logged = "".join(capfd.readouterr())
    assert "ada@" not in logged
    assert "wrong guess" not in logged


def test_codes_are_counted_too(client):
    secret = enrol_app(make_staff())
    assert type_password(client).url == "/accounts/2fa/authenticate/"

    for code in wrong_codes(secret, 5):
        answer = client.post("/accounts/2fa/authenticate/", {"code": code})

    assert answer.status_code == 429
    assert who(client) == ""
    assert type_password(Client()).status_code == 429


def test_right_code_does_not_open_a_closed_account(client):
    user = make_staff()
    secret = enrol_app(user)
    type_password(client)
    guess(Client())

    answer = client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})

    assert answer.status_code == 429
    assert who(client) == ""


def test_step_up_is_counted_too(client):
    make_patient()
    type_password(client)

    for number in range(6):
        answer = client.post("/accounts/reauthenticate/", {"password": f"wrong guess number {number}"})

    assert answer.status_code == 429


def test_admin_has_no_door_of_its_own(client):
    make_staff(Role.ADMINISTRATOR)

    asked = client.get("/admin/")
    assert asked.url == "/admin/login/?next=/admin/"
    assert client.get(asked.url).url == "/accounts/login/?next=%2Fadmin%2F"
    posted = client.post("/admin/login/", {"username": EMAIL, "password": "three green lanterns"})
    assert posted.url.startswith("/accounts/login/")
    assert who(client) == ""


def test_admin_does_not_open_for_patients_and_clinicians(client):
    sign_in(client, make_staff(Role.CLINICIAN))

    answer = client.get("/admin/", follow=True)

    assert answer.status_code == 404


def test_signing_in_clears_the_accounts_failures_only(client):
    make_patient()
    guess(client, times=4)
    guess(client, times=4, email="nobody@example.org")

    type_password(client)

    assert AccessAttempt.objects.count() == 1


def test_reset_requests_are_limited_per_address_of_a_person(client):
    make_patient()

    answers = [client.post("/accounts/password/reset/", {"email": EMAIL}) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [302, 302, 302, 302, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_sign_ups_are_limited_per_address(client):
    answers = [
        client.post("/accounts/signup/", {"email": f"p{number}@example.org", "password1": "x"})
        for number in range(21)
    ]

    assert answers[-1].status_code == 429


def test_administrator_lifts_the_lock_out(client):
    user = make_patient()
    guess(client)

    accounts.lift_lock_out(actor=system("test"), user_id=user, now=clock.now())

    assert type_password(client).status_code == 302
