"""Checklist G: slots, visits, holds."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from fhir_house import Api, House

from scheduling import models

SLOT = {"service-type": "check-up"}


@pytest.fixture
def clinic(house):
    house.open_clinic()
    return house


def appointment(house, slot, person_id=None, **more):
    return {
        "resourceType": "Appointment",
        "status": "booked",
        "slot": [{"reference": f"Slot/{slot['id']}"}],
        "start": slot["start"],
        "end": slot["end"],
        "participant": [{"actor": {"reference": f"Patient/{person_id or house.ada}"}, "status": "accepted"}],
        **more,
    }


def slots(house, **params):
    begin = (house.starts_at - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    end = (house.starts_at + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return house.ehr.get("Slot", {**SLOT, "start": [f"ge{begin}", f"lt{end}"], **params}).matches


@pytest.mark.django_db
def test_item_56_searches(clinic):
    visit = clinic.visit(clinic.ada)
    schedule = clinic.ehr.get(
        "Schedule", {"actor": f"Practitioner/{clinic.clinician}", "date": "ge2026-12-01"}
    ).ids[0]

    assert len(slots(clinic, schedule=schedule)) == 15
    assert len(slots(clinic, schedule=schedule, status="free")) == 15
    assert slots(clinic, status="busy") == []
    assert slots(clinic, schedule=f"Schedule/{clinic.ada}") == []
    free = slots(clinic)[0]
    assert free["schedule"]["reference"] == f"Schedule/{schedule}"
    for name, value in (
        ("patient", clinic.ada),
        ("practitioner", clinic.clinician),
        ("location", clinic.site),
        ("status", "booked"),
        ("date", f"ge{clinic.now.date()}"),
        ("service-type", "check-up"),
        ("actor", f"Practitioner/{clinic.clinician}"),
        ("slot", clinic.ehr.get(f"Appointment/{visit.appointment_id}").json["slot"][0]["reference"]),
    ):
        assert clinic.ehr.get("Appointment", {name: str(value)}).ids == [str(visit.appointment_id)], name
    assert clinic.ehr.get("Appointment", {"status": "cancelled"}).ids == []


@pytest.mark.django_db
def test_item_57_book_move_cancel(clinic):
    first, second = slots(clinic)[:2]

    booked = clinic.ehr.post("Appointment", appointment(clinic, first, description="It hurts"))

    assert booked.status == 201, booked.text
    assert booked.json["status"] == "booked"
    path = f"Appointment/{booked.json['id']}"
    assert clinic.ehr.get(f"Slot/{first['id']}").json["status"] == "busy"
    assert first["id"] not in [each["id"] for each in slots(clinic)]
    moved = clinic.ehr.put(
        path,
        {
            **booked.json,
            "start": second["start"],
            "end": second["end"],
            "slot": [{"reference": f"Slot/{second['id']}"}],
        },
        if_match=booked.headers["ETag"],
    )
    assert moved.status == 200, moved.text
    assert clinic.ehr.get(f"Slot/{first['id']}").json["status"] == "free"
    assert clinic.ehr.get(f"Slot/{second['id']}").json["status"] == "busy"
    assert (
        clinic.ehr.put(path, {**booked.json, "status": "cancelled"}, if_match=booked.headers["ETag"]).status
        == 412
    )
    cancelled = clinic.ehr.put(
        path, {**moved.json, "status": "cancelled", "cancelationReason": {"text": "Ill"}}
    )
    assert cancelled.status == 200, cancelled.text
    assert clinic.ehr.get(path).json["status"] == "cancelled"
    assert clinic.ehr.get(f"Slot/{second['id']}").json["status"] == "free"
    history = clinic.ehr.get(f"{path}/_history").entries
    assert [e["resource"]["status"] for e in history] == ["cancelled", "booked", "booked"]


@pytest.mark.django_db
def test_item_57_invariants(clinic):
    slot = slots(clinic)[0]
    good = appointment(clinic, slot)
    bad = {
        "app-1": {**good, "participant": [{"status": "accepted"}]},
        "app-2": {k: v for k, v in good.items() if k != "end"},
        "app-3": {k: v for k, v in good.items() if k not in {"start", "end"}},
        "app-4": {**good, "cancelationReason": {"text": "Ill"}},
    }

    for key, said in bad.items():
        refused = clinic.ehr.post("Appointment", said)
        assert refused.status == 422, key
        assert key in refused.text, key


@pytest.mark.django_db(transaction=True)
def test_item_57_of_many_who_book_one_slot_one_does():
    house = House()
    house.open_clinic()
    slot = slots(house)[0]
    people = [house.person(f"Racer{n}", "R", f"R-{n}") for n in range(16)]
    statuses: list[int] = []
    gate = threading.Barrier(len(people), timeout=120)

    def book(person_id) -> None:
        try:
            gate.wait()
            statuses.append(
                Api(house.ehr.token).post("Appointment", appointment(house, slot, person_id)).status
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=book, args=(each,)) for each in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Counter(statuses) == {201: 1, 409: 15}


@pytest.mark.django_db
def test_item_57_a_repeat_is_the_same_booking(clinic):
    """Item 92: under the same X-Request-Id."""
    said = appointment(clinic, slots(clinic)[0])

    first = clinic.ehr.post("Appointment", said, x_request_id="once")
    again = clinic.ehr.post("Appointment", said, x_request_id="once")

    assert first.status == 201
    assert again.json["id"] == first.json["id"]


@pytest.mark.django_db
def test_item_58_answers_and_moves_that_are_not_allowed(clinic):
    models.Site.objects.filter(pk=clinic.site).update(mode="request")
    patient = clinic.of(clinic.ada)
    asked = patient.post("Appointment", appointment(clinic, slots(clinic)[0]))
    assert asked.json["status"] == "pending", asked.text
    answer = {
        "resourceType": "AppointmentResponse",
        "participantStatus": "accepted",
        "appointment": {"reference": f"Appointment/{asked.json['id']}"},
        "actor": {"reference": f"Practitioner/{clinic.clinician}"},
    }

    assert clinic.ehr.post("AppointmentResponse", answer).status == 201
    now = clinic.ehr.get(f"Appointment/{asked.json['id']}").json
    assert now["status"] == "booked"
    assert {each["status"] for each in now["participant"]} == {"accepted"}
    assert clinic.ehr.put(f"Appointment/{now['id']}", {**now, "status": "fulfilled"}).status == 422
    assert clinic.ehr.put(f"Appointment/{now['id']}", {**now, "status": "waitlist"}).status == 422
    assert clinic.ehr.post("AppointmentResponse", {**answer, "participantStatus": "declined"}).status == 201
    assert clinic.ehr.get(f"Appointment/{now['id']}").json["status"] == "cancelled"


def parameters(**values):
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": name.replace("_", "-"), **value} for name, value in values.items()],
    }


@pytest.mark.django_db
def test_item_59_find_hold_book(clinic):
    asked = parameters(
        start={"valueDateTime": clinic.starts_at.strftime("%Y-%m-%dT%H:%M:%SZ")},
        end={"valueDateTime": (clinic.starts_at + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")},
        service_type={"valueString": "check-up"},
        practitioner={"valueReference": {"reference": f"Practitioner/{clinic.clinician}"}},
    )

    proposed = clinic.ehr.post("Appointment/$find", asked).matches

    assert [each["status"] for each in proposed] == ["proposed"] * 4
    hold = parameters(appt_id={"valueString": proposed[0]["id"]}, patient_id={"valueString": str(clinic.ada)})
    held = clinic.ehr.post("Appointment/$hold", hold).matches[0]
    assert held["status"] == "pending"
    assert held["extension"][0]["valueDateTime"] > clinic.now.isoformat()
    assert proposed[0]["id"] not in [e["id"] for e in clinic.ehr.post("Appointment/$find", asked).matches]
    other = parameters(appt_id={"valueString": proposed[0]["id"]}, patient_id={"valueString": str(clinic.bo)})
    assert clinic.ehr.post("Appointment/$hold", other).status == 409
    book = parameters(appt_id={"valueString": held["id"]})
    booked = clinic.ehr.post("Appointment/$book", book)
    assert booked.matches[0]["status"] == "booked"
    assert booked.ids == [held["id"]]
    assert clinic.ehr.get("Appointment/$find?start=2026-01-01").status == 400
    nothing = parameters(appt_id={"valueString": str(clinic.ada)})
    assert clinic.ehr.post("Appointment/$book", nothing).status == 409


@pytest.mark.django_db
def test_item_59_a_hold_ends_by_itself(clinic):
    hold = parameters(
        appt_id={"valueString": slots(clinic)[0]["id"]}, patient_id={"valueString": str(clinic.ada)}
    )
    held = clinic.ehr.post("Appointment/$hold", hold).matches[0]

    before = clinic.now - timedelta(minutes=1)
    models.Hold.objects.update(expires_at=before)
    models.Claim.objects.filter(expires_at__isnull=False).update(expires_at=before)

    assert clinic.ehr.post("Appointment/$book", parameters(appt_id={"valueString": held["id"]})).status == 409
    other = parameters(
        appt_id={"valueString": slots(clinic)[0]["id"]}, patient_id={"valueString": str(clinic.bo)}
    )
    assert clinic.ehr.post("Appointment/$hold", other).status == 200
