"""What an app has no word for is found by the client's: results of labs and visits of scheduling."""

from __future__ import annotations

import pytest
from both_patients import stay
from fhir_house import observation, together, vital

pytestmark = pytest.mark.django_db
OURS = "http://example.org/filler"


def number(value: str) -> list[dict[str, str]]:
    return [{"system": OURS, "value": value}]


def found(house, kind, **params):
    named = {name.replace("_", "-"): value for name, value in params.items()}
    return house.ehr.get(kind, named, prefer="handling=strict").ids


def made(house, body):
    answer = house.ehr.post(body["resourceType"], body)
    assert answer.status == 201, answer.text
    return answer.json


def linked(house):
    """What a result of a laboratory points at, as that laboratory and the ward wrote it."""
    subject = {"subject": {"reference": f"Patient/{house.ada}"}}
    order = made(house, {
        "resourceType": "ServiceRequest", "status": "active", "intent": "order",
        "code": {"text": "Potassium"}, **subject,
    })  # fmt: skip
    tube = made(house, {"resourceType": "Specimen", "status": "available", **subject})
    lab = made(house, {"resourceType": "Organization", "name": "North Laboratory"})
    admission = made(house, stay(house.ada))
    return order["id"], tube["id"], lab["id"], admission["id"]


def test_results_are_found_by_what_their_laboratory_said_of_them(house):
    order, tube, lab, admission = linked(house)
    house.lab_report(house.ada)
    body = observation(
        house.ada, identifier=number("OBS1"), basedOn=[{"reference": f"ServiceRequest/{order}"}],
        specimen={"reference": f"Specimen/{tube}"}, encounter={"reference": f"Encounter/{admission}"},
        performer=[{"reference": f"Organization/{lab}"}],
    )  # fmt: skip
    key = made(house, body)["id"]
    made(house, observation(house.bo, identifier=number("OBS2")))

    assert found(house, "Observation", identifier=f"{OURS}|OBS1") == [key]
    assert found(house, "Observation", based_on=order) == [key]
    assert found(house, "Observation", specimen=tube) == [key]
    assert found(house, "Observation", encounter=admission) == [key]
    assert found(house, "Observation", performer=f"Organization/{lab}") == [key]
    assert found(house, "Observation", **{"encounter.class": "IMP", "patient": str(house.ada)}) == [key]
    includes = ["Observation:specimen", "Observation:based-on"]
    along = house.ehr.get("Observation", {"identifier": "OBS1", "_include": includes})
    assert {each["id"] for each in along.included} == {order, tube}
    assert house.ehr.get("Encounter", {"_has:Observation:encounter:code": "2823-3"}).ids == [admission]
    assert house.of(house.bo).get("Observation", {"identifier": "OBS1"}).ids == []


def test_results_are_found_by_what_was_said_last(house):
    first = made(house, observation(house.ada, identifier=number("OBS1")))

    answer = house.ehr.put(
        f"Observation/{first['id']}", {**first, "status": "amended", "identifier": number("OBS9")}
    )

    assert answer.status == 200, answer.text
    assert found(house, "Observation", identifier="OBS1") == []
    assert found(house, "Observation", identifier="OBS9") == [first["id"]]


@pytest.mark.django_db(transaction=True)
def test_a_result_under_its_laboratorys_number_is_one(house):
    body = observation(house.ada, identifier=number("OBS1"))

    answers = together(
        house, [lambda api: api.post("Observation", body, if_none_exist=f"identifier={OURS}|OBS1")] * 6
    )

    assert sorted(each.status for each in answers) == [200] * 5 + [201]
    assert len(found(house, "Observation", patient=str(house.ada))) == 1


def test_parts_of_an_observation_are_found_by_themselves(house):
    part = {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}
    pressure = vital(house.ada, component=[{
        "code": part, "valueQuantity": {
            "value": 128, "unit": "mm[Hg]", "system": "http://unitsofmeasure.org", "code": "mm[Hg]",
        },
    }])  # fmt: skip
    del pressure["valueQuantity"]
    key = made(house, pressure)["id"]
    made(house, vital(house.ada))

    assert found(house, "Observation", component_code="http://loinc.org|8480-6") == [key]
    assert found(house, "Observation", component_value_quantity="gt120||mm[Hg]") == [key]
    assert found(house, "Observation", component_value_quantity="gt140||mm[Hg]") == []


def booking(house, slot, value):
    return {
        "resourceType": "Appointment", "status": "booked", "start": slot["start"], "end": slot["end"],
        "slot": [{"reference": f"Slot/{slot['id']}"}], "identifier": number(value),
        "appointmentType": {"coding": [{"code": "FOLLOWUP"}]}, "reasonCode": [{"coding": [{"code": "R05"}]}],
        "participant": [{"actor": {"reference": f"Patient/{house.ada}"}, "status": "accepted"}],
    }  # fmt: skip


def times(house):
    begin = house.starts_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return house.ehr.get("Slot", {"service-type": "check-up", "start": f"ge{begin}"}).matches


def test_visits_are_found_by_the_number_that_their_system_gave_them(house):
    house.open_clinic()
    house.visit(house.ada, hours=6)
    slot = times(house)[0]
    key = made(house, booking(house, slot, "APT1"))["id"]

    assert found(house, "Appointment", identifier=f"{OURS}|APT1") == [key]
    assert found(house, "Appointment", appointment_type="FOLLOWUP") == [key]
    assert found(house, "Appointment", reason_code="R05") == [key]
    shown = house.ehr.get(f"Appointment/{key}").json
    ended = {**shown, "status": "cancelled", "cancelationReason": {"text": "Ill"}}
    assert house.ehr.put(f"Appointment/{key}", {**ended, "identifier": number("APT2")}).status == 200
    assert found(house, "Appointment", identifier="APT1") == []
    assert found(house, "Appointment", identifier="APT2", status="cancelled") == [key]
    assert house.of(house.bo).get("Appointment", {"identifier": "APT2"}).ids == []


@pytest.mark.django_db(transaction=True)
def test_a_booking_that_is_sent_again_is_the_booking_that_there_is(house):
    house.open_clinic()
    body = booking(house, times(house)[0], "APT1")

    answers = together(
        house, [lambda api: api.post("Appointment", body, if_none_exist=f"identifier={OURS}|APT1")] * 6
    )

    assert sorted(each.status for each in answers) == [200] * 5 + [201]
    assert len(found(house, "Appointment", patient=str(house.ada))) == 1
