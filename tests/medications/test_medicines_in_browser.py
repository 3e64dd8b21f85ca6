"""The pages about medicines in a real browser: narrow and wide, by keyboard, with and without script, axe."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from browsing import NARROW, WIDE
from django.conf import settings
from django.db import connection
from pages_house import WARFARIN, PagesHouse, house
from playwright.sync_api import expect

from medications import service as medications
from steadwell import clock
from steadwell.accounts.second_factor import mark_passed
from steadwell.accounts.standing import load_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PICTURES = os.environ.get("SCREENSHOTS", "")


@pytest.fixture
def home(monkeypatch):
    """Made at the browser's own time: pages ask the real clock."""
    import pages_house

    now = clock.now()
    for module in (house, pages_house):
        monkeypatch.setattr(module, "NOW", now)
    return PagesHouse()


def enter(reader, actor, client, language="en"):
    """The browser takes over a session that is signed in."""
    user = load_user(actor.user_id, now=clock.now())
    client.force_login(user)
    session = client.session
    mark_passed(session, actor.user_id)
    session.save()
    reader.page.context.add_cookies(
        [
            {
                "name": settings.SESSION_COOKIE_NAME,
                "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
                "url": reader.origin,
            },
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
def test_patient_walks_all_pages(home, reader, client, size, language):
    home.prescribe(dosage_text="1 tab po bid prn")
    home.conflict_of("ibuprofen")
    home.allergy()
    line = home.line("lisinopril")
    medications.set_reminder(
        actor=home.patient, line_id=line.line_id, at=clock.now().time().replace(second=0, microsecond=0),
        zone="UTC",
        request_key=house.key(), now=clock.now(),
    )  # fmt: skip
    ada = reader(size)
    enter(ada, home.patient, client, language)

    for name, path in (
        ("list", "/medicines/"), ("one", f"/medicines/{line.line_id}/"), ("add", "/medicines/add/"),
        ("stopped", f"/medicines/{line.line_id}/stopped/"), ("ask", f"/medicines/{line.line_id}/refill/"),
        ("remind", f"/medicines/{line.line_id}/remind/"), ("diary", "/medicines/diary/"),
        ("allergies", "/medicines/allergies/"), ("allergy", "/medicines/allergies/add/"),
        ("refills", "/medicines/refills/"), ("print", "/medicines/print/"), ("home", "/"),
    ):  # fmt: skip
        ada.open(path)
        seen(ada, f"patient {name} {language}")


def test_patient_adds_with_suggestions_and_asks_for_a_refill_by_keyboard(home, reader, client):
    home.prescribe()
    ada = reader(NARROW)
    enter(ada, home.patient, client)

    page = ada.open("/medicines/add/")
    page.get_by_label("Name of the medicine").focus()
    page.keyboard.insert_text(
        "ibuprofen 200 mg ta"
    )  # at once: asked between two letters, it would answer twice
    expect(page.get_by_label("ibuprofen 200 MG Oral Tablet", exact=True)).to_be_visible()
    seen(ada, "suggestions")
    page.get_by_label("ibuprofen 200 MG Oral Tablet", exact=True).press("Space")
    page.get_by_role("button", name="Add it to my list").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("ibuprofen 200 MG Oral Tablet")

    ada.open("/medicines/")
    page.get_by_role("link", name="Refill lisinopril 10 MG Oral Tablet").press("Enter")
    page.get_by_label("Harbor Pharmacy").press("Space")
    page.get_by_role("button", name="Send the request").press("Enter")
    expect(page.get_by_role("heading", level=2, name="Asked for")).to_be_visible()
    seen(ada, "refill asked")


def test_patient_adds_without_script(home, reader, client):
    ada = reader(NARROW, java_script_enabled=False)
    enter(ada, home.patient, client)

    page = ada.open("/medicines/add/")
    page.get_by_label("Name of the medicine").fill("lisinopril 10 mg tab")
    page.get_by_role("button", name="Find it").click()
    page.get_by_label("lisinopril 10 MG Oral Tablet", exact=True).check()
    page.get_by_label("How do you take it?").fill("1 tablet daily")
    page.get_by_role("button", name="Add it to my list").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("lisinopril 10 MG Oral Tablet")


def test_typing_a_medicine_leaves_no_trace_in_an_address(home, reader, client):
    ada = reader(WIDE)
    enter(ada, home.patient, client)
    asked = []
    ada.page.on("request", lambda request: asked.append(request.url))

    page = ada.open("/medicines/add/")
    page.get_by_label("Name of the medicine").press_sequentially("lisinopril")
    expect(page.get_by_role("radio").first).to_be_visible()

    assert any("/medicines/suggestions/" in url for url in asked)
    assert [url for url in asked if "lisinopril" in url.lower()] == []


@pytest.mark.parametrize("size", [NARROW, WIDE])
@pytest.mark.parametrize("language", ["en", "es"])
def test_clinician_walks_all_pages(home, reader, client, size, language):
    line = home.conflict()
    home.say("lisinopril", external_id="unclear")
    home.allergy()
    home.prescribe(WARFARIN)
    unclear = next(each for each in home.line_all() if each.state.value == "ambiguous")
    refill = medications.request_refill(
        actor=home.patient, line_id=home.line("warfarin").line_id, pharmacy_id=home.pharmacy.pk,
        note="Two left",
        request_key=house.key(), now=clock.now(),
    )  # fmt: skip
    doctor = reader(size)
    enter(doctor, home.doctor, client, language)

    base = "/clinic/medicines/"
    for name, path in (
        ("queue", ""), ("patient", f"patient/{home.person_id}/"), ("line", f"line/{line.line_id}/"),
        ("place", f"said/{unclear.evidence[0].statement.statement_id}/"),
        ("prescribe", f"patient/{home.person_id}/prescribe/"), ("refills", "refills/"),
        ("refill", f"refills/{refill.refill_id}/"), ("rules", "rules/"),
    ):  # fmt: skip
        doctor.open(base + path)
        seen(doctor, f"clinic {name} {language}")


def test_clinician_prescribes_past_an_alert_by_keyboard(home, reader, client):
    home.prescribe(WARFARIN)
    doctor = reader(WIDE)
    enter(doctor, home.doctor, client)

    page = doctor.open(f"/clinic/medicines/patient/{home.person_id}/prescribe/")
    page.get_by_label("Medicine", exact=True).fill("ibuprofen 200 MG Oral Tablet")
    page.get_by_label("Dosage").fill("Take 1 tablet daily")
    page.get_by_role("button", name="Prescribe").press("Enter")
    expect(page.get_by_text("1 alert needs a reason")).to_be_visible()
    seen(doctor, "alert")
    page.get_by_label(re.compile("Why is this right all the same")).fill("Three days, with pantoprazole")
    page.get_by_role("button", name="Prescribe").press("Enter")

    expect(page.get_by_text("Prescribed: ibuprofen 200 MG Oral Tablet")).to_be_visible()


def test_print_page_has_nothing_to_press_on_paper(home, reader, client):
    home.prescribe()
    ada = reader(WIDE)
    enter(ada, home.patient, client)
    page = ada.open("/medicines/print/")

    page.emulate_media(media="print")

    expect(page.locator("a:visible, button:visible").filter(has_not_text="Steadwell")).to_have_count(0)
    assert connection.vendor == "postgresql"
