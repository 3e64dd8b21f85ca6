"""Preferences, addresses, words, campaigns and the public standing in a real browser, narrow and wide."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect

from notifications import service as notifications
from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, Role
from steadwell.identity import service as identity
from steadwell.ids import PersonId, new_id
from steadwell.outbox import poller
from tests.browsing import NARROW, WIDE, Reader
from tests.notifications.house import IMPORT, NOW, carry, patient, tell
from tests.notifications.phones import code_sent
from tests.signing_in import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Make = Callable[..., Reader]
SIZES = pytest.mark.parametrize("size", [NARROW, WIDE], ids=["narrow", "wide"])


def signed_in(reader: Reader, user_id: Any) -> Reader:
    cookie = sign_in(Client(), user_id).cookies[settings.SESSION_COOKIE_NAME]
    reader.page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": reader.origin}])
    return reader


def look(window: Reader, step: str) -> None:
    """Check the page; keep a picture where somebody asks for pictures."""
    window.check(step)
    folder = os.environ.get("PICTURES")
    if folder:
        width = window.page.viewport_size or {"width": 0}
        name = f"{step.replace(' ', '-')}-{width['width']}.png"
        window.page.screenshot(path=Path(folder) / name, full_page=True)


def staff(role: Role) -> Any:
    return accounts.create_user(email=f"{new_id().hex}@example.org", password=None, roles=[role], now=NOW)


def old_patient(language: str = "en") -> PersonId:
    n = new_id().hex
    demographics = identity.Demographics(
        family_name="Canary", given_name="Wren", birth_date=date(1950, 1, 1), language=language,
        email=f"{n}@example.org",
    )  # fmt: skip
    return identity.register(
        actor=IMPORT, source="browser", external_id=n, demographics=demographics, identifiers=(), now=NOW
    )


def work() -> None:
    now = clock.now()
    for _ in range(500):
        if not (poller.fire(now=now)[0] or carry(now)):
            return
    raise AssertionError("there is always something due")


@SIZES
def test_a_patient_chooses_ways_hours_and_language(reader: Make, size: dict[str, int]) -> None:
    somebody = patient()
    window = signed_in(reader(size), somebody.user_id)
    page = window.open("/preferences/")
    look(window, "preferences")

    results = page.get_by_role("group", name="Results", exact=True)
    results.get_by_label("By text message").check()
    page.get_by_role("group", name="Invitations").get_by_label("By e-mail").uncheck()
    page.get_by_label("Quiet from").fill("22:30")
    page.get_by_label("Where you are").select_option("America/Chicago")
    page.get_by_role("button", name="Save").click()

    page.get_by_text("Your choices are saved.").wait_for()
    look(window, "preferences saved")
    expect(results.get_by_label("By text message")).to_be_checked()
    expect(page.get_by_label("Quiet from")).to_have_value("22:30")
    page.get_by_label("Quiet until").fill("22:30")
    page.get_by_role("button", name="Save").click()
    look(window, "preferences refused")
    expect(page.get_by_role("alert").get_by_role("link", name="Quiet hours need")).to_be_visible()


@SIZES
def test_a_patient_confirms_a_telephone_by_keyboard(reader: Make, size: dict[str, int]) -> None:
    somebody = patient()
    window = signed_in(reader(size), somebody.user_id)
    page = window.open("/preferences/contacts/")
    look(window, "addresses")

    page.get_by_label("Telephone number or e-mail address").focus()
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    look(window, "address refused")
    page.get_by_label("Telephone number or e-mail address").fill("(202) 555-0188")
    page.keyboard.press("Enter")
    page.wait_for_url("**/preferences/contacts/*-*/")
    look(window, "code")
    page.get_by_label("The code we sent there").focus()
    page.keyboard.type(code_sent(clock.now()))
    page.keyboard.press("Enter")

    page.get_by_text("In use").wait_for()
    look(window, "address in use")
    notifications.note_bounce(
        reader_id=somebody.user_id, channel="sms", address="+12025550188", cause="sms-30005", now=NOW
    )
    window.open("/")
    look(window, "unreachable")
    page.get_by_role("link", name="Look at your addresses").click()
    expect(page.get_by_text("Messages came back")).to_be_visible()
    look(window, "address down")


@SIZES
def test_words_are_written_tried_proposed_and_taken_into_use(reader: Make, size: dict[str, int]) -> None:
    author, colleague = staff(Role.MANAGER), staff(Role.ADMINISTRATOR)
    window = signed_in(reader(size), author)
    page = window.open("/clinic/wording/")
    look(window, "words")
    page.get_by_role("link", name="A visit is booked").click()
    look(window, "words editor")

    english = page.get_by_role("group", name="English")
    english.get_by_label("Subject", exact=True).fill("Hello {name}")
    page.get_by_role("button", name="Propose").click()
    look(window, "words refused")
    expect(page.get_by_role("alert").get_by_role("link", name="no variable {name}")).to_be_visible()
    english.get_by_label("Subject", exact=True).fill("See you on {day}")
    page.get_by_role("button", name="Show how it would look").click()
    expect(page.get_by_role("heading", name="See you on Wednesday, March 3, 2027")).to_be_visible()
    look(window, "words preview")
    page.get_by_role("button", name="Propose").click()
    look(window, "words proposed")
    expect(page.get_by_role("button", name="Take into use", exact=True)).to_have_count(0)

    second = signed_in(reader(size), colleague)
    second.page.goto(page.url)
    frame = second.page.frame_locator("iframe").first
    expect(frame.get_by_role("heading", name="See you on")).to_be_visible()
    second.page.get_by_role("button", name="Take into use", exact=True).focus()
    second.page.keyboard.press("Enter")
    second.page.get_by_text("In use from the next message on.").wait_for()
    look(second, "words in use")


@SIZES
def test_a_campaign_is_saved_worked_out_started_and_stopped(reader: Make, size: dict[str, int]) -> None:
    for language in ("en", "es", "es"):
        old_patient(language)
    window = signed_in(reader(size), staff(Role.ADMINISTRATOR))
    page = window.open("/clinic/campaigns/")
    look(window, "no campaigns")
    page.get_by_role("link", name="New campaign").click()
    look(window, "new campaign")

    page.get_by_label("Name, for you").fill("Flu shots for everybody over 65")
    page.get_by_label("From this age on").fill("70")
    page.get_by_label("Up to this age").fill("60")
    page.get_by_role("button", name="Save").click()
    look(window, "campaign refused")
    page.get_by_label("From this age on").fill("65")
    page.get_by_label("Up to this age").fill("")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Flu shots for everybody").wait_for()
    look(window, "campaign draft")
    page.get_by_role("button", name="Work out who is told").click()
    work()
    page.get_by_role("link", name="Look again").click()
    expect(page.get_by_text("0 of 3 people are told")).to_be_visible()
    look(window, "campaign planned")
    page.get_by_role("button", name="Start telling them").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Pause").wait_for()
    look(window, "campaign running")
    work()
    page.get_by_role("link", name="Look again").click()

    expect(page.get_by_text("3 of 3 people are told")).to_be_visible()
    look(window, "campaign done")


@SIZES
def test_staff_settle_what_did_not_end_and_everybody_sees_the_count(
    reader: Make, size: dict[str, int]
) -> None:
    somebody = patient()
    from django.db import transaction

    with transaction.atomic():
        notifications.open_action(
            kind=notifications.ActionKind.BOOK, about=new_id(), person_id=somebody.person_id, deadline=NOW,
            now=NOW,
        )  # fmt: skip
    notifications.check_ledger(now=clock.now())
    stranger = reader(size)
    stranger.open("/status/")
    expect(stranger.page.get_by_text("Nothing ended in silence.")).to_be_visible()
    look(stranger, "standing")

    window = signed_in(reader(size), staff(Role.ADMINISTRATOR))
    page = window.open("/clinic/missed/")
    look(window, "not finished")
    page.get_by_label("How it was settled").fill("Called them")
    page.keyboard.press("Enter")
    page.get_by_text("Everything ended").wait_for()
    look(window, "everything ended")
    window_of_patient = signed_in(reader(size), somebody.user_id)
    window_of_patient.open("/inbox/").get_by_role("link", name="is not done yet").click()
    look(window_of_patient, "not done notice")


def test_everything_works_without_scripts(reader: Make) -> None:
    somebody = patient()
    tell(somebody.person_id)
    window = signed_in(reader(NARROW, java_script_enabled=False), somebody.user_id)

    page = window.open("/preferences/")
    page.get_by_role("group", name="Results", exact=True).get_by_label("By e-mail").uncheck()
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("Your choices are saved.")).to_be_visible()
    actor = Actor(user_id=somebody.user_id, roles=frozenset({Role.PATIENT}), person_id=somebody.person_id)
    found = notifications.get_preferences(actor=actor, person_id=somebody.person_id)
    assert [c.email for c in found.choices if c.kind is notifications.Kind.RESULTS] == [False]
