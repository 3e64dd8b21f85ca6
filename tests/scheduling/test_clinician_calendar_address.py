"""A clinician's private calendar address: made, replaced, ended; their visits, without a name or a reason."""

from __future__ import annotations

import re

import pytest
import time_machine
from clinic_house import NOW, House
from django.test import Client
from signing_in import sign_in

from steadwell.accounts import service as accounts
from steadwell.actor import Role, system

pytestmark = pytest.mark.django_db
PAGE = "/clinic/calendar/"


@pytest.fixture(autouse=True)
def _monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def house():
    return House(name="Fertility counselling")


@pytest.fixture
def doctor(house):
    return house.client(Role.CLINICIAN, practitioner_id=house.clinician)


def make(reader) -> str:
    page = reader.post(PAGE, {"do": "make"}, follow=True).content.decode()
    found = re.search(r'value="http://testserver(/calendar/[^"]+\.ics)"', page)
    assert found, page
    return found.group(1)


def test_address_is_for_clinicians_only(client, house, doctor):
    assert client.get(PAGE).status_code == 302
    for reader in (house.client(), house.client(Role.CLINICIAN)):
        assert reader.get(PAGE).status_code == 404
        assert reader.post(PAGE, {"do": "make"}).status_code == 404
        assert PAGE not in reader.get("/clinic/").content.decode()

    assert doctor.get(PAGE).status_code == 200
    assert doctor.get("/clinic/").content.decode().count(f'href="{PAGE}"') == 2


def test_address_shows_ones_own_visits_without_names_or_reasons(client, house, doctor):
    mine = house.visit(9)
    theirs = house.visit(10, clinician=house.second)

    answer = client.get(make(doctor))

    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert str(mine.appointment_id).encode() in answer.content
    assert str(theirs.appointment_id).encode() not in answer.content
    for word in ("Ada", "Okafor", "Bela", "Fertility", "general", "Sol Aberg", mine.practitioner_name):
        assert word.encode() not in answer.content


def test_address_is_shown_once_replaced_and_ended(client, doctor):
    old = make(doctor)
    assert old not in doctor.get(PAGE).content.decode()

    new = make(doctor)
    assert client.get(old).status_code == 404
    assert client.get(new).status_code == 200

    doctor.post(PAGE, {"do": "end"})
    assert client.get(new).status_code == 404


def test_address_ends_with_the_account(client, house):
    user_id = house.user(Role.CLINICIAN, practitioner_id=house.clinician)
    path = make(sign_in(Client(), user_id))

    accounts.disable_user(actor=system("test"), user_id=user_id, now=NOW)

    assert client.get(path).status_code == 404
