"""Who writes an encounter, whose it is, and who sees it."""

from __future__ import annotations

import pytest
from both_patients import consent, stay
from fhir_house import OPERATOR, Api
from fhir_medicines import clinician, step
from test_consents import api_of, deny

from fhir_facade.smart import tokens
from scheduling import service as scheduling
from steadwell import clock
from steadwell.ids import SiteId, new_id

pytestmark = pytest.mark.django_db


def admitted(house, person_id=None):
    answer = house.ehr.post("Encounter", stay(person_id or house.ada))
    assert answer.status == 201, answer.text
    return answer.json


def other(house) -> Api:
    """Another system."""
    tokens.register_client(
        actor=OPERATOR, client_id="ward", name="Ward System", per_minute=10_000, now=clock.now()
    )
    return api_of(house, client_id="ward")


def test_a_visit_that_is_kept_back_is_no_visit(house):
    house.open_clinic()
    visit = {"reference": f"Appointment/{house.visit(house.ada).appointment_id}"}
    theirs = other(house)
    house.ehr.post("Consent", consent(house.ada, deny("Appointment", to="ward")))

    assert theirs.post("Encounter", stay(house.ada, appointment=[visit])).status == 422
    assert theirs.post("Encounter", stay(house.ada)).status == 201
    assert house.ehr.post("Encounter", stay(house.ada, appointment=[visit])).status == 201


@pytest.mark.parametrize("what", ["no patient", "unknown patient", "unknown visit", "visit of another"])
def test_references_lead_to_something_of_the_patient(house, what):
    house.open_clinic()
    of_bo = house.visit(house.bo).appointment_id
    body = {
        "no patient": {**stay(house.ada), "subject": {"display": "Somebody"}},
        "unknown patient": stay(new_id()),
        "unknown visit": stay(house.ada, appointment=[{"reference": f"Appointment/{new_id()}"}]),
        "visit of another": stay(house.ada, appointment=[{"reference": f"Appointment/{of_bo}"}]),
    }[what]

    refused = house.ehr.post("Encounter", body)

    assert refused.status == 422, refused.text
    assert house.ehr.get("Encounter").ids == []
    assert str(of_bo) not in refused.text


def test_a_stay_keeps_its_patient(house):
    first = admitted(house)

    refused = house.ehr.put(
        f"Encounter/{first['id']}", {**first, "subject": {"reference": f"Patient/{house.bo}"}}
    )

    assert refused.status == 422
    assert house.ehr.get("Encounter", {"patient": str(house.bo)}).ids == []


def test_nobody_changes_another_systems_words(house):
    first = admitted(house)
    theirs = other(house)

    assert theirs.get(f"Encounter/{first['id']}").status == 200
    refused = theirs.put(f"Encounter/{first['id']}", {**first, "status": "finished"})
    assert refused.status == 409
    assert house.ehr.get(f"Encounter/{first['id']}").json == first


def test_a_visit_of_the_clinic_is_said_of_its_appointment(house):
    house.open_clinic()
    visit = house.visit(house.ada)
    step(visit, scheduling.arrive)
    path = f"Encounter/{visit.appointment_id}"
    shown = house.ehr.get(path).json

    assert house.ehr.put(path, {**shown, "status": "finished"}).status == 409
    assert house.ehr.get(path).json == shown


def test_an_encounter_is_taken_back_not_deleted(house):
    first = admitted(house)
    path = f"Encounter/{first['id']}"

    refused = house.ehr.delete(path)
    taken = house.ehr.put(path, {**first, "status": "entered-in-error"})

    assert refused.status == 405
    assert "DELETE" not in refused.headers["Allow"]
    assert (taken.status, house.ehr.get(path).json["status"]) == (200, "entered-in-error")


def test_who_sees_and_who_writes(house):
    house.open_clinic()
    mine, theirs = admitted(house), admitted(house, house.bo)
    own = house.of(house.ada)

    assert own.get("Encounter").ids == [mine["id"]]
    assert own.get(f"Encounter/{mine['id']}").json == mine
    for path in (f"Encounter/{theirs['id']}", f"Encounter/{theirs['id']}/_history",
                 f"Encounter/{theirs['id']}/_history/1"):  # fmt: skip
        assert own.get(path).status == 404
    assert own.post("Encounter", stay(house.ada)).status == 403
    assert own.put(f"Encounter/{mine['id']}", {**mine, "status": "finished"}).status == 403
    assert own.put(f"Encounter/{theirs['id']}", theirs).status == 404
    assert set(clinician(house, SiteId(house.site)).get("Encounter").ids) == {mine["id"], theirs["id"]}
    assert house.api("system/Encounter.rs").post("Encounter", stay(house.ada)).status == 403
    assert house.api("system/Observation.cruds").get(f"Encounter/{mine['id']}").status == 403


def test_a_stay_is_in_all_that_a_patients_record_is(house):
    """Compartment, everything, provenance and the trail: from the registry, as of any other type."""
    key = admitted(house)["id"]
    other_key = admitted(house, house.bo)["id"]

    compartment = house.ehr.get(f"Patient/{house.ada}/Encounter")
    everything = "".join(page.text for page in house.ehr.pages(f"Patient/{house.ada}/$everything"))
    origin = house.ehr.get("Encounter", {"_id": key, "_revinclude": "Provenance:target"}).included
    trail = house.ehr.get("AuditEvent", {"patient": str(house.ada), "_count": "100"}).text

    assert compartment.ids == [key]
    assert key in everything
    assert other_key not in everything
    assert [each["target"][0]["reference"] for each in origin] == [f"Encounter/{key}/_history/1"]
    assert key in trail
