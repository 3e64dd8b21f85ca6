"""From the sign-in page to the end of the errand by keyboard alone: a patient, and the desk with its code."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from browsing import NARROW, WIDE
from keyboard import Keyboard
from playwright.sync_api import expect

from scheduling import models
from scheduling import service as scheduling
from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Role
from tests.accounts.people import PASSWORD, code_of, enrol_app

sys.path.insert(0, str(Path(__file__).parents[1] / "scheduling"))
from clinic_house import MONDAY, NOW, House
from small_clinic import patient

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SIZES = pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])


@pytest.fixture(autouse=True)
def _monday_at_ten():
    with time_machine.travel(NOW + timedelta(hours=2), tick=True):
        yield


def sign_in(reader, viewport, path: str, email: str) -> Keyboard:
    walk = reader(viewport)
    walk.open(path)
    keys = Keyboard(walk)
    keys.arrives_at("Sign in")
    keys.write("E-mail", email)
    keys.write("Password", PASSWORD)
    keys.enter()
    return keys


def make_user(house: House, email: str, **more) -> str:
    return accounts.create_user(
        email=email, password=PASSWORD, roles=more.pop("roles", []), now=clock.now(), **more
    )


@SIZES
def test_patient_signs_in_books_and_cancels(reader, viewport):
    house = House(site_fields={"cancel_lead_minutes": 30})
    person_id = house.patient()
    make_user(house, "ada@example.org", person_id=person_id)

    keys = sign_in(reader, viewport, "/visits/find/", "ada@example.org")
    keys.arrives_at("Book a visit")
    (kind,) = models.VisitType.objects.values_list("name", flat=True)
    keys.press(kind, "a")
    keys.arrives_at("Choose a time")
    keys.press("11:30 a.m.", "button")
    keys.arrives_at("Is this right?")
    keys.press("Book this visit", "button")
    keys.arrives_at("Your visit is booked")

    keys.press("Cancel this visit", "a")
    keys.arrives_at("Cancel this visit?")
    keys.to("", "input")  # the first of the reasons
    keys.arrow("Down")
    keys.press("Cancel the visit", "button")
    keys.arrives_at("Your visit is cancelled")

    visit = models.Appointment.objects.get()
    assert (visit.person_id, visit.status) == (person_id, "cancelled")


@SIZES
def test_desk_signs_in_with_its_second_factor_approves_and_checks_in(reader, viewport):
    house = House(site_fields={"mode": "request"})
    ada = patient()
    asked = house.book(ada, 11, on=MONDAY, now=clock.now())
    coming = house.visit(11, 30, now=clock.now())
    assert models.Appointment.objects.get(pk=asked.appointment_id).status == "pending"
    clerk = make_user(house, "desk@example.org", roles=[Role.FRONT_DESK], site_ids=[house.site])
    secret = enrol_app(clerk)

    keys = sign_in(reader, viewport, "/clinic/", "desk@example.org")
    expect(keys.page.get_by_label("Code")).to_be_visible()
    keys.write("Code", code_of(secret))
    keys.enter()
    expect(keys.page).to_have_url(f"{keys.walk.origin}/clinic/")

    keys.press("Requests", "a")
    keys.arrives_at("Requests")
    keys.press("Approve", "button")
    expect(keys.page.get_by_text("No requests are waiting")).to_be_visible()
    assert models.Appointment.objects.get(pk=asked.appointment_id).status == "booked"

    keys.press("Arrivals", "a")
    expect(keys.page).to_have_url(f"{keys.walk.origin}/clinic/arrivals/")
    keys.press("Check in", "button")
    expect(keys.page.locator("#notices")).to_contain_text("Done: Check in")
    done = [each for each in (asked, coming) if status_of(each) == "checked-in"]
    assert len(done) == 1


def status_of(visit: scheduling.Appointment) -> str:
    return models.Appointment.objects.get(pk=visit.appointment_id).status
