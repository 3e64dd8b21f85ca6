"""The pages of forms: filled in on an old phone without script, read and settled by a clinician; axe."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from browsing import NARROW, WIDE
from django.conf import settings as django_settings
from forms_house import FormsHouse, browser

from fhir_facade.forms import answering, offering, settling
from fhir_facade.forms.models import FormOffer
from fhir_facade.server.models import Document
from notifications.models import Message
from steadwell import clock
from steadwell.actor import Role
from steadwell.ids import new_id

pytestmark = pytest.mark.django_db(transaction=True)
REST = {"dose": "q9", "since": "q10", "words": "q11"}
PICTURES = os.environ.get("SCREENSHOTS", "")


@pytest.fixture
def house() -> FormsHouse:
    return FormsHouse()


def filled(house: FormsHouse, **more: Any) -> dict[str, Any]:
    """What a browser would send: the fields by their question, as the page has them."""
    names = {"pain": "q2", "level": "q3", "where": "q4", "side": "q6", "when": "q7", **REST}
    said = {names[name]: value for name, value in more.pop("said", {}).items()}
    shown = [names[each] for each in [*more.pop("asked", ("pain", "where", "when")), *REST]]
    return (
        {"request_key": str(new_id()), "form": str(house.form().version), "seen": "1", "asked": shown}
        | said
        | more
    )


def saved() -> dict[str, Any]:
    import json

    body = Document.objects.filter(type="QuestionnaireResponse").values_list("body", flat=True).get()
    return answering.answers_in(json.loads(body))


def test_answers_lead_to_more_questions_without_script(house):
    offer, page = house.offered(), browser(house.patient)
    address = f"/forms/{offer.offer_id}/"
    first = page.get(address).content.decode()
    assert "How bad" not in first
    assert 'class="field__hint" id="id_q4_helptext">The place that is worst.' in first

    more = page.post(address, filled(house, said={"pain": "yes", "dose": "7.50"}))

    assert "Your answers lead to more questions" in more.content.decode()
    assert "How bad" in more.content.decode()
    assert 'value="7.50"' in more.content.decode()
    assert not Document.objects.filter(type="QuestionnaireResponse").exists()
    wanted = ("pain", "level", "where", "when")
    missing = page.post(address, filled(house, said={"pain": "yes"}, asked=wanted))
    assert "This field is required." in missing.content.decode()
    done = page.post(
        address,
        filled(house, said={"pain": "yes", "level": "3", "when": ["0", "1"]}, asked=wanted),
        follow=True,
    )
    assert "Sent. Your clinic reads it" in done.content.decode()
    assert saved() == {
        "pain": [{"valueBoolean": True}], "level": [{"valueInteger": 3}],
        "when": [{"valueString": "mornings"}, {"valueString": "nights"}],
    }  # fmt: skip


def test_pressed_twice_it_is_sent_once(house):
    offer, page = house.offered(), browser(house.patient)
    said = filled(house, said={"pain": "no"})

    answers = [page.post(f"/forms/{offer.offer_id}/", said, follow=True) for _ in range(2)]

    assert [each.status_code for each in answers] == [200, 200]
    assert "With your clinic" in answers[1].content.decode()
    assert FormOffer.objects.get().version == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [("pain", "maybe"), ("dose", "a lot"), ("when", ["9"]), ("where", "7"), ("dose", "1e400")],
)
def test_what_does_not_fit_comes_back_with_its_mistake(house, field, value):
    offer, page = house.offered(), browser(house.patient)

    answer = page.post(f"/forms/{offer.offer_id}/", filled(house, said={"pain": "no", field: value}))

    assert "Please look at this again" in answer.content.decode()
    assert FormOffer.objects.get().state == "offered"


def test_a_page_from_before_the_clinic_asked_again_is_looked_at_again(house):
    offer, page = house.offered(), browser(house.patient)
    sent = house.sent(offer)
    settling.ask_again(
        actor=house.doctor, offer_id=offer.offer_id, seen_version=sent.version, words="Since when?",
        request_key=str(new_id()), now=clock.now(),
    )  # fmt: skip

    answer = page.post(f"/forms/{offer.offer_id}/", filled(house, said={"pain": "no"}))

    assert "Something happened to this form meanwhile" in answer.content.decode()
    assert "Since when?" in answer.content.decode()
    assert FormOffer.objects.get().state == "offered"


def test_a_form_that_changed_meanwhile_is_shown_anew(house):
    offer, page = house.offered(), browser(house.patient)
    said = filled(house, said={"pain": "no"})
    form = house.ehr.get(f"Questionnaire/{house.form_id}").json
    house.ehr.put(f"Questionnaire/{house.form_id}", {**form, "title": "Other"})

    answer = page.post(f"/forms/{offer.offer_id}/", said)

    assert "The questions changed" in answer.content.decode()
    assert FormOffer.objects.get().state == "offered"


def test_the_desk_offers_and_takes_back_and_reads_no_answers(house):
    desk, address = browser(house.desk), f"/clinic/forms/patient/{house.ada}/"
    asked = {
        "act": "offer",
        "form": str(house.form_id),
        "site": str(house.site),
        "request_key": str(new_id()),
    }

    answer = desk.post(address, asked, follow=True)

    assert "Offered. The patient is told" in answer.content.decode()
    offer = FormOffer.objects.get()
    assert desk.get(f"/clinic/forms/{offer.pk}/").status_code == 404
    assert desk.get("/clinic/forms/").status_code == 404
    back = {"act": "withdraw", "offer": str(offer.pk), "seen": "1", "request_key": str(new_id())}
    assert "Taken back." in desk.post(address, back, follow=True).content.decode()
    assert "does not need this form" in browser(house.patient).get(f"/forms/{offer.pk}/").content.decode()


def test_strangers_find_nothing(house):
    offer = house.sent(house.offered())
    stranger = house.account(house.bo)
    nothing = browser(stranger).get(f"/forms/{new_id()}/")

    for actor, address in (
        (stranger, f"/forms/{offer.offer_id}/"),
        (house.patient, f"/clinic/forms/{offer.offer_id}/"),
        (house.desk, f"/clinic/forms/patient/{house.bo}/"),
        (house.doctor, f"/clinic/forms/?site={new_id()}"),
        (house.doctor, f"/clinic/forms/{new_id()}/"),
    ):
        answer = browser(actor).get(address)
        assert answer.status_code == 404
        assert b"Canaryback" not in answer.content
    assert nothing.status_code == 404


def test_nothing_of_a_form_leaves_the_house(house, caplog):
    offer = house.offered()
    house.sent(offer)

    told = Message.objects.filter(template__startswith="form.")
    words = " ".join(f"{each.params} {each.key}" for each in told)
    assert "Before your visit" not in words + caplog.text
    assert "Canaryback" not in words + caplog.text


def test_pages_speak_spanish(house):
    offer, page = house.offered(), browser(house.patient)

    shown = [page.get(path, headers={"accept-language": "es"}).content.decode()
             for path in ("/forms/", f"/forms/{offer.offer_id}/", "/")]  # fmt: skip

    assert "Por llenar" in shown[0]
    assert "Enviar el formulario" in shown[1]
    assert "1 formulario por llenar" in shown[2]


@pytest.mark.browser
@pytest.mark.parametrize(
    ("size", "script"), [(NARROW, False), (NARROW, True), (WIDE, True)], ids=["old-phone", "phone", "wide"]
)
def test_a_form_from_the_desk_to_the_clinician(house, reader, size, script):
    offer_at_the_desk(walking(reader, size, house.desk), house)

    ada = walking(reader, size, house.patient, java_script_enabled=script)
    page = ada.open("/")
    look(ada, "home with a form", script)
    page.get_by_role("link", name="Fill in").press("Enter")
    look(ada, "forms", script)
    page.get_by_role("link", name="Before your visit").press("Enter")
    look(ada, "form to fill in", script)
    page.get_by_role("group", name="Is there pain?").get_by_label("Yes").check()
    page.get_by_label("Canaryback").check()
    page.get_by_label("How much do you take?").fill("7.50")
    page.get_by_label("What else should we know?").fill("It began\nin spring.")
    page.get_by_role("button", name="Send the form").press("Enter")
    page.get_by_label("How bad, from 0 to 10?").fill("4")
    page.get_by_label("Which side?").fill("left")
    look(ada, "form with more questions", script)
    page.get_by_role("button", name="Send the form").press("Enter")
    page.get_by_text("Sent. Your clinic reads it").wait_for()
    look(ada, "form sent", script)

    doctor = walking(reader, size, house.doctor)
    page = doctor.open("/clinic/")
    page.get_by_role("link", name="Read them").press("Enter")
    seen(doctor, "forms to read")
    page.get_by_role("link", name="Canaryada, Adafirst").press("Enter")
    page.get_by_text("7.50").wait_for()
    seen(doctor, "answers")
    page.get_by_label("What is missing or unclear?").fill("Since when is it there?")
    page.get_by_role("button", name="Ask again").press("Enter")
    page.get_by_text("Sent back. The patient is told").wait_for()

    ada.open("/forms/").get_by_role("link", name="Before your visit").press("Enter")
    ada.page.get_by_text("Since when is it there?").wait_for()
    assert ada.page.get_by_label("How much do you take?").input_value() == "7.50"
    look(ada, "form asked again", script)
    ada.page.get_by_label("Since when?").fill("2026-04-01")
    ada.page.get_by_role("button", name="Send the form").press("Enter")

    doctor.open("/clinic/forms/").get_by_role("link", name="Canaryada, Adafirst").press("Enter")
    page.get_by_text("April 1, 2026").wait_for()
    page.get_by_role("button", name="I have read it").press("Enter")
    page.get_by_text("Done. The patient is told").wait_for()
    seen(doctor, "no form waits")
    assert FormOffer.objects.get().state == "seen"


def offer_at_the_desk(desk: Any, house: FormsHouse) -> None:
    page = desk.open(f"/clinic/patients/{house.ada}/")
    page.get_by_role("link", name="Offer a form").press("Enter")
    seen(desk, "offering a form")
    page.get_by_role("button", name="Offer it").press("Enter")
    page.get_by_text("Offered. The patient is told").wait_for()
    seen(desk, "offered a form")


def walking(reader: Any, size: Any, actor: Any, **options: Any) -> Any:
    walk = reader(size, **options)
    cookie = browser(actor).cookies[django_settings.SESSION_COOKIE_NAME]
    walk.page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": walk.origin}])
    return walk


def look(walk: Any, step: str, script: bool) -> None:
    """axe needs script; the page looks the same without."""
    if script:
        seen(walk, step)


def seen(walk: Any, step: str) -> None:
    walk.check(step)
    if PICTURES:
        name = f"{re.sub(r'[^a-z]+', '-', step)}-{walk.page.viewport_size['width']}.png"
        walk.page.screenshot(path=str(Path(PICTURES) / name), full_page=True)


def test_a_manager_offers_and_reads_nothing(house):
    manager = house.staff(Role.MANAGER)
    offer = house.sent(house.offered(actor=manager))

    assert offering.list_of_patient(actor=manager, person_id=house.ada, now=clock.now())
    assert settling.count_waiting(site_ids=[house.site]) == 1
    assert browser(manager).get(f"/clinic/forms/{offer.offer_id}/").status_code == 404
