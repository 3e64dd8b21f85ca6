"""Encounters: visits that somebody came to, with the times that were noted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fhir_medicines import clinician, fed, request, step

from scheduling import service as scheduling
from steadwell.ids import SiteId, new_id

pytestmark = pytest.mark.django_db


@pytest.fixture
def ward(house):
    house.open_clinic()
    return house


def came(house, person_id, hours=0, *steps):
    """A visit on whose day each step is noted ten minutes after the one before."""
    visit = house.visit(person_id, hours)
    at = house.starts_at + timedelta(hours=hours)
    for number, each in enumerate(steps):
        step(visit, each, now=at + timedelta(minutes=10 * number))
    return str(visit.appointment_id), at


def test_a_visit_is_an_encounter_once_somebody_came(ward):
    key, at = came(ward, ward.ada)
    assert ward.ehr.get(f"Encounter/{key}").status == 404
    visit = scheduling.get_appointment(actor=_operator(), appointment_id=key, now=ward.now)

    for move, status, minutes in (
        (scheduling.arrive, "arrived", 1), (scheduling.start, "in-progress", 5),
        (scheduling.complete, "finished", 35),
    ):  # fmt: skip
        step(visit, move, now=at + timedelta(minutes=minutes))
        shown = ward.ehr.get(f"Encounter/{key}").json
        assert shown["status"] == status
        assert ("end" in shown["period"]) == (status == "finished")

    assert shown["period"]["start"].startswith((at + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M"))
    assert shown["period"]["end"].startswith((at + timedelta(minutes=35)).strftime("%Y-%m-%dT%H:%M"))


def test_item_86_must_support_is_there_and_leads_somewhere(ward):
    key, _ = came(ward, ward.ada, 0, scheduling.arrive, scheduling.complete)

    shown = ward.ehr.get(f"Encounter/{key}").json

    assert shown["class"]["code"] == "AMB"
    assert shown["type"][0]["coding"][0]["code"] == "check-up"
    assert shown["participant"][0]["type"][0]["coding"][0]["code"] == "PPRF"
    for reference in (
        shown["subject"], shown["appointment"][0], shown["participant"][0]["individual"],
        shown["location"][0]["location"], shown["serviceProvider"],
    ):  # fmt: skip
        assert ward.ehr.get(reference["reference"]).status == 200


def test_what_was_called_off_after_somebody_came_stays(ward):
    gone, _ = came(ward, ward.ada, 0, scheduling.arrive)
    never, _ = came(ward, ward.ada, 2)
    for key in (gone, never):
        scheduling.cancel(
            actor=_operator(), appointment_id=key, reason="left", request_key=str(new_id()),
            now=ward.starts_at + timedelta(minutes=20),
        )  # fmt: skip

    shown = ward.ehr.get("Encounter", {"patient": str(ward.ada)}).matches

    assert [(each["id"], each["status"]) for each in shown] == [(gone, "cancelled")]
    assert shown[0]["period"]["end"] > shown[0]["period"]["start"]


def test_each_step_from_the_arrival_on_is_a_version(ward):
    """As it was known then. What was before is a visit, and no encounter."""
    key, _ = came(ward, ward.ada, 0, scheduling.arrive, scheduling.start, scheduling.complete)
    newest = ward.ehr.get(f"Encounter/{key}")

    history = ward.ehr.get(f"Encounter/{key}/_history").entries

    shown = [each["resource"] for each in history]
    assert [each["status"] for each in shown] == ["finished", "in-progress", "arrived"]
    assert ["end" in each["period"] for each in shown] == [True, False, False]
    assert {each["period"]["start"] for each in shown} == {newest.json["period"]["start"]}
    numbers = [each["meta"]["versionId"] for each in shown]
    assert numbers == [newest.version, str(int(newest.version) - 1), str(int(newest.version) - 2)]
    for number, each in zip(numbers, shown, strict=True):
        assert ward.ehr.get(f"Encounter/{key}/_history/{number}").json == each
    assert ward.ehr.get(f"Encounter/{key}/_history/1").status == 404
    assert ward.ehr.get(f"Appointment/{key}/_history/1").status == 200
    assert ward.of(ward.ada).get(f"Encounter/{key}/_history").entries == history
    assert ward.of(ward.bo).get(f"Encounter/{key}/_history").status == 404
    assert ward.of(ward.bo).get(f"Encounter/{key}/_history/{numbers[1]}").status == 404


def test_versions_of_an_encounter_are_not_those_of_its_visit(ward):
    """The two have one id. What a client wrote of the visit is no version of the encounter."""
    booked = ward.visit(ward.ada)
    visit = ward.ehr.get(f"Appointment/{booked.appointment_id}").json
    ward.ehr.put(f"Appointment/{visit['id']}", {**visit, "status": "arrived", "description": "By the door"})

    history = ward.ehr.get(f"Encounter/{visit['id']}/_history").entries

    assert [each["resource"]["resourceType"] for each in history] == ["Encounter"]
    assert ward.ehr.get("Encounter/_history").entries == []
    assert [e["resource"]["resourceType"] for e in ward.ehr.get("Appointment/_history").entries] == [
        "Appointment"
    ]


def test_encounters_are_found_by_what_they_show(ward):
    first, at = came(ward, ward.ada, 0, scheduling.arrive, scheduling.complete)
    second, _ = came(ward, ward.ada, 26, scheduling.arrive)
    theirs, _ = came(ward, ward.bo, 2, scheduling.arrive)
    day = at.date().isoformat()

    def found(**params):
        named = {name.replace("_", "-"): value for name, value in params.items()}
        return set(ward.ehr.get("Encounter", named, prefer="handling=strict").ids)

    assert found(patient=str(ward.ada)) == {first, second}
    assert found(patient=str(ward.ada), status="finished") == {first}
    assert found(status="arrived,finished") == {first, second, theirs}
    assert found(patient=str(ward.ada), date=day) == {first}
    assert found(patient=str(ward.ada), date=f"gt{day}") == {second}
    assert found(patient=str(ward.ada), date=f"le{day}") == {first}
    assert found(**{"class": "AMB"}) == {first, second, theirs}
    assert found(type="check-up", practitioner=str(ward.clinician)) == {first, second, theirs}
    assert found(location=str(ward.site), patient=str(ward.bo)) == {theirs}
    assert found(appointment=f"Appointment/{second}") == {second}
    assert found(**{"patient.identifier": "BO-1"}) == {theirs}
    by_date = ward.ehr.get("Encounter", {"_sort": "-date", "patient": str(ward.ada)})
    assert by_date.ids == [second, first]
    along = ward.ehr.get("Encounter", {"_id": first, "_include": ["Encounter:location", "Encounter:patient"]})
    assert sorted(each["resourceType"] for each in along.included) == ["Location", "Patient"]


def test_item_69_encounters_are_seen_by_who_sees_the_visit(ward):
    mine, _ = came(ward, ward.ada, 0, scheduling.arrive)
    theirs, _ = came(ward, ward.bo, 2, scheduling.arrive)

    assert ward.of(ward.ada).get("Encounter").ids == [mine]
    assert ward.of(ward.ada).get(f"Encounter/{theirs}").status == 404
    assert set(clinician(ward, ward.site).get("Encounter").ids) == {mine, theirs}
    assert clinician(ward, SiteId(new_id())).get("Encounter").ids == []
    assert ward.api("system/Appointment.rs").get("Encounter").status == 403


def test_orders_lead_to_their_encounter(ward):
    key, _ = came(ward, ward.ada, 0, scheduling.arrive)
    fed(ward, ward.ada)
    body = request(ward.ada, encounter={"reference": f"Encounter/{key}"})
    order = ward.ehr.post("MedicationRequest", body).json["id"]

    found = ward.ehr.get("MedicationRequest", {
        "encounter": f"Encounter/{key}", "_include": "MedicationRequest:encounter",
    })  # fmt: skip

    assert found.ids == [order]
    assert [each["id"] for each in found.included] == [key]
    assert ward.ehr.get("MedicationRequest", {"encounter.status": "arrived"}).ids == [order]


def _operator():
    from fhir_house import OPERATOR

    return OPERATOR
