"""Checklist B: reading, versions, writing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fhir_house import observation, practitioner, vital

from fhir_facade.server import wire
from labs import service as labs

pytestmark = pytest.mark.django_db


def made(house, body):
    answer = house.ehr.post(body["resourceType"], body)
    assert answer.status == 201, answer.text
    return answer


@pytest.mark.parametrize("kind", ["result", "vital", "practitioner", "patient"])
def test_item_09_create(house, kind):
    body = {
        "result": observation(house.ada),
        "vital": vital(house.ada),
        "practitioner": practitioner(),
        "patient": {"resourceType": "Patient", "name": [{"family": "Newcomer", "given": ["Ike"]}]},
    }[kind]

    answer = made(house, {**body, "id": "mine"})

    key = answer.json["id"]
    assert key != "mine"
    assert answer.headers["Location"] == f"http://testserver/fhir/{body['resourceType']}/{key}/_history/1"
    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.headers["Last-Modified"]
    assert house.ehr.get(f"{body['resourceType']}/{key}").json == answer.json


def test_item_10_read(house):
    answer = house.ehr.get(f"Patient/{house.ada}")

    assert answer.status == 200
    assert answer.json["id"] == str(house.ada)
    assert answer.headers["ETag"] == f'W/"{answer.json["meta"]["versionId"]}"'
    assert answer.headers["Last-Modified"]


def test_item_11_not_modified(house):
    path = f"Patient/{house.ada}"
    answer = house.ehr.get(path)

    assert house.ehr.get(path, if_none_match=answer.headers["ETag"]).status == 304
    assert house.ehr.get(path, if_none_match='W/"99"').status == 200
    assert house.ehr.get(path, if_modified_since=answer.headers["Last-Modified"]).status == 304
    assert house.ehr.get(path, if_modified_since="Mon, 01 Jan 2024 00:00:00 GMT").status == 200


@pytest.mark.parametrize("kind", ["result", "vital", "practitioner"])
def test_item_12_vread(house, kind):
    body = {"result": observation(house.ada), "vital": vital(house.ada), "practitioner": practitioner()}[kind]
    first = made(house, body)
    path = f"{body['resourceType']}/{first.json['id']}"
    second = house.ehr.put(path, {**first.json, "language": "en"})

    assert second.status == 200, second.text
    assert second.version != first.version
    assert house.ehr.get(f"{path}/_history/{first.version}").json == first.json
    assert house.ehr.get(f"{path}/_history/{second.version}").json == second.json
    assert house.ehr.get(f"{path}/_history/77").status == 404


def test_item_12_vread_of_a_deletion(house):
    path = f"Practitioner/{made(house, practitioner()).json['id']}"
    house.ehr.delete(path)

    assert house.ehr.get(f"{path}/_history/2").status == 410
    assert house.ehr.get(f"{path}/_history/1").status == 200


def test_item_13_history(house):
    first = made(house, practitioner())
    path = f"Practitioner/{first.json['id']}"
    house.ehr.put(path, {**first.json, "gender": "female"})
    house.ehr.delete(path)

    history = house.ehr.get(f"{path}/_history")

    assert history.json["type"] == "history"
    assert [e["request"]["method"] for e in history.entries] == ["DELETE", "PUT", "POST"]
    assert [e["response"]["etag"] for e in history.entries] == ['W/"3"', 'W/"2"', 'W/"1"']
    assert "resource" not in history.entries[0]
    page = house.ehr.get(f"{path}/_history?_count=1")
    assert len(page.entries) == 1
    assert len(house.ehr.follow(page.link("next")).entries) == 1
    assert not house.ehr.get(f"{path}/_history?_since=2099-01-01").entries
    assert not house.ehr.get(f"{path}/_history?_at=2020").entries
    assert len(house.ehr.get("Practitioner/_history").entries) == 3


def test_item_13_history_of_a_corrected_result(house):
    filed = house.lab_report(house.ada, ("2823-3", "4.1"), filler_number="C1")
    key = house.ehr.get("Observation", {"patient": str(house.ada)}).ids[0]
    house.now += timedelta(minutes=1)
    house.lab_report(
        house.ada, ("2823-3", "6.6"), filler_number="C1", status=labs.Status.CORRECTED, issued_at=house.now
    )

    history = house.ehr.get(f"Observation/{key}/_history")

    values = [str(e["resource"]["valueQuantity"]["value"]) for e in history.entries]
    assert values == ["6.6", "4.1"]
    old = house.ehr.get(f"Observation/{key}/_history/1").json
    assert wire.text(old["valueQuantity"]["value"]) == "4.1"
    assert filed.report_id


def test_item_14_update_needs_the_version_that_is_stored(house):
    first = made(house, practitioner())
    path = f"Practitioner/{first.json['id']}"

    assert house.ehr.put(path, {**first.json, "gender": "female"}, if_match='W/"1"').version == "2"
    stale = house.ehr.put(path, {**first.json, "gender": "male"}, if_match='W/"1"')
    assert stale.status == 412
    assert (
        house.ehr.put(path, {**first.json, "gender": "male"}).status == 200
    )  # versioned: it may be left out
    assert house.ehr.put(path, {**first.json, "id": "other"}).status == 400
    assert house.ehr.put("Practitioner/n!", {**first.json, "id": "n!"}).status == 400


@pytest.mark.parametrize("kind", ["result", "patient"])
def test_item_14_versions_hold_for_what_an_app_owns(house, kind):
    body = {
        "result": observation(house.ada),
        "patient": {"resourceType": "Patient", "name": [{"family": "Newcomer", "given": ["Ike"]}]},
    }[kind]
    first = made(house, body)
    path = f"{body['resourceType']}/{first.json['id']}"
    changed = {**first.json, "language": "en"} if kind == "result" else {**first.json, "gender": "male"}

    second = house.ehr.put(path, changed, if_match=first.headers["ETag"])

    assert second.status == 200, second.text
    assert house.ehr.put(path, {**first.json, "language": "de"}, if_match=first.headers["ETag"]).status == 412


def test_item_15_the_same_again_is_no_version(house):
    first = made(house, practitioner())
    path = f"Practitioner/{first.json['id']}"

    again = house.ehr.put(path, first.json, if_match='W/"1"')

    assert again.status == 200
    assert again.version == "1"
    assert len(house.ehr.get(f"{path}/_history").entries) == 1


def test_item_16_json_patch(house):
    first = made(house, practitioner())
    path = f"Practitioner/{first.json['id']}"
    kind = "application/json-patch+json"

    def patch(*steps, **headers):
        return house.ehr.send("PATCH", path, list(steps), kind=kind, **headers)

    changed = patch({"op": "replace", "path": "/name/0/family", "value": "Quillon"}, if_match='W/"1"')
    assert changed.status == 200, changed.text
    assert changed.json["name"][0]["family"] == "Quillon"
    assert patch({"op": "test", "path": "/name/0/family", "value": "x"}).status == 409
    assert patch({"op": "remove", "path": "/nowhere"}).status == 422
    assert patch({"op": "add", "path": "/gender", "value": "male"}, if_match='W/"1"').status == 412
    assert patch({"op": "add", "path": "/gender", "value": "bogus"}).status == 422


def test_item_16_fhirpath_patch(house):
    first = made(
        house, practitioner(telecom=[{"system": "phone", "value": "1"}, {"system": "email", "value": "a@b"}])
    )
    path = f"Practitioner/{first.json['id']}"

    def step(kind, where, **values):
        parts = [{"name": "type", "valueCode": kind}, {"name": "path", "valueString": where}]
        parts += [{"name": name, **value} for name, value in values.items()]
        body = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
        return house.ehr.send("PATCH", path, body)

    assert (
        step("add", "Practitioner", name={"valueString": "gender"}, value={"valueCode": "female"}).json[
            "gender"
        ]
        == "female"
    )
    replaced = step("replace", "Practitioner.name[0].family", value={"valueString": "Quay"})
    assert replaced.json["name"][0]["family"] == "Quay"
    inserted = step(
        "insert", "Practitioner.name[0].given", index={"valueInteger": 0}, value={"valueString": "Ann"}
    )
    assert inserted.json["name"][0]["given"] == ["Ann", "Nora"]
    moved = step(
        "move", "Practitioner.name[0].given", source={"valueInteger": 0}, destination={"valueInteger": 1}
    )
    assert moved.json["name"][0]["given"] == ["Nora", "Ann"]
    deleted = step("delete", "Practitioner.telecom.where(system = 'email')")
    assert [each["system"] for each in deleted.json["telecom"]] == ["phone"]
    assert step("replace", "Practitioner.photo[3].title", value={"valueString": "x"}).status == 422


def test_item_16_plain_json_is_refused_with_help(house):
    path = f"Practitioner/{made(house, practitioner()).json['id']}"

    refused = house.ehr.send("PATCH", path, {"gender": "male"}, kind="application/merge-patch+json")

    assert refused.status == 415
    assert "application/json-patch+json" in refused.headers["Accept-Patch"]
    assert "JSON Patch" in refused.issue["diagnostics"]
    assert house.ehr.send("PATCH", path, {"gender": "male"}, kind="application/json").status == 415


def test_item_17_delete(house):
    first = made(house, practitioner())
    path = f"Practitioner/{first.json['id']}"

    assert house.ehr.delete(path).status == 204
    assert house.ehr.delete(path).status == 204
    assert house.ehr.get(path).status == 410
    assert first.json["id"] not in house.ehr.get("Practitioner").ids
    back = house.ehr.put(path, first.json)
    assert back.status == 201, back.text
    assert house.ehr.get(path).status == 200


def test_item_17_results_are_taken_back_not_deleted(house):
    first = made(house, observation(house.ada))
    path = f"Observation/{first.json['id']}"

    assert house.ehr.delete(path).status == 409
    taken_back = house.ehr.put(path, {**first.json, "status": "entered-in-error"})
    assert taken_back.status == 200, taken_back.text
    assert house.ehr.get(path).json["status"] == "entered-in-error"


def test_item_18_prefer(house):
    minimal = house.ehr.post("Practitioner", practitioner(), prefer="return=minimal")
    outcome = house.ehr.post("Practitioner", practitioner(), prefer="return=OperationOutcome")

    assert (minimal.status, minimal.text) == (201, "")
    assert minimal.headers["Location"]
    assert outcome.json["resourceType"] == "OperationOutcome"
    assert house.ehr.post("Practitioner", practitioner(), prefer="return=representation").json["name"]


@pytest.mark.parametrize("digits", ["1.00", "7.10", "0.000000001", "123456789.123456789012", "42"])
@pytest.mark.parametrize("kind", [observation, vital])
def test_item_19_digits_stay(house, kind, digits):
    made_now = made(house, kind(house.ada, digits))

    for answer in (made_now, house.ehr.get(f"Observation/{made_now.json['id']}")):
        assert f'"value":{digits},' in answer.text
    found = house.ehr.get("Observation", {"patient": str(house.ada)})
    assert f'"value":{digits},' in found.text


@pytest.mark.parametrize("kind", [observation, vital])
@pytest.mark.parametrize("when", ["2026", "2026-01", "2026-01-05", "2026-01-05T08:30:00.125+02:00"])
def test_item_19_dates_stay(house, kind, when):
    key = made(house, kind(house.ada, effectiveDateTime=when)).json["id"]

    assert house.ehr.get(f"Observation/{key}").json["effectiveDateTime"] == when


def test_item_19_what_is_legal_and_unknown_stays(house):
    extension = [{"url": "http://example.org/ext", "valueDecimal": wire.Digits("1.50")}]
    result = observation(
        house.ada,
        extension=extension,
        contained=[{"resourceType": "Organization", "id": "lab", "name": "Lab"}],
        performer=[{"reference": "#lab"}],
        _status={"extension": [{"url": "http://example.org/s", "valueBoolean": True}]},
    )
    patient = {
        "resourceType": "Patient",
        "name": [{"family": "Newcomer"}],
        "gender": "other",
        "birthDate": "1970-01",
        "_birthDate": {"extension": [{"url": "http://example.org/why", "valueString": "approximate"}]},
    }

    for body in (result, patient):
        kept = house.ehr.get(f"{body['resourceType']}/{made(house, body).json['id']}").json
        assert {k: v for k, v in kept.items() if k not in {"id", "meta", "active", "identifier"}} == body


def test_item_19_modifier_extensions_are_refused(house):
    refused = house.ehr.post(
        "Practitioner", practitioner(modifierExtension=[{"url": "http://x", "valueBoolean": True}])
    )

    assert refused.status == 422
    assert "modifier" in refused.issue["diagnostics"]


def test_item_83_a_correction_of_the_laboratory_beats_what_was_sent_before(house):
    first = made(house, observation(house.ada, "4.10"))
    path = f"Observation/{first.json['id']}"

    corrected = house.ehr.put(
        path, {**observation(house.ada, "5.10"), "id": first.json["id"], "status": "corrected"}
    )

    assert corrected.status == 200, corrected.text
    now = house.ehr.get(path).json
    assert now["status"] == "corrected"
    assert wire.text(now["valueQuantity"]["value"]) == "5.10"
    old = house.ehr.get(f"{path}/_history/1").json
    assert wire.text(old["valueQuantity"]["value"]) == "4.10"
    assert now["meta"]["source"] == "urn:steadwell:client:ehr"
