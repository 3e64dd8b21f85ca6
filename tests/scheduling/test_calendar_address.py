"""The private calendar address: shown once, replaced, ended; what it opens says when and where only."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from readers import Patient
from small_clinic import Clinic

from scheduling import service as scheduling
from steadwell import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return Patient()


def make(reader, client) -> str:
    """Asks for an address; returns its path as the page shows it."""
    page = reader.client.post("/visits/calendar/", {"do": "make"}, follow=True).content.decode()
    found = re.search(r'value="http://testserver(/calendar/[^"]+\.ics)"', page)
    assert found, page
    return found.group(1)


def test_address_is_shown_once(ada, client):
    path = make(ada, client)

    again = ada.client.get("/visits/calendar/").content.decode()

    assert path not in again
    assert "You have an address" in again


def test_address_opens_the_visits_without_signing_in(ada, client):
    clinic = Clinic(name="Fertility counselling")
    clinic.book(ada.actor, 9, on=clock.now().date() + timedelta(days=2), now=clock.now())

    answer = client.get(make(ada, client))

    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert answer.content.count(b"BEGIN:VEVENT") == 1
    assert b"Fertility" not in answer.content
    assert b"Okafor" not in answer.content


def test_unchanged_calendar_costs_no_body(ada, client):
    Clinic().book(ada.actor, 9, on=clock.now().date() + timedelta(days=2), now=clock.now())
    path = make(ada, client)
    first = client.get(path)

    with time_machine.travel(clock.now() + timedelta(hours=1)):
        second = client.get(path, headers={"If-None-Match": first.headers["ETag"]})

    assert second.status_code == 304
    assert second.content == b""
    assert "private" in first.headers["Cache-Control"]


def test_new_visit_changes_the_tag(ada, client):
    path = make(ada, client)
    before = client.get(path).headers["ETag"]
    Clinic().book(ada.actor, 9, on=clock.now().date() + timedelta(days=2), now=clock.now())

    assert client.get(path).headers["ETag"] != before


def test_new_address_ends_the_old_one(ada, client):
    old = make(ada, client)

    new = make(ada, client)

    assert client.get(old).status_code == 404
    assert client.get(new).status_code == 200


def test_ended_address_opens_nothing(ada, client):
    path = make(ada, client)

    ada.client.post("/visits/calendar/", {"do": "end"})

    assert client.get(path).status_code == 404
    assert client.get("/calendar/never-made.ics").status_code == 404


def test_file_of_a_visit_is_for_its_patient(ada, client):
    clinic = Clinic(name="Fertility counselling")
    visit = clinic.book(ada.actor, 9, on=clock.now().date() + timedelta(days=2), now=clock.now())

    answer = ada.client.get(f"/visits/{visit.appointment_id}/visit.ics")

    assert answer.content.count(b"BEGIN:VEVENT") == 1
    assert answer.headers["Content-Disposition"] == 'attachment; filename="visit.ics"'
    assert b"Fertility" not in answer.content
    assert scheduling.get_appointment(
        actor=ada.actor, appointment_id=visit.appointment_id, now=clock.now()
    ).visit_type_name
