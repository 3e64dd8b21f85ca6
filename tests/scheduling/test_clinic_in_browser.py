"""The clinic's pages in a real browser: axe at each step, narrow and wide, the desk's work with mouse and
keyboard.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from browsing import NARROW, WIDE
from clinic_house import MONDAY, NOW, House
from playwright.sync_api import expect
from small_clinic import at, key

from scheduling import service as scheduling

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HERE = NOW + timedelta(hours=2)  # 10:00 at the clinic


@pytest.fixture(autouse=True)
def _monday_at_ten():
    with time_machine.travel(HERE, tick=True):
        yield


@pytest.fixture
def house():
    """A Monday with visits in several states, two side by side, and a meeting."""
    house = House()
    seen, late = house.visit(9), house.visit(11, 30)
    house.visit(10)
    house.visit(14, clinician=house.second)
    house.step(seen, "arrive", now=HERE)
    house.step(seen, "start", now=HERE)
    scheduling.overbook(
        actor=house.desk,
        person_id=house.patient(),
        offer=house.offer(10, on=MONDAY),
        reason="Severe pain",
        request_key=key(),
        now=HERE,
    )
    scheduling.block_time(
        actor=house.manager,
        practitioner_id=house.second,
        starts_at=at(15, on=MONDAY),
        ends_at=at(16, on=MONDAY),
        reason="Meeting",
        request_key=key(),
        now=HERE,
    )
    house.late = late
    return house


@pytest.fixture
def desk(reader, house, live_server):
    """Makes a signed-in member of the front desk at a browser of the given width."""

    def make(viewport=WIDE, **options):
        visitor = reader(viewport, **options)
        cookie = house.client().cookies["steadwell_session"].value
        visitor.page.context.add_cookies(
            [{"name": "steadwell_session", "value": cookie, "url": live_server.url}]
        )
        return visitor

    return make


@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])
def test_every_page_passes_axe(desk, house, viewport):
    visitor = desk(viewport)
    person = house.patient()
    who = f"clinician={house.second}&on={MONDAY}"
    for path in (
        "/clinic/",
        f"/clinic/week/?on={MONDAY}",
        f"/clinic/week/?{who}",
        "/clinic/arrivals/",
        "/clinic/requests/",
        f"/clinic/visit/{house.late.appointment_id}/",
        f"/clinic/visit/{house.late.appointment_id}/cancel/",
        f"/clinic/visit/{house.late.appointment_id}/move/",
        "/clinic/book/?q=okafor",
        f"/clinic/book/?person={person}&{who}&visit_type={house.visit_type}",
        f"/clinic/book/confirm/?person={person}&offer={house.offer(9).text}",
        f"/clinic/book/over/?person={person}&offer={house.offer(9).text}",
        f"/clinic/block/?{who}",
        f"/clinic/leave/?{who}",
        f"/clinic/ill/?{who}",
    ):
        visitor.open(path)
        visitor.check(path)


def test_dark_day_passes_axe(desk):
    visitor = desk(WIDE, color_scheme="dark")

    visitor.open("/clinic/")

    visitor.check("dark")


def test_visits_at_one_time_stand_side_by_side(desk):
    visitor = desk(WIDE)
    page = visitor.open("/clinic/")
    visitor.settle()

    boxes = [page.locator(f".lane-{n}-2").bounding_box() for n in (0, 1)]

    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"] + 1


def test_visit_stands_where_its_hour_is(desk):
    visitor = desk(WIDE)
    page = visitor.open("/clinic/")
    visitor.settle()

    visit = page.locator(".block--visit", has_text="11:30").first.bounding_box()
    hour = page.locator(".board__hours li", has_text="12:00").bounding_box()

    assert abs(visit["y"] + visit["height"] - (hour["y"] + hour["height"] / 2)) < 8


def test_one_press_marks_an_arrival_without_leaving_the_day(desk):
    visitor = desk(WIDE)
    page = visitor.open("/clinic/")

    block = page.locator(".block--visit", has_text="11:30").first
    block.get_by_role("button", name="Arrived").click()
    page.locator("#notices").get_by_text("Done: Arrived.").wait_for()

    expect(page.locator(".block--visit", has_text="11:30").first).to_contain_text("Arrived")
    visitor.check("after the arrival")


def test_booking_from_a_free_time_with_the_keyboard_only(desk, house):
    house.patient()
    page = desk(WIDE).open(f"/clinic/?clinician={house.clinician}&on={MONDAY}")

    page.locator(".block--free a").first.press("Enter")
    search = page.get_by_label("Name, birth date, record number or telephone")
    search.press_sequentially("okafor")
    search.press("Enter")
    page.locator(".person-row").first.press("Enter")
    page.get_by_label("Visit", exact=True).focus()
    page.wait_for_load_state()  # the script that sends the form on a change is there
    page.get_by_label("Visit", exact=True).press("ArrowDown")
    page.locator(".offer--chosen").press("Enter")
    page.get_by_role("button", name="Book", exact=True).press("Enter")

    page.get_by_text("The visit is booked. The patient is told.").wait_for()


def test_day_works_without_script(desk):
    page = desk(NARROW, java_script_enabled=False).open("/clinic/")

    block = page.locator(".block--visit", has_text="11:30").first
    block.get_by_role("button", name="Arrived").click()

    expect(page.get_by_text("Done: Arrived.")).to_be_visible()
    page.get_by_label("Day", exact=True).fill("2026-06-02")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("June 2")


def test_paper_shows_the_day_without_controls(desk):
    page = desk(WIDE).open("/clinic/")

    page.emulate_media(media="print")

    expect(page.locator(".block--visit").first).to_be_visible()
    expect(page.locator(".block--free").first).to_be_hidden()
    expect(page.locator(".desk")).to_be_hidden()
