"""A patient says in the portal what stays here; what apps see changes with their next request."""

from __future__ import annotations

import pytest
from browsing import NARROW, WIDE
from django.conf import settings
from django.test import Client
from fhir_house import House, vital
from signing_in import sign_in

from fhir_facade.consents import choosing
from fhir_facade.server.models import DocumentVersion
from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, Role
from steadwell.errors import NotFound, Stale
from steadwell.ids import UserId, new_id

pytestmark = pytest.mark.django_db


def patient(house: House, person_id) -> Client:
    user_id = accounts.create_user(
        email=f"{new_id()}@example.org", password=None, roles=[], person_id=person_id, now=clock.now()
    )
    return sign_in(Client(), user_id)


def actor(person_id) -> Actor:
    return Actor(user_id=UserId(new_id()), roles=frozenset({Role.PATIENT}), person_id=person_id)


def test_choice_holds_from_the_next_request_on(house):
    key = house.ehr.post("Observation", vital(house.ada)).json["id"]
    theirs = house.ehr.post("Observation", vital(house.bo)).json["id"]
    browser = patient(house, house.ada)
    assert house.ehr.get(f"Observation/{key}").status == 200

    saved = browser.post("/apps/sharing/", {"keep": "results:", "version": "0"}, follow=True)

    assert 'value="results:" checked' in saved.content.decode()
    assert house.ehr.get(f"Observation/{key}").status == 404
    assert house.ehr.get(f"Observation/{theirs}").status == 200
    assert house.of(house.ada).get("Observation").ids == []
    assert house.ehr.get(f"Patient/{house.ada}").status == 200
    browser.post("/apps/sharing/", {"version": "1"})
    assert house.ehr.get(f"Observation/{key}").status == 200


def test_everything_also_hides_the_patient(house):
    browser = patient(house, house.ada)

    browser.post("/apps/sharing/", {"keep": "everything:", "version": "0"})

    assert house.ehr.get(f"Patient/{house.ada}").status == 404
    assert house.ehr.get("Patient").ids == [str(house.bo)]
    assert house.ehr.get("Consent").ids == []


def test_choice_is_a_consent_with_its_versions(house):
    browser = patient(house, house.ada)
    for version, keep in enumerate(("visits:", "messages:", "messages:")):
        browser.post("/apps/sharing/", {"keep": keep, "version": str(min(version, 2))})

    made = house.ehr.get("Consent", {"patient": str(house.ada)}).matches[0]

    assert made["meta"]["versionId"] == "2"  # the same again is no version
    classes = made["provision"]["provision"][0]["class"]
    assert [each["code"] for each in classes] == ["Communication"]
    told = house.ehr.get(f"Consent/{made['id']}/_history")
    assert len(told.entries) == 2
    page = browser.get("/apps/sharing/").content.decode()
    assert page.index("Messages</li>") < page.index("Visits</li>")
    assert house.ehr.put(f"Consent/{made['id']}", {**made, "status": "inactive"}).status == 403


def test_two_who_choose_at_once_do_not_undo_each_other(house):
    browser = patient(house, house.ada)
    browser.post("/apps/sharing/", {"keep": "visits:", "version": "0"})

    late = browser.post("/apps/sharing/", {"keep": "messages:", "version": "0"}, follow=True)
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"
    in_spanish = browser.post("/apps/sharing/", {"keep": "messages:", "version": "0"}, follow=True)

    assert "changed since you opened it" in late.content.decode()
    assert "Esto cambió desde que lo abrió" in in_spanish.content.decode()
    assert DocumentVersion.objects.filter(type="Consent").count() == 1


def test_only_for_whom_one_stands(house):
    about = {"person_id": house.bo, "now": clock.now()}
    stranger = actor(house.ada)

    with pytest.raises(NotFound):
        choosing.find_choices(actor=stranger, **about)
    with pytest.raises(NotFound):
        choosing.choose(actor=stranger, kept={"": ["visits"]}, seen_version=0, **about)
    with pytest.raises(NotFound):
        choosing.choose(actor=actor(house.bo), kept={"unheard-of": ["visits"]}, seen_version=0, **about)
    with pytest.raises(Stale):
        choosing.choose(actor=actor(house.bo), kept={"": ["visits"]}, seen_version=4, **about)
    assert not DocumentVersion.objects.filter(type="Consent").exists()


def test_page_speaks_spanish(house):
    page = patient(house, house.ada).get("/apps/sharing/", headers={"accept-language": "es"}).content.decode()

    assert "Lo que se queda aquí" in page
    assert "What stays here" not in page


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("viewport", "script"), [(NARROW, True), (WIDE, False)], ids=["narrow", "wide-without-script"]
)
def test_patient_chooses_in_a_browser(reader, viewport, script):
    house = House()
    cookie = patient(house, house.ada).cookies[settings.SESSION_COOKIE_NAME]
    walk = reader(viewport, java_script_enabled=script)
    walk.page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": walk.origin}])
    walk.open("/apps/sharing/")
    if script:
        walk.check("what stays here")
    walk.page.get_by_label("Messages").check()
    walk.page.get_by_role("button", name="Save").press("Enter")

    walk.page.get_by_text("Saved. It holds from now on.").wait_for()

    if script:
        walk.check("saved")
    assert walk.page.get_by_label("Messages").is_checked()
