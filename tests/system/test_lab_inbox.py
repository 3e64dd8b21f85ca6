"""A clinician reads results by keyboard alone: the list, a report, a critical value; axe at each step."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from browsing import NARROW, WIDE
from django.conf import settings
from playwright.sync_api import expect

sys.path.insert(0, str(Path(__file__).parents[1] / "labs"))
from lab_house import again, potassium, sodium
from review_house import NOW, ReviewHouse, key

from labs import service as labs
from labs.models import OpenCall, ReportComment, ReviewTask, Signature
from labs.review import oncall
from labs.types import Status

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIST = "/clinic/labs/"


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW + timedelta(hours=2), tick=True):
        yield


@pytest.fixture
def house():
    return ReviewHouse()


@pytest.fixture
def sit_down(reader, house):
    """A member of staff at a browser, signed in."""

    def sit(actor=None, viewport=WIDE, **options):
        walk = reader(viewport, **options)
        cookie = house.client(actor or house.doctor).cookies[settings.SESSION_COOKIE_NAME]
        walk.page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": walk.origin}])
        return walk

    return sit


def coded(code, text, value, unit, usual, *flags, **more):
    return labs.IncomingObservation(
        **{
            "key": code, "code": labs.Coded(code=code, text=text, system="LN"), "value_type": "NM",
            "value": value, "unit": unit, "range_text": usual, "flags": flags, "status": Status.FINAL,
        }
        | more
    )  # fmt: skip


def many():
    """Forty results of one morning."""
    plain = [
        coded(f"9999{n}-{n % 10}", f"Analyte {n}", f"{n}.4", "mg/dL", f"{n - 1}-{n + 2}")
        for n in range(2, 36)
    ]
    return (
        coded("718-7", "Hemoglobin", "9.1", "g/dL", "12.0-16.0", "L"),
        coded("2160-0", "Creatinine", "1.4", "mg/dL", "0.5-1.1", "H"),
        potassium("5.9", flags=("H",)),
        sodium(),
        coded("6301-6", "INR", "1.0", "", "0.9-1.1"),
        coded(
            "600-7", "Blood culture", "Escherichia coli grew in two of two bottles after 14 h.", "", "", "A",
            value_type="ST",
        ),
        coded("18862-3", "Amoxicillin", "R", "", "", value_type="ST", parent_key="600-7"),
        *plain,
    )  # fmt: skip


@pytest.fixture
def morning(house):
    """What waits for the doctor: one critical, one long and abnormal and corrected, two normal."""
    early = NOW - timedelta(days=40)
    house.file(house.say(potassium("4.2"), sodium("139"), collected_at=early, issued_at=early), now=early)
    ReviewTask.objects.update(state="done", closed_at=early, closed_by=house.doctor.user_id)
    for minute in (1, 2):
        house.file(house.say(potassium(), sodium()), now=NOW + timedelta(minutes=minute))
    said = house.say(
        *many(), collected_at=NOW - timedelta(hours=1), notes=("Sample slightly haemolysed.",),
        code=labs.Coded(code="24323-8", text="Comprehensive metabolic panel", system="LN"),
    )  # fmt: skip
    house.file(said, now=NOW + timedelta(minutes=3))
    better = tuple(
        coded("718-7", "Hemoglobin", "10.1", "g/dL", "12.0-16.0", "L", status=Status.CORRECTED)
        if each.key == "718-7"
        else each
        for each in said.observations
    )
    house.file(
        again(said, *better, status=Status.CORRECTED, issued_at=said.issued_at + timedelta(hours=1)),
        now=NOW + timedelta(minutes=30),
    )
    house.file(house.say(potassium("7.1", flags=("HH",))), now=NOW + timedelta(minutes=40))
    return house


def heading(walk):
    return walk.page.get_by_role("heading", level=1)


def press(walk, *keys):
    for each in keys:
        walk.page.keyboard.press(each)


def picture(walk, name):
    """Kept where somebody asked for pictures; no test looks at them."""
    if folder := os.environ.get("PICTURES"):
        walk.page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_of_results_passes_axe(morning, sit_down, viewport, theme):
    walk = sit_down(viewport=viewport, color_scheme=theme)
    size = f"{theme}-{viewport['width']}"
    for name, address in (
        ("inbox", LIST), ("queue", f"{LIST}?who=queue"), ("done", f"{LIST}?who=done"),
        ("critical", f"{LIST}critical/"), ("away", f"{LIST}away/"), ("keys", f"{LIST}keys/"),
    ):  # fmt: skip
        walk.open(address)
        walk.check(name)
        picture(walk, f"{name}-{size}")
    walk.open(LIST)
    walk.page.locator("[data-task]", has_text="Metabolic").locator("a").click()
    expect(walk.page.locator(".report__name")).to_contain_text("Corrected")
    walk.check("report")
    picture(walk, f"report-{size}")
    walk.page.get_by_role("link", name="All versions").click()
    walk.check("versions")
    picture(walk, f"versions-{size}")
    walk.page.get_by_role("link", name="as it was known then").first.click()
    walk.check("as known")
    walk.open(LIST)
    walk.page.locator("[data-task]", has_text="Metabolic").locator("a").click()
    walk.page.locator(".results").get_by_role("link", name="Potassium").click()
    expect(heading(walk)).to_have_text("Ada Okafor")
    walk.check("over time")
    picture(walk, f"result-{size}")


@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])
def test_pages_of_managers_pass_axe(morning, sit_down, viewport):
    oncall.add_shift(
        actor=morning.manager, site_id=morning.site, practitioner_id=morning.doctor_id, starts_at=NOW,
        ends_at=NOW + timedelta(hours=12), request_key=key(), now=NOW,
    )  # fmt: skip
    walk = sit_down(morning.manager, viewport)

    for name, address in (("settings", f"{LIST}settings/"), ("times", f"{LIST}critical/times/")):
        walk.open(address)
        walk.check(name)
        picture(walk, f"{name}-{viewport['width']}")


def test_reading_with_the_keyboard_alone(morning, sit_down):
    walk = sit_down()
    walk.open(LIST)
    page = walk.page

    press(walk, "?")
    expect(page.locator("#keys")).to_be_visible()
    press(walk, "Escape")
    press(walk, "j")
    expect(page.locator("[data-task] a").nth(0)).to_be_focused()
    press(walk, "j", "j", "k")
    expect(page.locator("[data-task] a").nth(1)).to_be_focused()
    press(walk, "Enter")
    expect(page.locator(".report__name")).to_contain_text("Metabolic")
    page.wait_for_load_state()  # the script that hears the keys is there

    press(walk, "c")
    expect(page.get_by_label("Comment to the patient")).to_be_focused()
    page.keyboard.type("Please drink enough.")
    press(walk, "Escape", "s")
    expect(page.get_by_role("button", name="Sign", exact=True)).to_be_focused()
    press(walk, "Enter")
    page.locator("#notices").get_by_text("Signed.").wait_for()
    page.wait_for_load_state()

    assert ReportComment.objects.get().text == "Please drink enough."
    assert Signature.objects.filter(in_bulk=False).count() == 1
    press(walk, "d")
    expect(page.get_by_label("Colleague", exact=True)).to_be_focused()
    page.keyboard.type("Sol")
    press(walk, "Tab")
    page.keyboard.type("Yours, I think.")
    press(walk, "Enter")
    page.locator("#notices").get_by_text("Sol Aberg has it now.").wait_for()
    page.wait_for_load_state()
    press(walk, "f")
    expect(page.locator("#follow_test")).to_be_focused()
    press(walk, "Escape", "u")
    expect(heading(walk)).to_have_text("Results to read")
    page.wait_for_load_state()

    page.locator("[data-task]:has(input)").first.locator("a").focus()
    press(walk, "x", "s", "Enter")
    page.locator("#notices").get_by_text("1 result is signed.").wait_for()
    assert Signature.objects.filter(in_bulk=True).count() == 1
    assert walk.complaints == []


def test_critical_value_is_read_back_by_keyboard(morning, sit_down):
    walk = sit_down()
    walk.open("/clinic/")
    walk.check("banner on the calendar")

    walk.page.get_by_role("link", name="1 critical value waits").focus()
    press(walk, "Enter")
    field = walk.page.get_by_label("Read the value back")
    field.focus()
    walk.page.keyboard.type("1.7")
    press(walk, "Enter")
    expect(walk.page.locator(".notices [role=alert]")).to_contain_text("not the value")
    walk.check("read back wrongly")
    field = walk.page.get_by_label("Read the value back")
    field.fill("7.1")
    press(walk, "Enter")

    walk.page.locator("#notices").get_by_text("Confirmed.").wait_for()
    assert not OpenCall.objects.exists()


def test_new_result_appears_without_reload_and_leaves_the_hands_alone(house, sit_down):
    house.file(house.say(potassium()), now=NOW)
    walk = sit_down()
    walk.open(LIST)
    page = walk.page
    press(walk, "j", "x")
    first = page.locator("[data-task] a").first.get_attribute("id")

    house.file(house.say(potassium("5.9", flags=("H",))), now=NOW + timedelta(hours=1))

    expect(page.locator("[data-task]")).to_have_count(2)
    assert page.evaluate("document.activeElement.id") == first
    assert page.locator(f"[data-task]:has(#{first}) input").is_checked()
    expect(page.locator("#inbox-said")).to_have_text("2 results to read")
    walk.check("after the news")


def test_everything_works_without_script(morning, sit_down):
    walk = sit_down(java_script_enabled=False)
    page = walk.open(LIST)

    page.locator("[data-task] input").first.check()
    page.get_by_role("button", name="Sign those ticked").click()
    expect(page.get_by_text("1 result is signed.")).to_be_visible()
    page.locator("[data-task]", has_text="Metabolic").locator("a").click()
    page.locator("summary", has_text="Hand to a colleague").click()
    page.get_by_label("Colleague", exact=True).select_option(label="Sol Aberg")
    page.get_by_role("button", name="Hand over").click()
    expect(page.get_by_text("Sol Aberg has it now.")).to_be_visible()


def test_two_sign_at_once_and_the_second_is_told_kindly(morning, sit_down):
    one, other = sit_down(), sit_down(morning.colleague)
    address = f"{LIST}report/{ReviewTask.objects.filter(rank=2, state='open').first().report_id}/"
    one.open(address)
    other.open(address)

    one.page.get_by_role("button", name="Sign", exact=True).click()
    one.page.locator("#notices").get_by_text("Signed.").wait_for()
    other.page.get_by_role("button", name="Sign", exact=True).click()

    other.page.locator("#notices").get_by_text("Wren Halloran signed this result already").wait_for()
