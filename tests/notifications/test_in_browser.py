"""Inbox, preferences, mailbox and the staff's list in a real browser, narrow and wide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect

from notifications.models import DemoMail
from steadwell.accounts import service as accounts
from steadwell.actor import Role
from steadwell.ids import SiteId, new_id
from tests.browsing import NARROW, WIDE, Reader
from tests.notifications.house import NOW, carry, patient, person, proxy_of, tell, visit
from tests.signing_in import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Make = Callable[..., Reader]


def signed_in(reader: Reader, user_id: Any) -> Reader:
    cookie = sign_in(Client(), user_id).cookies[settings.SESSION_COOKIE_NAME]
    reader.page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": reader.origin}])
    return reader


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["narrow", "wide"])
def test_a_patient_reads_and_chooses(reader: Make, size: dict[str, int]) -> None:
    somebody = patient()
    window = signed_in(reader(size), somebody.user_id)
    page = window.open("/inbox/")
    window.check("empty inbox")
    tell(
        somebody.person_id,
        params=visit(path="/preferences/"),
        attachment_ics="BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
    )
    tell(somebody.person_id, template="visit.reminder")

    page.reload()
    window.check("inbox")
    page.get_by_role("link", name="is booked").click()
    window.check("message")
    page.get_by_role("link", name="See your visit").click()
    page.get_by_role("group", name="Visits and reminders").get_by_label("By e-mail").uncheck()
    page.get_by_label("2 hours before").uncheck()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Your choices are saved.").wait_for()
    expect(page.get_by_label("2 hours before")).not_to_be_checked()
    window.check("preferences")


def test_a_proxy_switches_between_people(reader: Make) -> None:
    somebody = patient()
    proxy = proxy_of(somebody.person_id)
    other = patient()
    accounts.link_person(actor=_system(), user_id=proxy.user_id, person_id=person(), now=NOW)
    tell(somebody.person_id)
    tell(other.person_id)
    window = signed_in(reader(NARROW), proxy.user_id)

    page = window.open("/inbox/")
    page.get_by_role("navigation", name="Whose messages").get_by_role("link", name="Wren").click()

    expect(page.get_by_role("link", name="is booked")).to_have_count(1)
    window.check("inbox of another")


def _system() -> Any:
    from steadwell.actor import system

    return system("test")


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["narrow", "wide"])
def test_the_demo_mailbox(reader: Make, size: dict[str, int]) -> None:
    window = reader(size)
    page = window.open("/demo/mailbox/")
    window.check("empty mailbox")
    tell(patient(language="es").person_id, attachment_ics="BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
    carry()

    page.reload()
    window.check("mailbox")
    page.get_by_role("link", name="Su cita").click()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("link", name="Ver su cita")).to_be_visible()
    # The style of the mail applies: its hash is in the frame's policy.
    expect(frame.locator(".brand")).to_have_css("font-weight", "700")
    window.check("mail")


def test_the_mail_itself(reader: Make) -> None:
    tell(patient().person_id)
    carry()
    window = reader(NARROW)

    window.open(f"/demo/mailbox/{DemoMail.objects.get().pk}/page/")

    window.check("mail alone")


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["narrow", "wide"])
def test_staff_settle_what_did_not_arrive(reader: Make, size: dict[str, int]) -> None:
    site_id = SiteId(new_id())
    user_id = accounts.create_user(
        email="desk@example.org", password=None, roles=[Role.FRONT_DESK], site_ids=[site_id], now=NOW
    )
    tell(person(), site_id=site_id)
    window = signed_in(reader(size), user_id)

    page = window.open("/clinic/untold/")
    window.check("not reached")
    page.get_by_role("button", name="Settled").click()

    expect(page.get_by_text("Everybody was reached")).to_be_visible()
    window.check("everybody reached")
