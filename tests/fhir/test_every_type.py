"""Checklist B, C, E and K over every type that can be written: one test of an item, each type by its name."""

from __future__ import annotations

import pytest
from every_type import body, changed, condition, definition_of, least, that_can
from fhir_house import bundle, post

from fhir_facade.server import wire
from steadwell.audit.models import AuditEntry

pytestmark = pytest.mark.django_db
JSON_PATCH = "application/json-patch+json"
WRITTEN = that_can("create")
CHANGED = that_can("update")
PATCHED = that_can("patch")
DELETED = that_can("delete")
KEPT = [kind for kind in CHANGED if kind in that_can("vread")]
NOBODY = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def house(house):
    house.open_clinic()
    return house


def made(house, kind, number="", **more):
    answer = house.ehr.post(kind, {**body(house, kind, number), **more})
    assert answer.status == 201, answer.text
    return answer


VALUES = {"reason": "valueString", "cancelationReason": "valueCodeableConcept"}  # else a code


def patch(kind, said):
    """What makes a resource the changed one: as a JSON Patch, as a FHIRPath Patch, and what it changes."""
    wanted = {name: value for name, value in changed(kind, said).items() if said.get(name) != value}
    steps, operations = [], []
    for name, value in wanted.items():
        operation = "replace" if name in said else "add"
        steps.append({"op": operation, "path": f"/{name}", "value": value})
        where = {"path": f"{kind}.{name}"} if name in said else {"path": kind, "name": name}
        parts = [{"name": n, "valueString": v} for n, v in where.items()]
        parts += [
            {"name": "type", "valueCode": operation},
            {"name": "value", VALUES.get(name, "valueCode"): value},
        ]
        operations.append({"name": "operation", "part": parts})
    return steps, {"resourceType": "Parameters", "parameter": operations}, wanted


# -- B: instances --


@pytest.mark.parametrize("kind", WRITTEN)
def test_item_09_create(house, kind):
    answer = made(house, kind, id="mine")

    key = answer.json["id"]
    version = f"/_history/{answer.version}" if kind in that_can("vread") else ""
    assert key != "mine"
    assert answer.headers["Location"] == f"http://testserver/fhir/{kind}/{key}{version}"
    assert answer.headers["ETag"].startswith('W/"')
    assert answer.headers["Last-Modified"]
    assert house.ehr.follow(answer.headers["Location"]).json == answer.json


@pytest.mark.parametrize("kind", WRITTEN)
def test_item_10_and_11_read(house, kind):
    path = f"{kind}/{made(house, kind).json['id']}"

    answer = house.ehr.get(path)

    assert (answer.status, f"{kind}/{answer.json['id']}") == (200, path)
    assert answer.version == answer.json["meta"]["versionId"]
    assert house.ehr.get(path, if_none_match=answer.headers["ETag"]).status == 304
    assert house.ehr.get(path, if_none_match='W/"99"').status == 200
    assert house.ehr.get(path, if_modified_since=answer.headers["Last-Modified"]).status == 304
    assert house.ehr.get(path, if_modified_since="Mon, 01 Jan 2024 00:00:00 GMT").status == 200


@pytest.mark.parametrize("kind", KEPT)
def test_item_12_and_13_versions(house, kind):
    first = made(house, kind)
    path = f"{kind}/{first.json['id']}"
    second = house.ehr.put(path, changed(kind, first.json), if_match=first.headers["ETag"])
    assert second.status == 200, second.text

    history = house.ehr.get(f"{path}/_history")

    assert house.ehr.get(f"{path}/_history/{first.version}").json == first.json
    assert house.ehr.get(f"{path}/_history/{second.version}").json == second.json
    assert house.ehr.get(f"{path}/_history/77").status == 404
    assert history.json["type"] == "history"
    assert [e["resource"]["meta"]["versionId"] for e in history.entries] == [second.version, first.version]
    assert [e["request"]["method"] for e in history.entries] == ["PUT", "POST"]
    assert all(e["response"]["etag"] and e["response"]["lastModified"] for e in history.entries)
    page = house.ehr.get(f"{path}/_history?_count=1")
    assert len(page.entries) == len(house.ehr.follow(page.link("next")).entries) == 1
    assert house.ehr.get(f"{path}/_history?_since=2099-01-01").entries == []
    of_type = house.ehr.get(f"{kind}/_history").entries
    assert len([e for e in of_type if e["fullUrl"].endswith(first.json["id"])]) == 2


@pytest.mark.parametrize("kind", CHANGED)
def test_item_14_and_15_update(house, kind):
    first = made(house, kind)
    path = f"{kind}/{first.json['id']}"

    same = house.ehr.put(path, first.json, if_match=first.headers["ETag"])
    right = house.ehr.put(path, changed(kind, first.json), if_match=first.headers["ETag"])
    stale = house.ehr.put(path, {**first.json, "language": "de"}, if_match=first.headers["ETag"])

    assert (same.status, same.version) == (200, first.version), same.text
    assert (right.status, right.version) == (200, str(int(first.version) + 1)), right.text
    assert (stale.status, stale.issue["code"]) == (412, "conflict")
    assert house.ehr.put(path, {**first.json, "id": NOBODY}).status == 400
    assert house.ehr.put(f"{kind}/n!", {**first.json, "id": "n!"}).status == 400
    assert house.ehr.put(f"{kind}/{NOBODY}", {**first.json, "id": NOBODY}).status == 404
    assert house.ehr.get(path).version == right.version


@pytest.mark.parametrize("make", [least, body])
@pytest.mark.parametrize("kind", CHANGED)
def test_item_15_what_was_sent_and_what_was_read_are_known(house, kind, make):
    """What the server adds to it (marks of what is absent, numbers, profiles) makes no news of either."""
    said = make(house, kind)
    first = house.ehr.post(kind, said)
    assert first.status == 201, first.text
    path = f"{kind}/{first.json['id']}"
    read = house.ehr.get(path)

    as_read = house.ehr.put(path, read.json)
    as_sent = house.ehr.put(path, {**said, "id": first.json["id"]}, if_match=read.headers["ETag"])
    turned = house.ehr.put(path, _turned({**said, "id": first.json["id"]}))

    for again in (as_read, as_sent, turned):
        assert (again.status, again.version) == (200, first.version), again.text
        assert again.json == read.json
    assert house.ehr.get(path).json == read.json
    if kind in KEPT:
        assert len(house.ehr.get(f"{path}/_history").entries) == 1


@pytest.mark.parametrize("kind", ["Practitioner", "PractitionerRole", "Location", "Organization"])
def test_item_15_what_the_clinic_says_of_itself_is_known_too(house, kind):
    """Its version is a digest, no number."""
    for said in house.ehr.get(kind).matches:
        again = house.ehr.put(f"{kind}/{said['id']}", said)
        assert (again.status, again.json) == (200, said), again.text


def _turned(said):
    """With the names of its objects in another order."""
    if isinstance(said, dict):
        return {name: _turned(said[name]) for name in reversed(said)}
    return [_turned(each) for each in said] if isinstance(said, list) else said


@pytest.mark.parametrize("form", ["json", "fhirpath"])
@pytest.mark.parametrize("kind", PATCHED)
def test_item_16_patch(house, kind, form):
    first = made(house, kind)
    path = f"{kind}/{first.json['id']}"
    steps, parameters, wanted = patch(kind, first.json)
    said = {"body": steps, "kind": JSON_PATCH} if form == "json" else {"body": parameters}
    failing = [{"op": "test", "path": "/resourceType", "value": "Other"}]

    assert house.ehr.send("PATCH", path, failing, kind=JSON_PATCH).status == 409
    assert house.ehr.send("PATCH", path, **said, if_match='W/"77"').status == 412
    plain = house.ehr.send("PATCH", path, wanted, kind="application/json")
    assert (plain.status, "Accept-Patch" in plain.headers) == (415, True)
    answer = house.ehr.send("PATCH", path, **said, if_match=first.headers["ETag"])

    assert answer.status == 200, answer.text
    assert {name: answer.json[name] for name in wanted} == wanted
    assert house.ehr.get(path).json == answer.json


@pytest.mark.parametrize("kind", WRITTEN)
def test_item_17_delete(house, kind):
    said = body(house, kind)
    if kind == "Observation":  # what a laboratory said is taken back, not deleted
        said["category"][0]["coding"][0]["code"] = "vital-signs"
    first = house.ehr.post(kind, said)
    path = f"{kind}/{first.json['id']}"

    answer = house.ehr.delete(path)

    if kind not in DELETED:
        assert answer.status == 405
        assert "DELETE" not in answer.headers["Allow"]
        assert house.ehr.get(path).json == first.json
        return
    assert (answer.status, house.ehr.delete(path).status) == (204, 204)
    assert house.ehr.get(path).status == 410
    assert first.json["id"] not in house.ehr.get(kind).ids
    back = house.ehr.put(path, {**said, "id": first.json["id"]})
    if kind == "Subscription":  # one that was ended is not taken up again: its receiver is greeted anew
        assert back.status == 404
        return
    assert house.ehr.get(f"{path}/_history/2").status == 410
    assert (back.status, back.version) == (201, "3"), back.text
    assert house.ehr.get(path).json == back.json


@pytest.mark.parametrize("kind", WRITTEN)
def test_item_18_prefer(house, kind):
    said = body(house, kind)

    minimal = house.ehr.post(kind, said, prefer="return=minimal")
    key = minimal.headers["Location"].split("/_history/")[0].rpartition("/")[2]
    whole = house.ehr.get(f"{kind}/{key}").json

    assert (minimal.status, minimal.text) == (201, "")
    if kind not in CHANGED:
        return
    outcome = house.ehr.put(f"{kind}/{key}", changed(kind, whole), prefer="return=OperationOutcome")
    assert (outcome.status, outcome.json["resourceType"]) == (200, "OperationOutcome"), outcome.text
    if kind in PATCHED:
        steps = [{"op": "test", "path": "/resourceType", "value": kind}]
        patched = house.ehr.send("PATCH", f"{kind}/{key}", steps, kind=JSON_PATCH, prefer="return=minimal")
        assert (patched.status, patched.text) == (200, "")


@pytest.mark.parametrize("kind", WRITTEN)
def test_item_19_what_is_written_stays_as_it_was_written(house, kind):
    digits = ["1.00", "7.10", "0.000000001", "123456789.123456789012"]
    said = {
        **body(house, kind),
        "extension": [
            *(
                {"url": f"http://example.org/n{n}", "valueDecimal": wire.Digits(each)}
                for n, each in enumerate(digits)
            ),
            {"url": "http://example.org/day", "valueDate": "2026-01"},
            {"url": "http://example.org/when", "valueDateTime": "2026-01-05T08:30:00.125+02:00"},
            {"url": "http://example.org/who", "valueReference": {"reference": "#inner"}},
        ],
        "contained": [{"resourceType": "Organization", "id": "inner", "name": "Inner"}],
        "_language": {"extension": [{"url": "http://example.org/why", "valueString": "unknown"}]},
    }  # fmt: skip

    key = house.ehr.post(kind, said).json["id"]

    read = house.ehr.get(f"{kind}/{key}")
    for name in ("extension", "contained", "_language"):
        assert read.json[name] == said[name], name
    for each in digits:
        assert f'"valueDecimal":{each}' in read.text
    modified = {**said, "modifierExtension": [{"url": "http://example.org/not", "valueBoolean": True}]}
    refused = house.ehr.post(kind, modified)
    assert (refused.status, refused.issue["code"]) == (422, "not-supported")


# -- C: conditions --


@pytest.mark.parametrize("kind", WRITTEN)
def test_item_20_create_unless_there_is_one(house, kind):
    said, where = body(house, kind, "C-1"), condition(house, kind, "C-1")

    first = house.ehr.post(kind, said, if_none_exist=where)
    again = house.ehr.post(kind, said, if_none_exist=where)

    assert (first.status, again.status) == (201, 200), again.text
    assert again.json["id"] == first.json["id"]
    assert (
        again.headers["Location"].split("/_history/")[0] == first.headers["Location"].split("/_history/")[0]
    )
    assert len(house.ehr.get(f"{kind}?{where}").ids) == 1
    other = house.ehr.post(kind, body(house, kind, "C-1"))
    if len(house.ehr.get(f"{kind}?{where}").ids) > 1:  # some have one of a number and no more
        assert house.ehr.post(kind, said, if_none_exist=where).status == 412
    else:
        assert other.status in {200, 201, 409}
    assert house.ehr.post(kind, said, if_none_exist="nonsense=1").status == 400


@pytest.mark.parametrize("kind", [kind for kind in CHANGED if kind not in {"Appointment", "Subscription"}])
def test_item_22_and_24_update_and_patch_what_matches(house, kind):
    said, where = body(house, kind, "C-2"), condition(house, kind, "C-2")
    steps, _, wanted = patch(kind, said)

    nothing = house.ehr.send("PATCH", f"{kind}?{where}", steps, kind=JSON_PATCH)
    first = house.ehr.put(f"{kind}?{where}", said)
    second = house.ehr.send("PATCH", f"{kind}?{where}", steps, kind=JSON_PATCH)
    third = house.ehr.put(f"{kind}?{where}", second.json)

    assert nothing.status == 404
    assert (first.status, second.status, third.status) == (201, 200, 200), second.text
    assert {first.json["id"], second.json["id"], third.json["id"]} == {first.json["id"]}
    assert wanted.items() <= second.json.items()
    assert third.version == second.version
    assert house.ehr.put(kind, said).status == 400


@pytest.mark.parametrize("kind", DELETED)
def test_item_23_delete_what_matches(house, kind):
    said, where = body(house, kind, "C-3"), condition(house, kind, "C-3")
    if kind == "Observation":
        said["category"][0]["coding"][0]["code"] = "vital-signs"
    assert house.ehr.delete(f"{kind}?{where}").status == 204
    key = house.ehr.post(kind, said).json["id"]

    assert house.ehr.delete(f"{kind}?{where}").status == 204

    assert house.ehr.get(f"{kind}/{key}").status == 410
    for _ in range(2):
        house.ehr.post(kind, said)
    assert house.ehr.delete(f"{kind}?{where}").status == 412


# -- E: bundles --


def one_of_each(house):
    return [body(house, kind, f"B-{kind}") for kind in WRITTEN]


def test_item_47_one_of_each_type_is_kept_together_or_not_at_all(house):
    several = one_of_each(house)
    before = {kind: house.ehr.get(kind, {"_summary": "count"}).json["total"] for kind in WRITTEN}
    broken = {**several[0], "nonsense": 1}

    refused = house.ehr.post("", bundle(*(post(each) for each in (*several, broken))))
    between = {kind: house.ehr.get(kind, {"_summary": "count"}).json["total"] for kind in WRITTEN}
    kept = house.ehr.post("", bundle(*(post(each) for each in several)))

    assert refused.status == 400
    assert refused.issue["expression"][0].startswith(f"Bundle.entry[{len(several)}]")
    assert between == before
    assert kept.status == 200, kept.text
    assert [e["resource"]["resourceType"] for e in kept.entries] == WRITTEN
    assert {e["response"]["status"] for e in kept.entries} == {"201"}
    for entry in kept.entries:
        path = f"{entry['resource']['resourceType']}/{entry['resource']['id']}"
        assert house.ehr.get(path).json == entry["resource"], path


def test_item_48_one_of_each_type_stands_alone(house):
    entries = [post(said) for each in one_of_each(house) for said in (each, {**each, "nonsense": 1})]

    answer = house.ehr.post("", bundle(*entries, kind="batch"))

    assert [e["response"]["status"] for e in answer.entries] == ["201", "400"] * len(WRITTEN)


# -- H: for whom --


@pytest.mark.parametrize("kind", [kind for kind in WRITTEN if definition_of(kind).compartment])
def test_item_69_a_patients_token_writes_for_nobody_else(house, kind):
    own, mine = house.of(house.ada), body(house, kind)
    theirs = wire.load(wire.text(mine).replace(str(house.ada), str(house.bo)))
    before = house.ehr.get(kind, {"_summary": "count"}).json["total"]

    answers = [own.post(kind, theirs), own.post("", bundle(post(theirs)))]

    assert {each.status for each in answers} <= {403, 404, 422}, [each.text for each in answers]
    assert house.ehr.get(kind, {"_summary": "count"}).json["total"] == before
    assert not any(str(house.bo) in each.text for each in answers)


# -- K: where it came from, and who looked --


@pytest.mark.parametrize("kind", WRITTEN)
def test_item_81_each_write_has_its_provenance(house, kind):
    first = made(house, kind)
    path = f"{kind}/{first.json['id']}"
    acts = ["CREATE"]
    if kind in CHANGED:
        assert house.ehr.put(path, changed(kind, first.json)).status == 200
        acts.append("UPDATE")

    along = house.ehr.get(kind, {"_id": first.json["id"], "_revinclude": "Provenance:target"}).included
    found = house.ehr.get("Provenance", {"target": path, "_sort": "recorded"}).matches

    assert sorted(each["id"] for each in along) == sorted(each["id"] for each in found)
    assert [each["activity"]["coding"][0]["code"] for each in found] == acts
    for number, each in enumerate(found, start=int(first.version)):
        assert each["target"][0]["reference"] == f"{path}/_history/{number}"
        assert [a["type"]["coding"][0]["code"] for a in each["agent"]] == ["author", "transmitter"]
        assert each["agent"][0]["onBehalfOf"]["display"] == "City EHR"
        assert house.ehr.get(f"Provenance/{each['id']}").json == each


@pytest.mark.parametrize("kind", WRITTEN)
def test_item_82_each_access_is_on_the_trail(house, kind):
    first = made(house, kind)
    path = f"{kind}/{first.json['id']}"
    acts = ["create", "read", "search", "denied"]
    house.ehr.get(path)
    house.ehr.get(kind, {"_id": first.json["id"]})
    assert house.api("system/Slot.rs").get(path).status == 403
    if kind in that_can("vread"):
        house.ehr.get(f"{path}/_history/{first.version}")
        house.ehr.get(f"{path}/_history")
        acts += ["vread", "history"]
    if kind in CHANGED:
        house.ehr.put(path, changed(kind, first.json))
        acts.append("update")
    if kind in DELETED and kind != "Observation":
        assert house.ehr.delete(path).status == 204
        acts.append("delete")

    rows = AuditEntry.objects.filter(category=kind)

    assert {f"fhir.{act}" for act in acts} <= set(rows.values_list("action", flat=True))
    assert {row.detail["client"] for row in rows if row.action.startswith("fhir.")} == {"ehr"}
    refused = house.ehr.get("AuditEvent", {"outcome": "4", "subtype": "fhir.denied"}).matches
    assert refused[-1]["action"] == "E"
    if "patient" in definition_of(kind).compartment:
        mine = house.ehr.get("AuditEvent", {"patient": str(house.ada), "subtype": "fhir.read"}).matches
        assert mine


@pytest.mark.parametrize("kind", WRITTEN)
def test_item_83_its_source_is_told(house, kind):
    """Who sent it, or whom its sender names."""
    sent = made(house, kind)
    named = made(house, kind, meta={"source": "http://example.org/north"})

    assert sent.json["meta"]["source"] == "urn:steadwell:client:ehr"
    assert named.json["meta"]["source"] == "http://example.org/north"
