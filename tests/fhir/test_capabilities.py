"""Checklist A: capabilities, negotiation, errors."""

from __future__ import annotations

import pytest
from fhir_house import Api, observation, practitioner

from fhir_facade.server import operations
from fhir_facade.server.registry import Kind, registry

pytestmark = pytest.mark.django_db
US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"
NOBODY = "00000000-0000-7000-8000-000000000000"
SAMPLES = {
    Kind.DATE: "ge2020-01-01", Kind.TOKEN: "x", Kind.STRING: "abc", Kind.REFERENCE: NOBODY,
    Kind.QUANTITY: "gt5|http://unitsofmeasure.org|mg/dL", Kind.URI: "http://example.org",
}  # fmt: skip


def resources() -> dict:
    return {each["type"]: each for each in Api().get("metadata").json["rest"][0]["resource"]}


def test_item_01_metadata_needs_no_token():
    answer = Api().get("metadata")

    assert answer.status == 200
    assert answer.json["kind"] == "instance"
    assert answer.json["fhirVersion"] == "4.0.1"
    assert "json" in answer.json["format"]
    assert answer.json["date"]


def test_item_02_profiles_of_us_core_are_named():
    answer = Api().get("metadata")

    assert "http://hl7.org/fhir/us/core/CapabilityStatement/us-core-server" in answer.json["instantiates"]
    assert f"{US_CORE}us-core-patient" in resources()["Patient"]["supportedProfile"]
    assert f"{US_CORE}us-core-observation-lab" in resources()["Observation"]["supportedProfile"]


def test_item_76_exports_are_declared():
    statement = Api().get("metadata").json

    assert "http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data" in statement["instantiates"]
    assert [each["name"] for each in statement["rest"][0]["operation"]] == ["export"]
    assert any(each["definition"].endswith("/group-export") for each in resources()["Group"]["operation"])


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "QUERY", "NONSENSE"])
@pytest.mark.parametrize("path", ["", "Patient", "metadata", "$export", "Appointment/$find"])
def test_item_06_verbs_that_nobody_knows(house, method, path):
    refused = house.ehr.send(method, path)

    assert refused.status == 405
    assert "GET" in refused.headers["Allow"]


def test_item_03_statement_and_registry_are_one():
    declared = resources()

    assert sorted(declared) == [d.type for d in registry()]
    for definition in registry():
        said = declared[definition.type]
        interactions = {each["code"] for each in said["interaction"]} - {"history-type"}
        assert interactions == definition.interactions
        names = {each["name"] for each in said.get("searchParam", [])}
        assert {p.name for p in definition.params} <= names
        exported = {"export"} if definition.type in {"Patient", "Group"} else set()
        assert {each["name"] for each in said.get("operation", [])} == {
            each.name for each in operations.of(definition)
        } | exported


@pytest.mark.parametrize("kind", [d.type for d in registry() if "search-type" in d.interactions])
def test_item_03_every_declared_search_answers(house, kind):
    """Each parameter by itself, missing where it can be, and as an order."""
    for param in resources()[kind]["searchParam"]:
        name, kind_of = param["name"], Kind(param["type"])
        value = NOBODY if name == "_id" else SAMPLES[kind_of]
        asked = {"service-type": "check-up"} if kind == "Slot" and name != "service-type" else {}
        assert house.ehr.get(kind, {**asked, name: value}, prefer="handling=strict").status == 200, name
        if kind == "Slot":
            continue
        if name != "_id":
            assert house.ehr.get(kind, {f"{name}:missing": "true"}).status == 200, name
        if kind_of not in {Kind.REFERENCE, Kind.URI}:
            assert house.ehr.get(kind, {"_sort": f"-{name}"}).status == 200, name


@pytest.mark.parametrize("kind", [d.type for d in registry()])
def test_item_03_verbs_that_are_not_declared_are_refused(house, kind):
    inner = registry().find(kind).interactions
    wanted = {
        "create": ("POST", kind),
        "update": ("PUT", f"{kind}/{NOBODY}"),
        "delete": ("DELETE", f"{kind}/{NOBODY}"),
    }

    for name, (verb, path) in wanted.items():
        answer = house.ehr.send(
            verb, path, {"resourceType": kind, "id": NOBODY} if verb != "DELETE" else None
        )
        assert (answer.status == 405) == (name not in inner), (name, answer.text)
        if answer.status == 405:
            assert verb not in answer.headers["Allow"]


@pytest.mark.parametrize(
    "kind", [d.type for d in registry() if "search-type" in d.interactions and d.type != "Slot"]
)
def test_item_03_every_declared_include_answers(house, kind):
    said = resources()[kind]

    for name in said.get("searchInclude", []):
        assert house.ehr.get(kind, {"_include": name}, prefer="handling=strict").status == 200, name
    for name in said.get("searchRevInclude", []):
        assert house.ehr.get(kind, {"_revinclude": name}, prefer="handling=strict").status == 200, name


@pytest.mark.parametrize(
    "accept", ["application/fhir+json", "application/json", "*/*", "application/fhir+json; fhirVersion=4.0"]
)
def test_item_04_json_is_served(house, accept):
    answer = house.ehr.get(f"Patient/{house.ada}", accept=accept)

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/fhir+json; charset=utf-8"


def test_item_04_format_beats_accept(house):
    assert house.ehr.get(f"Patient/{house.ada}?_format=json", accept="text/html").status == 200
    assert house.ehr.get(f"Patient/{house.ada}", accept="text/html").status == 406
    assert house.ehr.get(f"Patient/{house.ada}?_format=xml").status == 406
    assert (
        house.ehr.get(f"Patient/{house.ada}", accept="application/fhir+json; fhirVersion=3.0").status == 406
    )


def test_item_05_bodies_are_looked_at(house):
    good = practitioner()

    assert house.ehr.send("POST", "Practitioner", good, kind="text/plain").status == 415
    assert (
        house.ehr.send("POST", "Practitioner", good, kind="application/fhir+json; fhirVersion=3.0").status
        == 415
    )
    assert house.ehr.send("POST", "Practitioner", b"{nonsense").status == 400
    assert house.ehr.post("Practitioner", {**good, "nonsense": 1}).status == 400
    assert house.ehr.post("Practitioner", {**good, "id": 7}).status in {400, 422}
    refused = house.ehr.post("Observation", observation(house.ada, status="bogus"))
    assert refused.status == 422
    assert refused.issue["severity"] == "error"
    assert refused.issue["code"] == "code-invalid"
    assert refused.issue["expression"] == ["Observation.status"]
    assert refused.issue["diagnostics"]


def test_item_05_invariants_are_rules(house):
    both = observation(house.ada, dataAbsentReason={"text": "why"})

    refused = house.ehr.post("Observation", both)

    assert refused.status == 422
    assert "obs-6" in refused.issue["diagnostics"]


def test_item_06_what_is_not_there_says_so(house):
    key = house.ehr.post("Practitioner", practitioner()).json["id"]
    house.ehr.delete(f"Practitioner/{key}")

    assert house.ehr.get("Nonsense").status == 404
    assert house.ehr.get(f"Patient/{NOBODY}").status == 404
    assert house.ehr.get(f"Practitioner/{key}").status == 410
    assert house.ehr.get("Patient/$nonsense").status == 404
    refused = house.ehr.delete(f"Patient/{house.ada}")
    assert refused.status == 405
    assert "GET" in refused.headers["Allow"]
    assert house.ehr.get("Patient/not_an_id!").status == 400


def test_item_07_less_of_a_resource(house):
    path = f"Patient/{house.ada}"

    assert "\n" in house.ehr.get(f"{path}?_pretty=true").text
    summary = house.ehr.get(f"{path}?_summary=true").json
    assert "communication" not in summary
    assert "name" in summary
    only = house.ehr.get(f"{path}?_elements=gender").json
    assert set(only) == {"resourceType", "id", "meta", "gender"}
    assert only["meta"]["tag"][0]["code"] == "SUBSETTED"
    found = house.ehr.get("Patient", {"_elements": "gender", "_id": str(house.ada)}).matches[0]
    assert "birthDate" not in found
    assert "text" not in house.ehr.get(f"{path}?_summary=data").json
    assert "birthDate" not in house.ehr.get(f"{path}?_summary=text").json
    counted = house.ehr.get("Patient", {"_summary": "count"})
    assert counted.json["total"] == 2
    assert not counted.entries


def test_item_08_every_answer_has_its_id_and_tells_no_secrets(house):
    answer = house.ehr.get(f"Patient/{house.ada}", x_request_id="abc-1")
    refused = house.ehr.get("Patient", {"birthdate": "canary-nonsense"})

    assert answer.headers["X-Request-Id"] == "abc-1"
    assert answer.headers["Date"]
    assert house.ehr.get(f"Patient/{house.ada}").headers["X-Request-Id"]
    assert refused.status == 400
    assert "canary" not in refused.text


def test_item_61_smart_configuration_says_what_is_true():
    answer = Api().get(".well-known/smart-configuration")

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert Api().get("metadata").headers["Access-Control-Allow-Origin"] == "*"
    assert "permission-v2" in answer.json["capabilities"]
    assert "plain" not in answer.json["code_challenge_methods_supported"]
    assert answer.json["authorization_endpoint"].endswith("/oauth/authorize/")


def test_openapi_has_every_type():
    paths = Api().get("openapi.json").json["paths"]

    assert {f"/{d.type}" for d in registry() if "search-type" in d.interactions} <= set(paths)
