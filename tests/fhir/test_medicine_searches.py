"""Checklist D over medicines and allergies: each search finds what shows it, wherever it came from."""

from __future__ import annotations

import pytest
from fhir_medicines import (
    CLINICAL,
    MAKERS,
    RXCUI,
    RXNORM,
    VERIFIED,
    drug,
    fed,
    fed_allergy,
    identified,
    request,
    statement,
    step,
)

from medications.service import StatementKind
from scheduling import service as scheduling
from steadwell.ids import new_id

pytestmark = pytest.mark.django_db
KINDS = sorted(MAKERS)
METFORMIN = drug("metformin 500 MG Oral Tablet", "")


def names(shelf, kind, params):
    answer = shelf.ehr.get(kind, params, prefer="handling=strict")
    assert answer.status == 200, answer.text
    known = {key: name for name, key in shelf.keys.items()}
    return [known[each] for each in answer.ids]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"intent": "order"}, {"order", "other", "fed"}),
        ({"intent": "plan"}, set()),
        ({"intent": "order", "status": "active,on-hold"}, {"order", "other", "fed"}),
        ({"intent": "order,plan", "status": "on-hold"}, {"order"}),
        ({"status:not": "on-hold"}, {"other", "fed"}),
        ({"code": RXCUI}, {"order", "fed"}),
        ({"code": f"{RXNORM}|{RXCUI}"}, {"order", "fed"}),
        ({"code": f"|{RXCUI}"}, set()),
        ({"code": f"{RXNORM}|"}, {"order", "fed"}),
        ({"code:text": "metformin"}, {"other"}),
        ({"authoredon": "2026-05-01"}, {"order"}),
        ({"authoredon": "ge2026-06-01"}, {"other", "fed"}),
        ({"authoredon": "gt2026-06-01", "status": "active"}, {"other"}),
        ({"authoredon": "lt2026-05-01T06:30:00Z"}, set()),
        ({"authoredon": "le2026-05-01T06:30:00Z"}, {"order"}),
        ({"authoredon": ["ge2026-05-01", "lt2026-06-15"]}, {"order", "fed"}),
        ({"requester:missing": "true"}, {"order", "other", "fed"}),
        ({"identifier:missing": "false"}, {"fed"}),
        ({"patient.identifier": "AD-1"}, {"order", "other", "fed"}),
        ({"subject:Patient.family": "canaryada", "status": "on-hold"}, {"order"}),
        ({"_lastUpdated": "lt2020"}, set()),
        ({"_source": "urn:steadwell:source:north-emr"}, {"fed"}),
        ({"_source": "urn:steadwell:client:ehr"}, {"order", "other"}),
        ({"_profile": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-medicationrequest"},
         {"order", "other", "fed"}),
    ],
)  # fmt: skip
def test_items_28_to_37_orders_are_found_by_what_they_show(shelf, params, found):
    wanted = {"patient": str(shelf.ada), **params}

    assert set(names(shelf, "MedicationRequest", wanted)) == found
    form = "&".join(f"{n}={v}" for n, vs in wanted.items() for v in (vs if isinstance(vs, list) else [vs]))
    sent = shelf.ehr.send("POST", "MedicationRequest/_search", form.replace("+", "%2B").encode(),
                          kind="application/x-www-form-urlencoded")  # fmt: skip
    assert len(sent.matches) == len(found)  # item 26


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"status": "completed"}, {"taken"}),
        ({"effective": "2026-01-15"}, set()),
        ({"effective": "ap2026-01-15"}, {"taken"}),
        ({"effective": "ge2026-02-02"}, set()),
        ({"effective": "le2026-01-02"}, {"taken"}),
        ({"code": RXCUI, "status": "completed"}, {"taken"}),
        ({"source:missing": "true"}, {"taken"}),
    ],
)
def test_items_29_and_30_statements_are_found_by_what_they_show(shelf, params, found):
    assert set(names(shelf, "MedicationStatement", {"patient": str(shelf.ada), **params})) == found


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, {"allergy", "fed-allergy"}),
        ({"clinical-status": f"{CLINICAL}|active"}, {"allergy", "fed-allergy"}),
        ({"clinical-status": "resolved"}, set()),
        ({"verification-status": f"{VERIFIED}|confirmed"}, {"allergy", "fed-allergy"}),
        ({"code:text": "penicillin"}, {"allergy"}),
        ({"code": "5640"}, {"fed-allergy"}),
        ({"manifestation:text": "swollen"}, {"fed-allergy"}),
        ({"severity": "moderate"}, {"allergy"}),
        ({"severity": "severe"}, {"fed-allergy"}),
        ({"date": "2026-05-01"}, {"allergy"}),
        ({"category:missing": "true"}, {"allergy", "fed-allergy"}),
    ],
)
def test_items_28_to_35_allergies_are_found_by_what_they_show(shelf, params, found):
    assert set(names(shelf, "AllergyIntolerance", {"patient": str(shelf.ada), **params})) == found


@pytest.mark.parametrize("kind", KINDS)
def test_item_27_patients_by_each_of_their_names(shelf, kind):
    found = [
        names(shelf, kind, {"patient": text})
        for text in (str(shelf.ada), f"Patient/{shelf.ada}", f"http://testserver/fhir/Patient/{shelf.ada}")
    ]

    assert found[0]
    assert found[0] == found[1] == found[2]
    assert names(shelf, kind, {"patient": str(new_id())}) == []


def test_item_31_what_only_some_show_is_theirs(shelf):
    """A client's own words are found for as long as they are shown."""
    key = shelf.keys["order"]
    before = shelf.ehr.get(f"MedicationRequest/{key}").json
    coding = [{"system": "http://example.org/ndc", "code": "0000-1"}]
    changed = {
        **before, "priority": "urgent", "category": [{"coding": [{"code": "community"}]}],
        "medicationCodeableConcept": {"coding": coding, "text": "lisinopril 10 MG Oral Tablet"},
    }  # fmt: skip

    assert shelf.ehr.put(f"MedicationRequest/{key}", changed).status == 200

    assert names(shelf, "MedicationRequest", {"priority": "urgent"}) == ["order"]
    assert names(shelf, "MedicationRequest", {"category": "community"}) == ["order"]
    assert names(shelf, "MedicationRequest", {"code": "http://example.org/ndc|0000-1"}) == ["order"]
    assert set(names(shelf, "MedicationRequest", {"code": RXCUI})) == {"fed", "theirs"}
    assert shelf.ehr.put(f"MedicationRequest/{key}", {**before, "priority": "routine"}).status == 200
    assert names(shelf, "MedicationRequest", {"priority": "urgent"}) == []
    assert set(names(shelf, "MedicationRequest", {"code": RXCUI})) == {"order", "fed", "theirs"}


def test_item_28_a_feeds_own_numbers_are_found(house):
    keys = {
        "MedicationRequest": fed(house, house.ada, external_id="77"),
        "MedicationStatement": fed(house, house.ada, external_id="78", kind=StatementKind.STATEMENT),
        "AllergyIntolerance": fed_allergy(house, house.ada, external_id="79"),
    }

    for number, (kind, filed) in enumerate(keys.items(), start=77):
        (shown,) = house.ehr.get(kind, {"identifier": str(number)}).matches
        assert shown["id"] == str(filed.entity_id)
        (name,) = shown["identifier"]
        assert house.ehr.get(kind, {"identifier": f"{name['system']}|{number}"}).ids == [shown["id"]]
        assert house.ehr.get(kind, {"identifier": f"{name['system']}|"}).ids == [shown["id"]]
        assert house.ehr.get(kind, {"identifier": f"http://example.org|{number}"}).ids == []
        assert house.of(house.bo).get(kind, {"identifier": str(number)}).ids == []


def test_item_34_has_and_chains(shelf):
    has = shelf.ehr.get("Patient", {"_has:MedicationRequest:patient:status": "on-hold"})
    assert has.ids == [str(shelf.ada)]
    has = shelf.ehr.get("Patient", {"_has:AllergyIntolerance:patient:code:text": "penicillin"})
    assert has.ids == [str(shelf.ada)]
    assert shelf.ehr.get("Patient", {"_has:MedicationStatement:patient:status": "active"}).ids == []


def test_item_38_and_40_orders_in_order_and_by_pages(shelf):
    asked = {"patient": str(shelf.ada), "_sort": "authoredon"}

    assert names(shelf, "MedicationRequest", asked) == ["order", "fed", "other"]
    assert names(shelf, "MedicationRequest", {**asked, "_sort": "-authoredon"}) == ["other", "fed", "order"]
    pages = [page.ids for page in shelf.ehr.pages("MedicationRequest", {**asked, "_count": "1"})]
    assert [len(each) for each in pages] == [1, 1, 1]
    assert len({key for each in pages for key in each}) == 3
    total = shelf.ehr.get("MedicationRequest", {**asked, "_total": "accurate", "_count": "1"}).json["total"]
    assert total == 3


def test_item_39_medications_come_along(house):
    medication = house.ehr.post("Medication", {
        "resourceType": "Medication", "code": drug(), "status": "active",
        "identifier": identified("M1"),
    }).json  # fmt: skip
    alone = house.ehr.post("Medication", {"resourceType": "Medication", "code": METFORMIN}).json
    for body in (request(house.ada), statement(house.ada)):
        del body["medicationCodeableConcept"]
        body["medicationReference"] = {"reference": f"Medication/{medication['id']}"}
        kind = body["resourceType"]
        key = house.ehr.post(kind, body).json["id"]

        found = house.ehr.get(kind, {"patient": str(house.ada), "_include": f"{kind}:medication",
                                     "_revinclude": "Provenance:target"})  # fmt: skip

        assert found.ids == [key]
        assert sorted(e["resourceType"] for e in found.included) == ["Medication", "Provenance"]
        assert medication["id"] in {e["id"] for e in found.included}
        assert house.ehr.get(kind, {"medication": f"Medication/{medication['id']}"}).ids == [key]
        assert house.ehr.get(kind, {"medication": f"Medication/{alone['id']}"}).ids == []
        assert house.ehr.get(kind, {"medication.identifier": "M1"}).ids == [key]
        back = house.ehr.get("Medication", {"_id": medication["id"], "_revinclude": f"{kind}:medication"})
        assert [e["id"] for e in back.included] == [key]
        has = house.ehr.get("Medication", {f"_has:{kind}:medication:patient": str(house.ada)})
        assert has.ids == [medication["id"]]
    refused = request(house.ada, medicationReference={"reference": f"Medication/{new_id()}"})
    del refused["medicationCodeableConcept"]
    assert house.ehr.post("MedicationRequest", refused).status == 422


def test_item_45_and_51_compartment_and_everything(shelf):
    inner = shelf.ehr.get(f"Patient/{shelf.ada}/MedicationRequest", {"status": "active"})
    everything = [e for page in shelf.ehr.pages(f"Patient/{shelf.ada}/$everything") for e in page.matches]

    assert set(inner.ids) == {shelf.keys["other"], shelf.keys["fed"]}
    kinds = {e["resourceType"] for e in everything}
    assert set(KINDS) <= kinds
    assert shelf.keys["theirs"] not in {e["id"] for e in everything}


@pytest.mark.parametrize("kind", KINDS)
def test_searches_stay_within_their_statements(house, django_assert_num_queries, kind):
    """Token, find, load, audit: however many there are. A chart is read in three."""
    for number in range(8):
        house.ehr.post(kind, MAKERS[kind](house.ada, identifier=identified(f"N{number}")))
        fed(house, house.ada)
        fed(house, house.ada, kind=StatementKind.STATEMENT)
        fed_allergy(house, house.ada)
    params = {"patient": str(house.ada), "code:missing": "false"}

    with django_assert_num_queries(4):
        assert len(house.ehr.get(kind, params).matches) == 16
    with django_assert_num_queries(4):
        assert len(house.ehr.get(kind, {**params, "_count": "2"}).matches) == 2
    key = house.ehr.get(kind, params).ids[0]
    with django_assert_num_queries(3):
        house.ehr.get(f"{kind}/{key}")


def test_encounters_stay_within_their_statements(house, django_assert_num_queries):
    house.open_clinic()
    for number in range(4):
        step(house.visit(house.ada, hours=number), scheduling.arrive)

    with django_assert_num_queries(4):
        assert len(house.ehr.get("Encounter", {"patient": str(house.ada), "date": "ge2020"}).matches) == 4
