"""Checklist H and K over medicines and allergies: scopes, whose they are, where they came from."""

from __future__ import annotations

import pytest
from fhir_medicines import (
    CLINICAL,
    MAKERS,
    clinician,
    drug,
    fed,
    request,
    statement,
)

from steadwell.ids import SiteId, new_id

pytestmark = pytest.mark.django_db
KINDS = sorted(MAKERS)
METFORMIN = drug("metformin 500 MG Oral Tablet", "")


@pytest.mark.parametrize(
    ("scope", "kind", "open_key", "shut_key"),
    [
        ("system/MedicationRequest.rs?status=on-hold", "MedicationRequest", "order", "other"),
        ("system/MedicationRequest.rs?intent=order&status=active", "MedicationRequest", "fed", "order"),
        (f"system/AllergyIntolerance.rs?clinical-status={CLINICAL}|active&severity=severe",
         "AllergyIntolerance", "fed-allergy", "allergy"),
    ],
)  # fmt: skip
def test_item_68_granular_scopes(shelf, scope, kind, open_key, shut_key):
    narrow = shelf.api(scope)

    assert shelf.keys[open_key] in narrow.get(kind).ids
    assert shelf.keys[shut_key] not in narrow.get(kind).ids
    assert narrow.get(f"{kind}/{shelf.keys[open_key]}").status == 200
    assert narrow.get(f"{kind}/{shelf.keys[shut_key]}").status == 404
    assert narrow.get(f"{kind}/{shelf.keys[shut_key]}/_history").status == 404
    assert narrow.get("Patient").status == 403


def test_item_68_a_narrow_writer_writes_only_what_it_may(shelf):
    writer = shelf.api("system/MedicationStatement.crus?status=stopped")

    assert writer.post("MedicationStatement", statement(shelf.bo)).status == 403
    assert shelf.ehr.get("MedicationStatement", {"patient": str(shelf.bo)}).ids == []
    assert writer.post("MedicationStatement", statement(shelf.bo, status="stopped")).status == 201


@pytest.mark.parametrize("kind", KINDS)
def test_item_69_clinicians_read_whom_their_sites_care_for(shelf, kind):
    """The same as on the clinic's pages: a visit, or a statement that belongs to the site."""
    shelf.open_clinic()
    doctor = clinician(shelf, shelf.site)
    before = doctor.get(kind).ids
    shelf.visit(shelf.ada)

    after = doctor.get(kind).ids

    assert before == []
    assert set(after) == set(shelf.ehr.get(kind, {"patient": str(shelf.ada)}).ids)
    assert clinician(shelf, SiteId(new_id())).get(kind).ids == []
    theirs = shelf.ehr.get("Provenance", {"target": f"MedicationRequest/{shelf.keys['theirs']}"})
    assert len(theirs.ids) == 1
    assert doctor.get(f"Provenance/{theirs.ids[0]}").status == 404
    fed(shelf, shelf.bo, site_id=shelf.site)
    assert shelf.keys["theirs"] in doctor.get("MedicationRequest").ids


@pytest.mark.parametrize("kind", KINDS)
def test_item_69_patients_read_their_own(shelf, kind):
    own = shelf.of(shelf.ada)

    assert set(own.get(kind).ids) == set(shelf.ehr.get(kind, {"patient": str(shelf.ada)}).ids)
    assert own.get(f"MedicationRequest/{shelf.keys['theirs']}").status == 404
    assert own.get(kind, {"patient": str(shelf.bo)}).ids == []


def test_item_69_a_medication_is_read_by_whose_medicines_name_it(house):
    medication = house.ehr.post("Medication", {"resourceType": "Medication", "code": drug()}).json
    body = request(house.ada, medicationReference={"reference": f"Medication/{medication['id']}"})
    del body["medicationCodeableConcept"]
    house.ehr.post("MedicationRequest", body)

    assert house.of(house.ada).get(f"Medication/{medication['id']}").status == 200
    assert house.of(house.ada).get("MedicationRequest", {"_include": "MedicationRequest:medication"}).included
    assert house.of(house.bo).get(f"Medication/{medication['id']}").status == 404
    assert house.of(house.bo).get("Medication").ids == []
    assert house.of(house.bo).post("Medication", {"resourceType": "Medication", "code": drug()}).status == 403


@pytest.mark.parametrize("kind", KINDS)
def test_item_81_each_write_has_its_provenance(house, kind):
    key = house.ehr.post(kind, MAKERS[kind](house.ada)).json["id"]

    (found,) = house.ehr.get(kind, {"_id": key, "_revinclude": "Provenance:target"}).included

    assert found["target"][0]["reference"] == f"{kind}/{key}/_history/1"
