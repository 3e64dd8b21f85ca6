"""The second factor: asked of staff before anything else, used once, and marked in the session."""

from __future__ import annotations

import pytest
from accounts.people import (
    actions,
    code_of,
    enrol_app,
    enrol_recovery_codes,
    make_patient,
    make_staff,
    type_password,
    who,
)
from allauth.mfa.models import Authenticator
from django.test import Client

from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Role, system

pytestmark = pytest.mark.django_db

COMMITTED = pytest.mark.django_db(transaction=True)  # allauth tells of an app after the commit
CODE_PAGE = "/accounts/2fa/authenticate/"


@pytest.mark.parametrize(
    "role", [Role.CLINICIAN, Role.FRONT_DESK, Role.MANAGER, Role.ADMINISTRATOR], ids=lambda role: role.value
)
@pytest.mark.parametrize("path", ["/", "/admin/", "/clinic/", "/accounts/sessions/", "/accounts/email/"])
def test_staff_without_a_factor_are_led_to_enrol(client, role, path):
    make_staff(role)
    type_password(client)

    answer = client.get(path)

    assert answer.status_code == 302
    assert answer.url == "/accounts/2fa/"


def test_staff_write_nothing_before_they_enrol(client):
    user = make_staff(Role.ADMINISTRATOR)
    type_password(client)

    client.post("/admin/accounts/grant/add/", {"email": "ada@example.org", "role": "manager"})

    assert accounts.actor_for_user(user_id=user, now=clock.now()).roles == {Role.ADMINISTRATOR}


@COMMITTED
def test_enrolling_an_app_opens_the_way_and_gives_recovery_codes(client):
    user = make_staff()
    type_password(client)
    page = client.get("/accounts/2fa/totp/activate/")
    secret = client.session["mfa.totp.secret"]
    assert secret in page.content.decode()
    assert b"<svg" in page.content
    assert b"style=" not in page.content

    answer = client.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)})

    assert answer.url == "/accounts/2fa/recovery-codes/"
    codes = client.get(answer.url).content.decode()
    assert codes.count("<li><code>") == 10
    assert client.get("/accounts/sessions/").status_code == 200
    assert "account.second_factor_added" in actions(user)


@COMMITTED
def test_code_that_enrolled_opens_no_door(client):
    make_staff()
    type_password(client)
    client.get("/accounts/2fa/totp/activate/")
    secret = client.session["mfa.totp.secret"]
    code = code_of(secret)
    client.post("/accounts/2fa/totp/activate/", {"code": code})

    other = Client()
    type_password(other)
    other.post(CODE_PAGE, {"code": code})

    assert who(other) == ""


def test_secret_rests_encrypted(client):
    secret = enrol_app(make_staff())

    assert secret not in str(Authenticator.objects.get().data)


def test_password_alone_leads_to_the_code(client):
    enrol_app(make_staff())

    answer = type_password(client)

    assert answer.url == CODE_PAGE
    assert who(client) == ""


def test_code_signs_in(client):
    user = make_staff()
    secret = enrol_app(user)
    type_password(client)

    client.post(CODE_PAGE, {"code": code_of(secret)})

    assert who(client) == str(user)
    assert client.get("/accounts/sessions/").status_code == 200


def test_code_is_refused_a_second_time(client):
    secret = enrol_app(make_staff())
    code = code_of(secret)
    type_password(client)
    client.post(CODE_PAGE, {"code": code})

    other = Client()
    type_password(other)
    answer = other.post(CODE_PAGE, {"code": code})

    assert who(other) == ""
    assert "used already" in answer.content.decode()


def test_code_before_the_last_one_is_refused(client):
    secret = enrol_app(make_staff())
    type_password(client)
    client.post(CODE_PAGE, {"code": code_of(secret, ahead=1)})

    other = Client()
    type_password(other)
    other.post(CODE_PAGE, {"code": code_of(secret)})

    assert who(other) == ""


def test_recovery_code_signs_in_once(client):
    user = make_staff()
    enrol_app(user)
    code = enrol_recovery_codes(user)[0]
    type_password(client)
    client.post(CODE_PAGE, {"code": code})
    assert who(client) == str(user)
    assert "account.recovery_code_used" in actions(user)

    other = Client()
    type_password(other)
    other.post(CODE_PAGE, {"code": code})

    assert who(other) == ""


@COMMITTED
def test_session_from_before_the_factor_ends(client):
    make_patient()
    earlier = Client()
    type_password(earlier)
    type_password(client)
    client.get("/accounts/2fa/totp/activate/")

    client.post("/accounts/2fa/totp/activate/", {"code": code_of(client.session["mfa.totp.secret"])})

    assert earlier.get("/accounts/sessions/").status_code == 302
    assert client.get("/accounts/sessions/").status_code == 200


def test_session_that_never_showed_the_factor_is_not_staff(client):
    """A patient who is given a staff role while signed in with a password, and has a factor enrolled."""
    user = make_patient()
    type_password(client)
    enrol_app(user)
    accounts.grant_role(
        actor=system("test"), user_id=user, role=Role.ADMINISTRATOR, site_ids=[], now=clock.now()
    )

    answer = client.get("/admin/")

    assert answer.url.startswith("/accounts/login/")
    assert who(client) == ""


def test_removing_the_last_factor_leads_back_to_enrolling(client):
    user = make_staff()
    secret = enrol_app(user)
    type_password(client)
    client.post(CODE_PAGE, {"code": code_of(secret)})

    client.post("/accounts/2fa/totp/deactivate/")

    assert client.get("/").url == "/accounts/2fa/"
    assert "account.second_factor_removed" in actions(user)


def test_step_up_takes_a_new_session_key_and_keeps_the_age(client):
    make_patient()
    type_password(client)
    old = client.cookies["steadwell_session"].value
    born = client.session.created_at

    client.post("/accounts/reauthenticate/", {"password": "three green lanterns"})

    assert client.cookies["steadwell_session"].value != old
    client.get("/accounts/sessions/")
    session = client.session
    session.load()
    assert born is None or session.created_at == born


def test_patients_may_do_without(client):
    make_patient()
    type_password(client)

    assert client.get("/accounts/sessions/").status_code == 200


def test_administrator_resets_the_factor_of_one_who_lost_it(client):
    user = make_staff()
    secret = enrol_app(user)
    type_password(client)
    client.post(CODE_PAGE, {"code": code_of(secret)})

    accounts.reset_second_factor(actor=system("test"), user_id=user, now=clock.now())

    assert client.get("/accounts/sessions/").status_code == 302
    type_password(client)
    assert client.get("/").url == "/accounts/2fa/"
