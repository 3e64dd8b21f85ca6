"""Encounters as other systems write them: a stay from admission to discharge, in that system's words."""

from __future__ import annotations

import pytest
from both_patients import stay
from fhir_house import OPERATOR, bundle, post, together, vital
from fhir_medicines import request, step
from receiving import run, subscribed

from scheduling import service as scheduling
from steadwell import clock
from steadwell.ids import new_id

pytestmark = pytest.mark.django_db
VISITS = "http://example.org/visit"


def admitted(house, person_id=None, **more):
    answer = house.ehr.post("Encounter", stay(person_id or house.ada, **more))
    assert answer.status == 201, answer.text
    return answer


def number(value: str) -> list[dict[str, str]]:
    return [{"system": VISITS, "value": value}]


def test_a_stay_is_kept_from_admission_to_discharge(house):
    first = admitted(house, identifier=number("V1"))
    path = f"Encounter/{first.json['id']}"

    moved = house.ehr.put(
        path, {**first.json, "location": [{"location": {"display": "Ward 5"}, "status": "active"}]},
        if_match=first.headers["ETag"],
    )  # fmt: skip
    home = {**moved.json, "status": "finished"}
    home["period"] = {**home["period"], "end": "2026-05-04T10:00:00+02:00"}
    home["hospitalization"] = {"dischargeDisposition": {"coding": [{"code": "home"}]}}
    gone = house.ehr.put(path, home, if_match=moved.headers["ETag"])

    assert (moved.status, gone.status) == (200, 200)
    assert house.ehr.get(path).json == gone.json
    assert gone.json["period"]["end"] == "2026-05-04T10:00:00+02:00"  # as it was written
    history = house.ehr.get(f"{path}/_history").entries
    assert [each["request"]["method"] for each in history] == ["PUT", "PUT", "POST"]
    assert [each["resource"]["status"] for each in history] == ["finished", "in-progress", "in-progress"]
    assert house.ehr.get(f"{path}/_history/1").json == first.json
    assert house.ehr.get(f"{path}/_history/2").json == moved.json


def test_stale_writers_are_refused_and_change_nothing(house):
    first = admitted(house)
    path = f"Encounter/{first.json['id']}"
    house.ehr.put(path, {**first.json, "status": "onleave"}, if_match=first.headers["ETag"])

    late = house.ehr.put(path, {**first.json, "status": "finished"}, if_match=first.headers["ETag"])

    assert late.status == 412
    assert house.ehr.get(path).json["status"] == "onleave"
    assert len(house.ehr.get(f"{path}/_history").entries) == 2
    same = house.ehr.put(path, house.ehr.get(path).json)
    assert (same.status, same.version) == (200, "2")


def test_a_patch_is_a_version(house):
    key = admitted(house).json["id"]
    patch = [{"op": "replace", "path": "/status", "value": "finished"}]

    answer = house.ehr.send("PATCH", f"Encounter/{key}", patch, kind="application/json-patch+json")

    assert (answer.status, answer.version, answer.json["status"]) == (200, "2", "finished")


@pytest.mark.django_db(transaction=True)
def test_an_identifier_is_one_encounter_however_many_write_at_once(house):
    body = stay(house.ada, identifier=number("V7"))

    answers = together(
        house, [lambda api: api.post("Encounter", body, if_none_exist=f"identifier={VISITS}|V7")] * 8
    )

    assert sorted(each.status for each in answers) == [200] * 7 + [201]
    assert len({each.json["id"] for each in answers}) == 1


def test_update_by_identifier(house):
    where = f"Encounter?identifier={VISITS}|V8"

    made = house.ehr.put(where, stay(house.ada, identifier=number("V8")))
    changed = house.ehr.put(where, stay(house.ada, identifier=number("V8"), status="finished"))

    assert (made.status, changed.status, changed.version) == (201, 200, "2")
    assert made.json["id"] == changed.json["id"]


def test_stays_are_found_by_what_they_show_among_visits(house):
    house.open_clinic()
    visit = house.visit(house.ada)
    step(visit, scheduling.arrive)
    own = str(visit.appointment_id)
    nurse = house.ehr.post("Practitioner", {"resourceType": "Practitioner", "name": [{"family": "Q"}]}).json
    ward = house.ehr.post("Location", {"resourceType": "Location", "name": "Ward 4"}).json
    inner = admitted(
        house, identifier=number("V2"), reasonCode=[{"coding": [{"code": "233604007"}]}],
        participant=[{"individual": {"reference": f"Practitioner/{nurse['id']}"}}],
        location=[{"location": {"reference": f"Location/{ward['id']}"}}],
        appointment=[{"reference": f"Appointment/{own}"}],
    ).json["id"]  # fmt: skip
    part = admitted(
        house, status="finished", partOf={"reference": f"Encounter/{inner}"},
        period={"start": "2026-04-01", "end": "2026-04-02"},
    ).json["id"]  # fmt: skip
    theirs = admitted(house, house.bo).json["id"]

    def found(**params):
        named = {name.replace("_", "-"): value for name, value in params.items()}
        return set(house.ehr.get("Encounter", named, prefer="handling=strict").ids)

    assert found(patient=str(house.ada)) == {own, inner, part}
    assert found(patient=f"Patient/{house.ada}", status="in-progress") == {inner}
    assert found(patient=str(house.ada), status="in-progress,arrived") == {inner, own}
    assert found(patient=str(house.ada), date="lt2026-04-15") == {part}
    assert found(patient=str(house.ada), date="ge2026-05-02") == {inner, own}  # what has no end goes on
    assert found(**{"class": "IMP"}) == {inner, part, theirs}
    assert found(**{"class": "AMB"}) == {own}
    assert found(identifier=f"{VISITS}|V2") == found(identifier="V2") == {inner}
    assert found(reason_code="233604007") == {inner}
    assert found(practitioner=nurse["id"]) == found(participant=nurse["id"]) == {inner}
    assert found(location=ward["id"]) == {inner}
    assert found(part_of=inner) == {part}
    assert found(appointment=own) == {own, inner}
    assert found(**{"subject:Patient.family": "Canarybo"}) == {theirs}


def test_what_happened_during_a_stay_leads_to_it(house):
    key = admitted(house).json["id"]
    at = {"encounter": {"reference": f"Encounter/{key}"}}
    pulse = house.ehr.post("Observation", vital(house.ada, **at)).json["id"]
    order = house.ehr.post("MedicationRequest", request(house.ada, **at)).json["id"]
    asked = house.ehr.post("ServiceRequest", {
        "resourceType": "ServiceRequest", "status": "active", "intent": "order",
        "code": {"text": "Blood count"}, "subject": {"reference": f"Patient/{house.ada}"}, **at,
    }).json["id"]  # fmt: skip

    for kind, wanted in (("Observation", pulse), ("MedicationRequest", order), ("ServiceRequest", asked)):
        found = house.ehr.get(kind, {"encounter": key, "_include": f"{kind}:encounter"})
        assert found.ids == [wanted], kind
        assert [each["id"] for each in found.included] == [key]
        assert house.ehr.get(kind, {"encounter.status": "in-progress"}).ids == [wanted]
    assert house.ehr.get("Encounter", {"_has:Observation:encounter:code": "8867-4"}).ids == [key]


def test_a_stay_is_written_with_all_that_belongs_to_it_or_not_at_all(house):
    promised = "urn:uuid:5c0e4a51-0000-4000-8000-000000000001"
    entries = [
        post(stay(house.ada), promised), post(vital(house.ada, encounter={"reference": promised})),
    ]  # fmt: skip

    done = house.ehr.post("", bundle(*entries))
    broken = house.ehr.post("", bundle(*entries, post(stay(new_id()))))

    assert [each["response"]["status"] for each in done.entries] == ["201", "201"]
    stays = house.ehr.get("Encounter").ids
    assert done.entries[1]["resource"]["encounter"]["reference"] == f"Encounter/{stays[0]}"
    assert broken.status == 422
    assert "Bundle.entry[2]" in broken.text
    assert len(stays) == 1


@pytest.mark.django_db(transaction=True)
def test_apps_are_told_of_stays_and_of_visits(house, receiver):
    """Numbered, in order; of a visit that nobody came to there is no encounter, and no news."""
    house.open_clinic()
    subscribed(house.ehr, receiver, "encounter-changed", content="full-resource",
               filters=[f"Encounter?patient=Patient/{house.ada}"])  # fmt: skip
    first = admitted(house).json
    admitted(house, house.bo)
    run()
    house.ehr.put(f"Encounter/{first['id']}", {**first, "status": "finished"})
    run()
    visit, never = house.visit(house.ada), house.visit(house.ada, hours=2)
    step(visit, scheduling.arrive)
    scheduling.cancel(
        actor=OPERATOR, appointment_id=never.appointment_id, reason="ill", request_key=str(new_id()),
        now=clock.now(),
    )  # fmt: skip
    run()

    assert receiver.numbers == [1, 2, 3]
    told = [each.json["entry"][1]["resource"] for each in receiver.events]
    assert [(each["id"], each["status"]) for each in told] == [
        (first["id"], "in-progress"), (first["id"], "finished"), (str(visit.appointment_id), "arrived"),
    ]  # fmt: skip
