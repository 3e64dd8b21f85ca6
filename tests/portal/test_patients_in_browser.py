"""From the desk's page to a patient who is in: by letter and password, by letter and passkey, by code."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from browsing import NARROW, WIDE
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect
from signing_in import sign_in

from steadwell import clock
from steadwell.accounts import letters
from steadwell.accounts import service as accounts
from steadwell.accounts.models import Letter
from steadwell.actor import Role, system
from steadwell.ids import SiteId, new_id
from tests.accounts.test_accounts_passkeys import with_authenticator
from tests.portal.test_patients import PATIENTS, register

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SIZES = pytest.mark.parametrize(
    ("viewport", "scheme"), [(NARROW, "light"), (WIDE, "dark")], ids=["narrow", "wide-dark"]
)


def desk(reader, viewport, scheme="light"):
    walk = reader(viewport, color_scheme=scheme)
    user_id = accounts.create_user(
        email=f"{new_id()}@example.org",
        password=None,
        roles=[Role.FRONT_DESK],
        site_ids=[SiteId(new_id())],
        now=clock.now(),
    )
    cookie = sign_in(Client(), user_id).cookies[settings.SESSION_COOKIE_NAME]
    walk.page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": walk.origin}])
    return walk


def _user_of(person):
    contact = accounts.contact_of(person)
    assert contact is not None
    return contact.user_id


def button(page: Page, name: str):
    return page.locator("main").get_by_role("button", name=name, exact=True)


def link_of_letter() -> str:
    text = letters.read(Letter.objects.latest("created_at", "id"))
    return urlsplit(re.search(r"https?://\S+", text)[0]).path


@SIZES
def test_desk_invites_and_the_patient_enters_by_password(reader, viewport, scheme):
    person = register(email="ada@example.org")
    walk = desk(reader, viewport, scheme)
    walk.open(PATIENTS)
    walk.check("patients")
    walk.page.get_by_label("Name, birth date").fill("Lovelace")
    button(walk.page, "Search").click()
    walk.check("found")
    walk.page.get_by_role("link", name="Lovelace, Ada").click()
    expect(walk.page.get_by_text("No account")).to_be_visible()
    walk.check("no account yet")
    button(walk.page, "Send the invitation").click()
    expect(walk.page.get_by_text("The invitation is on its way.")).to_be_visible()
    walk.check("invited")

    ada = reader(viewport, color_scheme=scheme)
    page = ada.open(link_of_letter())
    ada.check("birth date")
    page.get_by_label("Date of birth").fill("1971-03-09")
    button(page, "Continue").click()
    ada.check("password")
    page.get_by_label("Password", exact=True).fill("three green lanterns")
    button(page, "Set the password and enter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome back")

    walk.open(f"{PATIENTS}{person}/")
    expect(walk.page.get_by_text("Has an account")).to_be_visible()
    accounts.add_proxy(
        actor=system("test"),
        user_id=_user_of(person),
        person_id=register(),
        relationship="parent",
        now=clock.now(),
    )
    walk.check("has an account")
    walk.page.get_by_role("link", name="End access").click()
    walk.check("end")
    button(walk.page, "End the access").click()
    walk.check("ended")
    page.reload()
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()
    ada.open(link_of_letter())
    expect(page.get_by_role("heading", level=1)).to_have_text("This link no longer works")
    ada.complaints = [said for said in ada.complaints if "410 (Gone)" not in said]
    ada.check("over")


def test_patient_enters_by_passkey_and_comes_back_with_it(reader, live_server):
    person = register(email="ada@example.org")
    walk = desk(reader, WIDE)
    walk.open(f"{PATIENTS}{person}/")
    button(walk.page, "Send the invitation").click()
    expect(walk.page.get_by_text("The invitation is on its way.")).to_be_visible()

    ada = reader(NARROW)
    page = with_authenticator(ada.page)
    ada.open(link_of_letter())
    page.get_by_label("Date of birth").fill("1971-03-09")
    button(page, "Continue").click()
    button(page, "Use a passkey instead").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome back")
    ada.open("/accounts/sessions/")
    button(page, "Sign out everywhere, here too").click()
    button(page, "Sign in with a passkey").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome back")
    assert accounts.actor_for_user(user_id=_user_of(person), now=clock.now()).person_id == person


@SIZES
def test_patient_with_an_account_enters_the_code_that_the_desk_shows(reader, viewport, scheme):
    person = register()
    accounts.create_user(email="ada@example.org", password="three green lanterns", roles=[], now=clock.now())
    walk = desk(reader, viewport, scheme)
    walk.open(f"{PATIENTS}{person}/")
    button(walk.page, "Show a code").click()
    walk.check("the code")
    code = walk.page.locator(".big-code").inner_text()

    ada = reader(viewport, color_scheme=scheme)
    page = ada.open("/accounts/login/")
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_label("Password", exact=True).fill("three green lanterns")
    button(page, "Sign in").click()
    ada.check("find your record")
    page.get_by_role("link", name="I have a code from the front desk").click()
    ada.check("enter the code")
    page.get_by_label("Code from the front desk").fill(code)
    page.get_by_label("Date of birth").fill("1971-03-09")
    button(page, "Connect").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome back")
    walk.open(f"{PATIENTS}{person}/")
    expect(walk.page.get_by_text("ada@example.org")).to_be_visible()
