"""Checklist E: batch and transaction."""

from __future__ import annotations

import base64
import json
from uuid import uuid4

import pytest
from fhir_house import bundle, observation, post, practitioner, vital

from fhir_facade.server.bundles import MOST_ENTRIES

pytestmark = pytest.mark.django_db


def urn() -> str:
    return f"urn:uuid:{uuid4()}"


def test_item_47_references_are_rewritten(house):
    patient, doctor = urn(), urn()
    said = vital(
        "x",
        subject={"reference": patient},
        performer=[{"reference": doctor}],
        extension=[{"url": "http://example.org/also", "valueReference": {"reference": patient}}],
    )
    newcomer = {"resourceType": "Patient", "name": [{"family": "Newcomer", "given": ["Ike"]}]}

    answer = house.ehr.post("", bundle(post(said), post(newcomer, patient), post(practitioner(), doctor)))

    assert answer.status == 200, answer.text
    assert [e["response"]["status"] for e in answer.entries] == ["201"] * 3
    assert [e["resource"]["resourceType"] for e in answer.entries] == [
        "Observation",
        "Patient",
        "Practitioner",
    ]
    kept = house.ehr.get(f"Observation/{answer.entries[0]['resource']['id']}").json
    person = f"Patient/{answer.entries[1]['resource']['id']}"
    assert kept["subject"]["reference"] == person
    assert kept["extension"][0]["valueReference"]["reference"] == person
    assert kept["performer"][0]["reference"] == f"Practitioner/{answer.entries[2]['resource']['id']}"
    assert all(e["response"]["etag"] == 'W/"1"' and e["response"]["location"] for e in answer.entries)


def test_item_47_one_bad_entry_undoes_all(house):
    before = house.ehr.get("Practitioner", {"_summary": "count"}).json["total"]

    answer = house.ehr.post(
        "",
        bundle(
            post(practitioner()), post(observation(house.ada)), post(observation(house.ada, status="bogus"))
        ),
    )

    assert answer.status == 422
    assert answer.issue["expression"][0].startswith("Bundle.entry[2]")
    assert house.ehr.get("Practitioner", {"_summary": "count"}).json["total"] == before
    assert house.ehr.get("Observation", {"patient": str(house.ada), "_summary": "count"}).json["total"] == 0


def test_item_47_verbs_in_their_order(house):
    old = house.ehr.post("Practitioner", practitioner()).json
    other = house.ehr.post("Practitioner", practitioner()).json

    answer = house.ehr.post(
        "",
        bundle(
            {"request": {"method": "GET", "url": f"Practitioner/{other['id']}"}},
            {
                "resource": {**other, "gender": "female"},
                "request": {"method": "PUT", "url": f"Practitioner/{other['id']}"},
            },
            post(practitioner("Made")),
            {"request": {"method": "DELETE", "url": f"Practitioner/{old['id']}"}},
        ),
    )

    assert [e["response"]["status"] for e in answer.entries] == ["200", "200", "201", "204"]
    assert answer.entries[0]["resource"]["gender"] == "female"
    assert house.ehr.get(f"Practitioner/{old['id']}").status == 410


def test_item_47_patches_go_along(house):
    """A FHIRPath Patch as it is, a JSON Patch in a Binary."""
    first, second = (house.ehr.post("Practitioner", practitioner()).json for _ in range(2))
    steps = [{"op": "add", "path": "/gender", "value": "female"}]
    binary = {
        "resourceType": "Binary",
        "contentType": "application/json-patch+json",
        "data": base64.b64encode(json.dumps(steps).encode()).decode(),
    }
    parts = [
        {"name": "type", "valueCode": "add"},
        {"name": "path", "valueString": "Practitioner"},
        {"name": "name", "valueString": "gender"},
        {"name": "value", "valueCode": "male"},
    ]
    parameters = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
    entries = [
        {"resource": said, "request": {"method": "PATCH", "url": f"Practitioner/{each['id']}"}}
        for each, said in ((first, binary), (second, parameters))
    ]

    answer = house.ehr.post(
        "", bundle({"request": {"method": "GET", "url": f"Practitioner/{first['id']}"}}, *entries)
    )

    assert [e["response"]["status"] for e in answer.entries] == ["200"] * 3, answer.text
    assert [e["resource"]["gender"] for e in answer.entries] == ["female", "female", "male"]
    failing = [
        {**entries[0], "resource": {**binary, "data": base64.b64encode(b'[{"op": "x"}]').decode()}},
        post(practitioner()),
    ]
    before = house.ehr.get("Practitioner", {"_summary": "count"}).json["total"]
    refused = house.ehr.post("", bundle(*failing))
    assert (refused.status, refused.issue["expression"]) == (422, ["Bundle.entry[0]"]), refused.text
    assert house.ehr.get("Practitioner", {"_summary": "count"}).json["total"] == before


def test_item_47_conditional_references(house):
    said = vital("x", subject={"reference": "Patient?identifier=AD-1"})

    assert (
        house.ehr.post("", bundle(post(said))).entries[0]["resource"]["subject"]["reference"]
        == f"Patient/{house.ada}"
    )
    none = vital("x", subject={"reference": "Patient?identifier=NOBODY"})
    refused = house.ehr.post("", bundle(post(practitioner()), post(none)))
    assert refused.status == 412
    assert refused.issue["expression"] == ["Bundle.entry[1]"]
    several = vital("x", subject={"reference": "Patient?gender=female"})
    assert house.ehr.post("", bundle(post(several))).status == 412


def test_item_47_the_same_twice_is_refused(house):
    made = house.ehr.post("Practitioner", practitioner()).json
    put = {"resource": made, "request": {"method": "PUT", "url": f"Practitioner/{made['id']}"}}
    name = urn()

    assert house.ehr.post("", bundle(put, put)).status == 400
    assert house.ehr.post("", bundle(post(practitioner(), name), post(practitioner(), name))).status == 400


def test_item_47_visits_and_results_go_along(house):
    """What apps own is part of the same transaction."""
    house.open_clinic()
    slot = house.ehr.get(
        "Slot", {"service-type": "check-up", "start": f"ge{house.starts_at.date()}"}
    ).matches[0]
    visit = {
        "resourceType": "Appointment",
        "status": "booked",
        "slot": [{"reference": f"Slot/{slot['id']}"}],
        "start": slot["start"],
        "end": slot["end"],
        "participant": [{"actor": {"reference": f"Patient/{house.ada}"}, "status": "accepted"}],
    }

    undone = house.ehr.post(
        "", bundle(post(visit), post(observation(house.ada)), post(practitioner(gender="bogus")))
    )
    done = house.ehr.post("", bundle(post(visit), post(observation(house.ada))))

    assert undone.status == 422
    assert done.status == 200, done.text
    assert house.ehr.get("Appointment", {"patient": str(house.ada)}).ids == [
        done.entries[0]["resource"]["id"]
    ]


def test_item_48_entries_of_a_batch_stand_alone(house):
    answer = house.ehr.post(
        "",
        bundle(
            post(practitioner()),
            post(observation(house.ada, status="bogus")),
            {"request": {"method": "GET", "url": f"Patient/{house.ada}"}},
            {"request": {"method": "GET", "url": "Observation?patient=" + str(house.ada)}},
            kind="batch",
        ),
    )

    assert answer.json["type"] == "batch-response"
    assert [e["response"]["status"] for e in answer.entries] == ["201", "422", "200", "200"]
    assert answer.entries[1]["response"]["outcome"]["issue"][0]["code"] == "code-invalid"
    assert answer.entries[3]["resource"]["type"] == "searchset"


def test_item_49_there_are_limits(house):
    entry = {"request": {"method": "GET", "url": f"Patient/{house.ada}"}}

    assert house.ehr.post("", bundle(*[entry] * (MOST_ENTRIES + 1), kind="batch")).status == 413
    assert house.ehr.send("POST", "Practitioner", b'{"a":"' + b"x" * 5 * 2**20 + b'"}').status == 413
    assert house.ehr.post("", {"resourceType": "Bundle", "type": "collection"}).status == 400
