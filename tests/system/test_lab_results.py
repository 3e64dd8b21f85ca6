"""A patient reads results in a real browser: new, explained, corrected; a parent for a child. Axe on each."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
import time_machine
from browsing import NARROW, WIDE, Reader
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect
from signing_in import sign_in

from labs import service as labs
from labs.policy import Delay
from steadwell import clock

sys.path.insert(0, str(Path(__file__).parents[1] / "labs"))
import lab_house as house
from release_house import NOW, Family, choice_rules, rule, work

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _then():
    with time_machine.travel(NOW + timedelta(hours=1), tick=True):
        yield


@pytest.fixture(params=[(NARROW, "light"), (WIDE, "dark")], ids=["narrow", "wide-dark"])
def walk_as(reader, request) -> Callable[..., Reader]:
    viewport, scheme = request.param

    def walk(user_id) -> Reader:
        made = reader(viewport, color_scheme=scheme)
        cookie = sign_in(Client(), user_id).cookies[settings.SESSION_COOKIE_NAME]
        made.page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": made.origin}])
        return made

    return walk


def filed(family: Family, *observations, **more) -> None:
    house.file(house.report(*observations, patient=family.incoming, **more), now=clock.now())
    work(clock.now())


def test_a_patient_reads_a_result_and_its_correction(walk_as):
    family = Family()
    for months, value in ((12, "4.4"), (6, "4.9")):
        at = NOW - timedelta(days=30 * months)
        family.file(house.potassium(value), collected_at=at, issued_at=at, now=at)
    filed(family, house.potassium("5.9"), house.sodium(), house.sodium(key="again"), filler_number="J1")
    ada = walk_as(family.patient_id)

    ada.open("/")
    ada.check("home")
    ada.page.locator(".rows a").first.click()
    expect(ada.page.locator("main")).to_contain_text("5.9")
    ada.page.locator("details.result__more > summary").first.press("Enter")
    expect(ada.page.locator("svg.trend:visible").first).to_have_attribute("role", "img")
    ada.page.locator(".picture__table > summary").first.press("Enter")
    expect(ada.page.locator(".picture__table td").first).to_be_visible()
    ada.check("a result, all open")
    result_url = ada.page.url.removeprefix(ada.origin)

    corrected = house.potassium("4.2", status=labs.Status.CORRECTED)
    filed(
        family, corrected, house.sodium(), house.sodium(key="again"), filler_number="J1",
        status=labs.Status.CORRECTED, issued_at=house.at(14),
    )  # fmt: skip

    ada.open("/inbox/")
    ada.page.get_by_role("link", name="was corrected").first.click()
    ada.page.get_by_role("link", name="See what changed").click()
    expect(ada.page).to_have_url(f"{ada.origin}{result_url}")
    expect(ada.page.locator(".alert").first).to_contain_text("This result was corrected")
    ada.check("corrected")
    ada.open(f"{result_url}print/")
    ada.check("to print")
    ada.open("/results/")
    ada.check("the list")


def test_a_patient_waits_as_chosen_and_looks_all_the_same(walk_as):
    family = Family()
    choice_rules()
    ada = walk_as(family.patient_id)
    ada.open("/preferences/")
    ada.page.get_by_text("After we have talked about them").click()
    ada.page.get_by_role("button", name="Save this choice").click()
    ada.check("chosen")
    filed(family, house.potassium())

    ada.open("/results/")
    ada.check("waiting")
    ada.page.get_by_role("button", name="Show it to me now").click()

    expect(ada.page.locator("main")).to_contain_text("4.1")
    ada.check("shown")


def test_a_parent_sees_what_is_theirs_to_see(walk_as):
    child = Family(born=date(2012, 1, 1))
    rule(loinc="2951-2", delay=Delay.PROXIES, age_from=12, age_until=18, words={})
    filed(child, house.potassium(), house.sodium())
    parent = walk_as(child.parent_id)

    parent.open("/results/")
    parent.check("the list of a child")
    parent.page.locator(".report a").first.click()

    expect(parent.page.locator(".result")).to_have_count(1)
    parent.check("a child's result")
