"""The desk's page of a patient: found without a name in an address, and who reaches the record."""

from __future__ import annotations

import re
from datetime import date
from uuid import uuid4

import pytest
from django.test import Client
from signing_in import sign_in

from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Role, system
from steadwell.identity import service as identity
from steadwell.ids import PersonId, SiteId, new_id

pytestmark = pytest.mark.django_db
PATIENTS = "/clinic/patients/"
BORN = date(1971, 3, 9)


def register(**more):
    said = identity.Demographics(family_name="Lovelace", given_name="Ada", birth_date=BORN, **more)
    return identity.register(
        actor=system("test"),
        source="test",
        external_id=str(uuid4()),
        demographics=said,
        identifiers=[],
        now=clock.now(),
    )


def staff(role):
    user_id = accounts.create_user(
        email=f"{new_id()}@example.org",
        password=None,
        roles=[role],
        site_ids=() if role is Role.ADMINISTRATOR else [SiteId(new_id())],
        now=clock.now(),
    )
    return sign_in(Client(), user_id)


@pytest.fixture
def desk():
    return staff(Role.FRONT_DESK)


def page(client, person):
    return client.get(f"{PATIENTS}{person}/").content.decode()


def test_patient_is_found_by_name_without_a_name_in_the_address(desk):
    person = register()

    answer = desk.post(PATIENTS, {"q": "Lovelace Ada"})

    assert f"{PATIENTS}{person}/" in answer.content.decode()
    assert "Nobody found" in desk.post(PATIENTS, {"q": "Nemo Nobody"}).content.decode()


def test_invitation_goes_out_again_is_taken_back_and_goes_elsewhere(desk):
    person = register(email="ada@example.org")
    assert 'value="ada@example.org"' in page(desk, person)

    desk.post(f"{PATIENTS}{person}/invite/", {"email": "ada@example.org"})
    assert "On its way" in page(desk, person)
    desk.post(f"{PATIENTS}{person}/invite/again/")
    desk.post(f"{PATIENTS}{person}/invite/withdraw/")

    assert "Send the invitation" in page(desk, person)
    assert "Take it back" not in page(desk, person)
    desk.post(f"{PATIENTS}{person}/invite/", {"email": "new@example.org"})
    assert "new@example.org" in page(desk, person)


@pytest.mark.parametrize("email", ["", "no address", "taken@example.org", "josé@example.org"])
def test_address_that_cannot_be_invited_stays_in_the_form_with_words(desk, email):
    accounts.create_user(email="taken@example.org", password=None, roles=[], now=clock.now())
    person = register()

    answer = desk.post(f"{PATIENTS}{person}/invite/", {"email": email})

    assert answer.status_code == 409
    assert "Error:" in answer.content.decode()
    assert accounts.portal_access(actor=system_desk(), person_id=person, now=clock.now()).invitation is None


def system_desk():
    from steadwell.actor import Actor

    return Actor(roles=frozenset({Role.FRONT_DESK}))


def test_code_is_shown_once_and_never_stored_by_the_browser(desk):
    person = register()

    answer = desk.post(f"{PATIENTS}{person}/code/")

    assert "no-store" in answer.headers["Cache-Control"]
    assert 'class="big-code"' in answer.content.decode()
    assert re.search(r"until [^<]+ at \d+:\d\d [ap]\.m\., \w", answer.content.decode())  # with its zone
    assert desk.get(f"{PATIENTS}{person}/code/").status_code == 405


def test_access_is_ended_after_one_page_to_be_sure(desk):
    person = register()
    user = accounts.create_user(
        email="ada@example.org", password=None, roles=[], person_id=person, now=clock.now()
    )
    proxy_id = accounts.add_proxy(
        actor=system("test"), user_id=user, person_id=person, relationship="caregiver", now=clock.now()
    )
    shown = page(desk, person)
    assert "Has an account" in shown
    assert "Caregiver" in shown

    for path in (f"{PATIENTS}{person}/end/{proxy_id}/", f"{PATIENTS}{person}/end/"):
        assert "ada@example.org" in desk.get(path).content.decode()
        desk.post(path)
        assert desk.get(path).status_code == 404

    assert "No account" in page(desk, person)
    assert "Nobody but the patient." in page(desk, person)


def test_clinician_sees_the_patient_and_not_the_access(desk):
    person, clinician = register(), staff(Role.CLINICIAN)

    assert "Ada Lovelace" in page(clinician, person)
    assert "Portal access" not in page(clinician, person)
    for path in ("invite/", "invite/again/", "invite/withdraw/", "code/", "end/"):
        assert clinician.post(f"{PATIENTS}{person}/{path}", {"email": "a@example.org"}).status_code == 404


def test_strangers_and_unknown_patients_get_nothing(client, desk):
    person = register()
    patient = sign_in(
        Client(),
        accounts.create_user(
            email="p@example.org", password=None, roles=[], person_id=PersonId(uuid4()), now=clock.now()
        ),
    )

    assert client.get(f"{PATIENTS}{person}/").status_code == 302
    assert patient.get(f"{PATIENTS}{person}/").status_code == 404
    assert patient.post(f"{PATIENTS}{person}/invite/", {"email": "p2@example.org"}).status_code == 404
    assert desk.get(f"{PATIENTS}{uuid4()}/").status_code == 404
    assert desk.post(f"{PATIENTS}{uuid4()}/code/").status_code == 404
    assert desk.post(f"{PATIENTS}{uuid4()}/end/").status_code == 404
