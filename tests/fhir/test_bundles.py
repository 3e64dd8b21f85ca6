"""Checklist E: batch and transaction."""

from __future__ import annotations

import base64
import json
from uuid import uuid4

import pytest
from fhir_house import bundle, observation, post, practitioner, vital

from fhir_facade.server.bundles import MOST_ENTRIES
from steadwell.audit.models import AuditEntry

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
    assert house.ehr.get("Practitioner", {"_id": made["id"]}).matches[0]["meta"]["versionId"] == "1"


def test_item_47_the_same_by_a_condition_is_the_same(house):
    """Of a create, an update and a patch that name it by its number instead of its id."""
    body = practitioner()
    number = "{system}|{value}".format(**body["identifier"][0])
    several = [{**body, "gender": gender} for gender in ("male", "female")]

    def put(said, url):
        return {"resource": said, "request": {"method": "PUT", "url": url}}

    created = house.ehr.post("", bundle(*(post(e, ifNoneExist=f"identifier={number}") for e in several)))
    updated = house.ehr.post("", bundle(*(put(e, f"Practitioner?identifier={number}") for e in several)))
    assert (created.status, updated.status) == (400, 400)
    assert house.ehr.get("Practitioner", {"identifier": number}).ids == []
    known = house.ehr.post("Practitioner", body).json
    both = bundle(
        put({**known, "gender": "male"}, f"Practitioner/{known['id']}"),
        put(several[1], f"Practitioner?identifier={number}"),
    )
    refused = house.ehr.post("", both)
    assert (refused.status, refused.issue["expression"]) == (400, ["Bundle.entry[1]"])
    assert house.ehr.get(f"Practitioner/{known['id']}").version == "1"


@pytest.mark.parametrize("kind", [observation, vital])
def test_item_47_made_together_each_is_what_it_would_be_alone(house, kind):
    """Of laboratories and of others, with what refers to them: read, versions, search and audit."""
    said = [kind(house.ada, f"{number}.50") for number in range(4, 7)]
    panel, name = vital(house.ada), urn()
    panel["hasMember"] = [{"reference": name}]

    answer = house.ehr.post("", bundle(*(post(each) for each in said), post(said[0], name), post(panel)))
    alone = [house.ehr.post("Observation", each) for each in said]

    assert answer.status == 200, answer.text
    made = [each["resource"] for each in answer.entries]
    for one, other in zip(made[:3], alone, strict=True):
        assert {**one, "id": "", "meta": ""} == {**other.json, "id": "", "meta": ""}
        assert one["meta"].keys() == other.json["meta"].keys()
        assert house.ehr.get(f"Observation/{one['id']}").json == one
        assert house.ehr.get(f"Observation/{one['id']}/_history/1").json == one
    assert made[4]["hasMember"] == [{"reference": f"Observation/{made[3]['id']}"}]
    found = house.ehr.get("Observation", {"patient": str(house.ada), "_count": "20"}).ids
    assert set(found) == {each["id"] for each in (*made, *(each.json for each in alone))}
    noted = AuditEntry.objects.filter(action="fhir.create", subject_id=house.ada)
    assert {str(each) for each in noted.values_list("entity_id", flat=True)} == set(found)


@pytest.mark.parametrize("kind", [observation, vital])
def test_item_47_what_is_wrong_among_many_is_named(house, kind):
    """By what a resource says, whose it is, and what the token may write; nothing of the others stays."""
    good = [post(kind(house.ada)) for _ in range(3)]
    narrow = house.api("system/Observation.cruds?status=final")
    cases = [
        (house.ehr, post(kind(house.ada, status="bogus")), 422, "Bundle.entry[2].Observation.status"),
        (house.ehr, post(kind(uuid4())), 422, "Bundle.entry[2]"),
        (narrow, post(kind(house.ada, status="preliminary")), 403, "Bundle.entry[2]"),
    ]
    for api, bad, status, expression in cases:
        answer = api.post("", bundle(*good[:2], bad, good[2]))

        assert answer.status == status, answer.text
        assert answer.issue["expression"] == [expression]
    assert house.ehr.get("Observation", {"patient": str(house.ada), "_summary": "count"}).json["total"] == 0


def test_item_47_what_nobody_may_is_told_of_the_first(house):
    """A patient files no laboratory's results, however many."""
    answer = house.of(house.ada).post("", bundle(*(post(observation(house.ada)) for _ in range(2))))

    assert answer.status == 403
    assert answer.issue["expression"] == ["Bundle.entry[0]"]


def test_item_47_a_condition_finds_what_came_before_it(house):
    """Creations are not gathered past a condition that one of them fulfils."""
    doctor = practitioner()
    number = doctor["identifier"][0]["value"]
    said = vital(house.ada, performer=[{"reference": f"Practitioner?identifier={number}"}])

    answer = house.ehr.post("", bundle(post(doctor), post(said)))

    assert answer.status == 200, answer.text
    made, other = (each["resource"] for each in answer.entries)
    assert other["performer"] == [{"reference": f"Practitioner/{made['id']}"}]


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
