"""One visit from all sides: the patient books and is told, the desk welcomes them, the clinician sees them.

And what happens when the clinician is ill. In a real browser, axe at each step.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from browsing import NARROW, WIDE, Reader
from django.conf import settings
from playwright.sync_api import expect

from scheduling import service as scheduling
from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Role
from steadwell.outbox import handover
from steadwell.outbox.deliveries import deliver
from tests.accounts.people import code_of, enrol_app

sys.path.insert(0, str(Path(__file__).parents[1] / "scheduling"))
from clinic_house import MONDAY, NOW, House
from small_clinic import TUESDAY, key

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "three green lanterns"


@pytest.fixture(autouse=True)
def _monday_at_ten():
    with time_machine.travel(NOW + timedelta(hours=2), tick=True):
        yield


class Cast:
    """A clinic, a patient with an account, and everybody's browsers."""

    def __init__(self, reader, viewport) -> None:
        self.house, self._reader, self._viewport = House(), reader, viewport
        self.person_id = self.house.patient()
        accounts.create_user(
            email="ada@example.org", password=PASSWORD, roles=[], person_id=self.person_id, now=clock.now()
        )

    def patient(self) -> Reader:
        """Signed in by the door, as anybody would."""
        walk = self._reader(self._viewport)
        walk.open("/visits/find/")
        walk.check("sign in")
        walk.page.get_by_label("E-mail").fill("ada@example.org")
        walk.page.get_by_label("Password", exact=True).fill(PASSWORD)
        walk.page.locator("main").get_by_role("button", name="Sign in", exact=True).click()
        expect(heading(walk)).to_have_text("Book a visit")
        return walk

    def desk(self) -> Reader:
        """Signed in by the door as well: the password, then what the authenticator app shows."""
        clerk = accounts.create_user(
            email="desk@example.org",
            password=PASSWORD,
            roles=[Role.FRONT_DESK],
            site_ids=[self.house.site],
            now=clock.now(),
        )
        secret = enrol_app(clerk)
        walk = self._reader(self._viewport)
        walk.open("/clinic/")
        walk.page.get_by_label("E-mail").fill("desk@example.org")
        walk.page.get_by_label("Password", exact=True).fill(PASSWORD)
        press(walk, "Sign in")
        expect(walk.page.get_by_label("Code")).to_be_visible()
        walk.check("second factor")
        walk.page.get_by_label("Code").fill(code_of(secret))
        walk.page.keyboard.press("Enter")
        expect(walk.page).to_have_url(f"{walk.origin}/clinic/")
        return walk

    def staff(self, role: Role, **more) -> Reader:
        walk = self._reader(self._viewport)
        cookie = self.house.client(role, **more).cookies[settings.SESSION_COOKIE_NAME]
        walk.page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": walk.origin}])
        return walk


@pytest.fixture(params=[NARROW, WIDE], ids=["narrow", "wide"])
def cast(reader, request):
    return Cast(reader, request.param)


def heading(walk: Reader):
    return walk.page.get_by_role("heading", level=1)


def press(walk: Reader, name: str) -> None:
    walk.page.locator("main").get_by_role("button", name=name, exact=True).first.click()


def do_what_was_promised() -> None:
    """What relay and workers do, here and now: every delivery that waits, and those which it brings about."""
    for _ in range(500):
        found = handover.claim(now=clock.now()).ids
        if not found:
            return
        for numbers in found.values():
            for number in numbers:
                deliver(delivery_id=number, now=clock.now())
    raise AssertionError("there is always something promised")


def book(walk: Reader, words: str) -> None:
    """From the choice of a visit to the confirmation, with axe on each page."""
    walk.check("what for")
    walk.page.locator(".kind__link").first.click()
    walk.check("free times")
    walk.page.locator("button.slot", has_text=words).first.click()
    expect(heading(walk)).to_have_text("Is this right?")
    walk.check("review")
    press(walk, "Book this visit")
    expect(heading(walk)).to_have_text("Your visit is booked")
    walk.check("booked")


def test_a_visit_from_all_sides(cast):
    ada = cast.patient()
    book(ada, "11:30 a.m.")
    visit_address = ada.page.url.split("?")[0].removeprefix(ada.origin)
    do_what_was_promised()
    ada.open("/inbox/")
    ada.check("told")
    ada.page.get_by_role("link", name="is booked").click()
    expect(ada.page.locator("main")).to_contain_text("11:30")
    ada.check("what they were told")

    desk = cast.desk()
    desk.open(f"/clinic/?on={MONDAY}")
    desk.check("the desk's day")
    block = desk.page.locator(".block--visit", has_text="11:30").first
    expect(block).to_contain_text("Okafor")
    block.get_by_role("button", name="Arrived").click()
    desk.page.locator("#notices").get_by_text("Done: Arrived.").wait_for()
    desk.check("arrived")

    doctor = cast.staff(Role.CLINICIAN, practitioner_id=cast.house.clinician)
    doctor.open(visit_address.replace("/visits/", "/clinic/visit/"))
    doctor.check("the clinician's visit")
    press(doctor, "Start")
    press(doctor, "Complete")
    doctor.open(visit_address.replace("/visits/", "/clinic/visit/"))
    expect(doctor.page.locator("main")).to_contain_text("Completed")
    doctor.check("completed")

    ada.open(visit_address)
    expect(ada.page.locator("main")).to_contain_text("Done")
    ada.page.get_by_text("What changed and when").click()
    expect(ada.page.get_by_text("by the clinic").first).to_be_visible()
    ada.check("done")


def test_a_clinician_is_ill_and_the_patient_takes_another_time(cast):
    ada = cast.patient()
    visit = cast.house.visit(9, person_id=cast.person_id, on=TUESDAY, now=clock.now())
    scheduling.move_day(
        actor=cast.house.manager,
        practitioner_id=cast.house.clinician,
        on=TUESDAY,
        reason="Ill",
        request_key=key(),
        now=clock.now(),
    )
    do_what_was_promised()

    ada.open("/inbox/")
    ada.check("told of it")
    ada.open(f"/visits/{visit.appointment_id}/")
    expect(ada.page.locator("main")).to_contain_text("The clinic had to call this visit off")
    ada.check("called off")
    ada.page.locator("button.slot").first.click()
    press(ada, "Book this visit")

    expect(heading(ada)).to_have_text("Your visit is booked")
    ada.open("/visits/?show=past")
    expect(ada.page.locator("main")).to_contain_text("Cancelled")
    ada.check("both")
