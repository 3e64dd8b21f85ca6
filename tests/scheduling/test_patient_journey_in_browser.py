"""A patient books, moves and cancels in a real browser: narrow, wide, light, dark, keyboard, no script."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from browsing import NARROW, WIDE, Reader
from django.conf import settings
from playwright.sync_api import expect
from readers import Patient
from small_clinic import Clinic, patient

from scheduling import models
from scheduling import service as scheduling
from scheduling.holds import LASTS
from steadwell import clock

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# The page itself has every word on it.
FOCUSED = "document.activeElement === document.body ? '' : document.activeElement.textContent"
CONFLICT = "Failed to load resource: the server responded with a status of 409 (Conflict)"


def signed_in(reader, viewport=WIDE, **options) -> tuple[Patient, Reader]:
    ada, walk = Patient(), reader(viewport, **options)
    cookie = ada.client.cookies[settings.SESSION_COOKIE_NAME]
    walk.page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": walk.origin}])
    return ada, walk


def soon():
    return clock.now().date() + timedelta(days=2)


def button(walk, name):
    return walk.page.get_by_role("button", name=name)


def only_visit(ada):
    (found,) = scheduling.list_for_patient(actor=ada.actor, person_id=ada.person_id, now=clock.now())
    return found


@pytest.mark.parametrize(
    ("viewport", "scheme"), [(NARROW, "light"), (WIDE, "dark")], ids=["narrow-light", "wide-dark"]
)
def test_books_moves_and_cancels(reader, viewport, scheme):
    Clinic()
    ada, walk = signed_in(reader, viewport, color_scheme=scheme)
    page = walk.page

    walk.open("/visits/")
    walk.check("no visits yet")
    page.get_by_role("link", name="Find a time").click()
    walk.check("what for")
    page.locator(".kind__link").first.click()
    walk.check("free times")
    page.locator("button.slot").nth(3).click()
    walk.check("review")
    expect(page.locator("[data-countdown-left]")).to_have_text(re.compile(r"[0-7]:\d\d"))
    page.get_by_label("Anything the clinic").fill("I need a ramp.")
    button(walk, "Book this visit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your visit is booked")
    walk.check("booked")

    page.get_by_role("link", name="Move to another time").click()
    walk.check("other times")
    page.locator("button.slot").nth(5).click()
    walk.check("move review")
    button(walk, "Move the visit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your visit was moved")
    page.get_by_text("What changed and when").click()
    walk.check("moved")
    assert only_visit(ada).version == 2

    page.get_by_role("link", name="Cancel this visit").click()
    walk.check("cancel")
    page.get_by_label("I cannot get there").check()
    button(walk, "Cancel the visit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your visit is cancelled")
    walk.check("cancelled")


@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])
def test_other_pages_pass_axe(reader, viewport):
    clinic = Clinic(site_fields={"mode": "request", "phone": "+1 207 555 0100"})
    ada, walk = signed_in(reader, viewport)
    visit = clinic.book(ada.actor, 9, on=soon(), now=clock.now())
    kind = clinic.visit_type

    for path in (
        "/",
        "/visits/",
        "/visits/?show=past",
        f"/visits/{visit.appointment_id}/",
        f"/visits/find/?type={kind}&part=evening",
        f"/visits/find/month/?type={kind}",
        "/visits/calendar/",
    ):
        walk.open(path)
        walk.check(path)
    button(walk, "Make my address").click()
    walk.check("the address")


def test_taken_time_offers_others_and_keeps_the_note(reader):
    clinic, on = Clinic(), soon()
    ada, walk = signed_in(reader, NARROW)
    page = walk.page
    walk.open(f"/visits/find/?type={clinic.visit_type}&on={on}&days=1")
    page.locator("button.slot").first.click()
    page.get_by_label("Anything the clinic").fill("I need a ramp.")
    past = clock.now() - timedelta(seconds=1)
    models.Hold.objects.update(expires_at=past)
    models.Claim.objects.update(expires_at=past)
    clinic.book(patient(), 9, on=on, now=clock.now())

    button(walk, "Book this visit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose another time")
    walk.complaints = [said for said in walk.complaints if said != CONFLICT]
    walk.check("taken")
    button(walk, "Book this time instead").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Your visit is booked")
    assert only_visit(ada).note == "I need a ramp."


def test_back_and_reload_make_no_second_hold_or_visit(reader):
    clinic = Clinic()
    ada, walk = signed_in(reader, NARROW)
    page = walk.page
    walk.open(f"/visits/find/?type={clinic.visit_type}&on={soon()}&days=1")

    page.locator("button.slot").first.click()
    page.reload()
    page.go_back()
    page.locator("button.slot").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is this right?")
    assert models.Hold.objects.count() == 1
    button(walk, "Book this visit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your visit is booked")
    page.reload()
    page.go_back()

    expect(page.get_by_role("heading", level=1)).to_have_text("Your visit")
    assert models.Appointment.objects.count() == 1
    assert only_visit(ada).version == 1


def test_search_answers_as_soon_as_it_changes(reader):
    clinic = Clinic()
    _ada, walk = signed_in(reader, WIDE)
    page = walk.page
    walk.open(f"/visits/find/?type={clinic.visit_type}&on={soon()}")
    expect(page.locator(".month__day").first).to_be_visible()

    page.get_by_label("Time of day").select_option("evening")

    expect(page.get_by_text("Nothing free here")).to_be_visible()
    expect(page.locator("#answers-said")).to_have_text("No time is free for this search.")
    expect(page).to_have_url(re.compile("part=evening"))
    walk.check("answers by htmx")
    page.go_back()
    expect(page.locator("button.slot").first).to_be_visible()


def test_kept_time_runs_out_before_the_readers_eyes(reader):
    clinic = Clinic()
    ada, walk = signed_in(reader, NARROW)
    held = clinic.hold(ada.actor, 9, on=soon(), now=clock.now())
    walk.page.clock.install()

    walk.open(f"/visits/hold/{held.hold_id}/")
    expect(button(walk, "Book this visit")).to_be_visible()
    walk.page.clock.fast_forward(int(LASTS.total_seconds() * 1000))

    expect(button(walk, "See free times")).to_be_visible()
    expect(button(walk, "Book this visit")).to_be_hidden()
    walk.check("ended")


def test_works_without_script(reader):
    clinic = Clinic()
    ada, walk = signed_in(reader, NARROW, java_script_enabled=False)
    page = walk.page
    on = soon()
    walk.open(f"/visits/find/?type={clinic.visit_type}&on={on}")

    page.get_by_label("Time of day").select_option("morning")
    button(walk, "Show free times").click()
    page.get_by_role("link", name="A month at a glance").click()
    page.locator(f"a.month__day[href*='on={on}']").click()
    page.locator("button.slot").first.click()
    expect(page.get_by_text("Kept for you until")).to_be_visible()
    button(walk, "Book this visit").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Your visit is booked")
    assert only_visit(ada).status is scheduling.Status.BOOKED


def test_works_by_keyboard_alone(reader):
    clinic = Clinic()
    ada, walk = signed_in(reader, WIDE)
    walk.open(f"/visits/find/?type={clinic.visit_type}&on={soon()}&days=1")

    press_on(walk, "9:00 a.m.")
    expect(walk.page.get_by_role("heading", level=1)).to_have_text("Is this right?")
    press_on(walk, "Book this visit")
    expect(walk.page.get_by_role("heading", level=1)).to_have_text("Your visit is booked")
    press_on(walk, "Cancel this visit")
    expect(walk.page.get_by_role("heading", level=1)).to_have_text("Cancel this visit?")
    press_on(walk, "Cancel the visit")

    expect(walk.page.get_by_role("heading", level=1)).to_have_text("Your visit is cancelled")
    assert models.Appointment.objects.get().status == "cancelled"
    assert ada.person_id == models.Appointment.objects.get().person_id


def press_on(walk, words: str) -> None:
    """Tab until the focus is on something that says the words, then Enter. The focus is always to be seen."""
    walk.settle()  # a script that takes the focus has run
    for _step in range(80):
        walk.page.keyboard.press("Tab")
        if words in walk.page.evaluate(FOCUSED):
            shown = walk.page.evaluate(
                "getComputedStyle(document.activeElement).outlineStyle != 'none'"
                " || getComputedStyle(document.activeElement).boxShadow != 'none'"
            )
            assert shown, f"no focus ring on {words}"
            walk.page.keyboard.press("Enter")
            return
    raise AssertionError(f"the keyboard never reached: {words}")
