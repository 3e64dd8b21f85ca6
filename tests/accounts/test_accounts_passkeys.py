"""Passkeys in a real browser, with Chromium's virtual authenticator."""

from __future__ import annotations

import re

import pytest
from accounts.people import EMAIL, PASSWORD, actions, make_patient, make_staff, type_password
from browsing import NARROW, WIDE
from django.test import Client
from playwright.sync_api import Page, expect

from steadwell import clock
from steadwell.accounts import service as accounts

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def localhost(live_server):
    """Passkeys need a name, not a number, and localhost may do without TLS."""
    assert "//localhost:" in live_server.url
    return live_server.url


def with_authenticator(page: Page) -> Page:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return page


def sign_in_by_password(page: Page, origin: str) -> None:
    page.goto(f"{origin}/accounts/login/")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def add_passkey(page: Page, origin: str) -> None:
    page.goto(f"{origin}/accounts/2fa/webauthn/add/")
    page.get_by_role("button", name="Add the passkey").click()
    page.wait_for_url("**/accounts/2fa/recovery-codes/")


@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])
def test_staff_enrol_a_passkey_and_sign_in_with_it_alone(reader, localhost, viewport):
    user = make_staff()
    person = reader(viewport)
    page = with_authenticator(person.page)

    sign_in_by_password(page, localhost)
    page.wait_for_url("**/accounts/2fa/")
    person.check("led to enrol")
    page.get_by_role("link", name="Add a passkey").click()
    person.check("adding a passkey")
    page.get_by_role("button", name="Add the passkey").click()
    page.wait_for_url("**/accounts/2fa/recovery-codes/")
    person.check("recovery codes")
    page.goto(f"{localhost}/accounts/sessions/")
    person.check("sessions")
    page.get_by_role("button", name="Sign out everywhere, here too").click()
    page.wait_for_url("**/accounts/login/")
    person.check("sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{localhost}/clinic/")

    assert actions(user).count("account.signed_in") == 2
    assert "account.second_factor_added" in actions(user)


def test_owner_of_a_closed_account_gets_in_with_a_passkey(reader, localhost):
    user = make_patient()
    person = reader(WIDE)
    page = with_authenticator(person.page)
    sign_in_by_password(page, localhost)
    page.wait_for_url(f"{localhost}/")
    add_passkey(page, localhost)
    page.context.clear_cookies()
    for number in range(6):
        type_password(Client(), f"wrong guess number {number}", REMOTE_ADDR="203.0.113.9")

    sign_in_by_password(page, localhost)
    expect(page).to_have_title(re.compile("A short pause"))
    person.complaints.clear()  # the browser notes every 429
    person.check("locked out")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{localhost}/")

    assert actions(user)[-1] == "account.signed_in"


def test_passkey_is_the_second_step_after_the_password(reader, localhost):
    make_staff()
    person = reader(WIDE)
    page = with_authenticator(person.page)
    sign_in_by_password(page, localhost)
    page.wait_for_url("**/accounts/2fa/")
    add_passkey(page, localhost)
    page.context.clear_cookies()

    sign_in_by_password(page, localhost)
    page.wait_for_url("**/accounts/2fa/authenticate/")
    person.check("one more step")
    page.get_by_role("button", name="Use my passkey").click()
    page.wait_for_url(f"{localhost}/clinic/")


def test_passkey_that_is_not_there_says_so_and_is_counted(reader, localhost):
    make_patient()
    person = reader(WIDE)
    page = with_authenticator(person.page)
    page.goto(f"{localhost}/accounts/login/")

    page.get_by_role("button", name="Sign in with a passkey").click()

    page.get_by_text("The passkey was not used").wait_for()


def test_password_can_be_seen_while_typing(reader, localhost):
    person = reader(NARROW)
    page = person.page
    page.goto(f"{localhost}/accounts/login/")
    field = page.get_by_label("Password", exact=True)
    field.fill("three green lanterns")

    page.get_by_role("button", name="Show").click()

    expect(field).to_have_attribute("type", "text")
    person.check("password shown")
    page.get_by_role("button", name="Hide").click()
    expect(field).to_have_attribute("type", "password")


@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])
def test_pages_of_the_doors_are_accessible(reader, localhost, viewport):
    person = reader(viewport)
    page = person.page

    accounts.create_user(
        email="d@example.org", password=None, roles=[], is_demo=True, demo_name="Rosa", now=clock.now()
    )
    for path in ("login/", "signup/", "password/reset/", "password/reset/done/"):
        page.goto(f"{localhost}/accounts/{path}")
        person.check(path)
    for path in ("/demo/", "/demo/letters/"):
        page.goto(f"{localhost}{path}")
        person.check(path)
    page.goto(f"{localhost}/accounts/signup/")
    page.get_by_label("E-mail address").fill("new@example.org")
    page.get_by_label("Password", exact=True).fill("short")
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_title(re.compile("^Error:"))
    person.check("sign-up refused")


def test_demo_person_without_a_record_is_led_to_find_it(reader, localhost):
    accounts.create_user(
        email="d@example.org", password=None, roles=[], is_demo=True, demo_name="Rosa", now=clock.now()
    )
    person = reader(NARROW)
    page = person.page
    page.goto(f"{localhost}/demo/")

    page.get_by_role("button", name="Sign in as Rosa").click()

    page.wait_for_url("**/accounts/link/")
    person.check("find your record")


def test_app_is_set_up_from_the_page(reader, localhost):
    make_patient()
    person = reader(NARROW)
    page = person.page
    sign_in_by_password(page, localhost)
    page.wait_for_url(f"{localhost}/")

    page.goto(f"{localhost}/accounts/2fa/totp/activate/")

    assert page.locator("svg.qr").bounding_box()["width"] > 150
    person.check("set up an app")
