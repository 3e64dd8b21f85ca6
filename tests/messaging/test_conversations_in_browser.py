"""Conversations in a real browser: narrow and wide, by keyboard, with and without script, and axe."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path

import pytest
from browsing import NARROW, WIDE
from conversation_house import ANSWER, House
from django.conf import settings
from playwright.sync_api import expect

from messaging.models import Conversation, Entry
from messaging.service import Subject
from steadwell import clock

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PICTURES = os.environ.get("SCREENSHOTS", "")
LIST, QUEUE = "/conversations/", "/clinic/conversations/"
LONG = "I have a question about the evening tablet.\n\nSince Sunday I feel dizzy after taking it. " * 3


@pytest.fixture
def house() -> House:
    return House(now=clock.now())


def enter(reader, house, actor, language="en"):
    """The browser takes over a session that is signed in."""
    client = house.client(actor)
    name = settings.SESSION_COOKIE_NAME
    reader.page.context.add_cookies(
        [
            {"name": name, "value": client.cookies[name].value, "url": reader.origin},
            {"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": reader.origin},
        ]
    )


def seen(reader, step):
    reader.check(step)
    if PICTURES:
        name = f"{re.sub(r'[^a-z]+', '-', step)}-{reader.page.viewport_size['width']}.png"
        reader.page.screenshot(path=str(Path(PICTURES) / name), full_page=True)


@pytest.mark.parametrize("size", [NARROW, WIDE])
@pytest.mark.parametrize("language", ["en", "es"])
def test_patient_walks_all_pages(house, reader, size, language):
    view = house.answered(house.started(text=LONG))
    late = house.started(now=house.now - timedelta(days=365), subject=Subject.OTHER)
    closed = house.closed(house.started(subject=Subject.APPOINTMENT))
    ada = reader(size)
    enter(ada, house, house.patient, language)

    for name, path in (
        ("list", LIST), ("new", f"{LIST}new/"), ("answered", f"{LIST}{view.conversation_id}/"),
        ("late", f"{LIST}{late.conversation_id}/"), ("closed", f"{LIST}{closed.conversation_id}/"),
    ):  # fmt: skip
        ada.open(path)
        seen(ada, f"patient {name} {language}")


@pytest.mark.parametrize("size", [NARROW, WIDE])
@pytest.mark.parametrize("language", ["en", "es"])
def test_care_team_walks_all_pages(house, reader, size, language):
    view = house.assigned(house.answered(house.started(text=LONG)), house.colleague)
    view = house.written(view)
    house.started(now=house.now - timedelta(days=365), subject=Subject.OTHER)
    closed = house.closed(house.started(subject=Subject.APPOINTMENT))
    doctor = reader(size)
    enter(doctor, house, house.doctor, language)

    for name, path in (
        ("queue", QUEUE), ("closed queue", f"{QUEUE}?state=closed"),
        ("empty queue", f"{QUEUE}?state=answered"), ("one", f"{QUEUE}{view.conversation_id}/"),
        ("closed", f"{QUEUE}{closed.conversation_id}/"), ("day", "/clinic/"),
    ):  # fmt: skip
        doctor.open(path)
        seen(doctor, f"clinic {name} {language}")


def test_from_the_question_to_the_answer_by_keyboard(house, reader):
    ada, doctor = reader(NARROW), reader(WIDE)
    enter(ada, house, house.patient)
    enter(doctor, house, house.doctor)

    page = ada.open(LIST)
    page.get_by_role("link", name="Write to your clinic").press("Enter")
    page.get_by_role("button", name="Send").press("Enter")
    expect(page.get_by_role("heading", name="Please look at this again")).to_be_visible()
    seen(ada, "patient mistakes")
    page.get_by_label("Medicines").press("Space")
    page.get_by_label("Which clinic?").select_option(label="Alder Street")
    page.get_by_label("Your message").press_sequentially("May I take it with milk?")
    page.get_by_role("button", name="Send").press("Enter")
    expect(page.get_by_text("Your message was sent.")).to_be_visible()

    desk = doctor.open(QUEUE)
    desk.get_by_role("link", name=re.compile("Answer ?: Okafor, Ada, Medicines")).press("Enter")
    desk.get_by_label("Your answer").fill(ANSWER)
    house.written(house.started(), text="unrelated")
    desk.get_by_role("button", name="Send the answer").press("Enter")
    expect(desk.get_by_text("Sent: the patient is told that there is an answer.")).to_be_visible()

    page = ada.open(LIST)
    expect(page.get_by_text("New answer")).to_be_visible()


def test_a_colleague_was_faster_and_no_word_is_lost(house, reader):
    view = house.started()
    doctor = reader(NARROW)
    enter(doctor, house, house.doctor)
    page = doctor.open(f"{QUEUE}{view.conversation_id}/")
    page.get_by_label("Your answer").fill("Better not.")
    house.written(view, text="I found the leaflet.")

    page.get_by_role("button", name="Send the answer").click()

    expect(page.get_by_role("link", name=re.compile("Something was written")).or_(
        page.get_by_text("Something was written since you opened this.").first
    )).to_be_visible()  # fmt: skip
    expect(page.get_by_label("Your answer")).to_have_value("Better not.")
    doctor.complaints[:] = [each for each in doctor.complaints if "412" not in each]  # the refusal itself
    seen(doctor, "clinic stale")


def test_a_patient_writes_without_script_and_keeps_the_words(house, reader):
    ada = reader(NARROW, java_script_enabled=False)
    enter(ada, house, house.patient)

    page = ada.open(f"{LIST}new/")
    page.get_by_label("Your message").fill("x" * 4001)
    page.get_by_label("Something else").check()
    page.get_by_label("Which clinic?").select_option(label="Alder Street")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_label("Your message")).to_have_value("x" * 4001)
    assert Conversation.objects.count() == 0
    page.get_by_label("Your message").fill("Short.")
    page.get_by_role("button", name="Send").dblclick(no_wait_after=True)
    expect(page.get_by_text("Waits for an answer")).to_be_visible()

    assert (Conversation.objects.count(), Entry.objects.count()) == (1, 1)
