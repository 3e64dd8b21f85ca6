"""Checklist A: capabilities, negotiation, errors."""

from __future__ import annotations

import pytest
from every_type import body
from fhir_house import Api, observation, practitioner

from fhir_facade.server import operations
from fhir_facade.server.registry import Kind, registry

pytestmark = pytest.mark.django_db
US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"
NOBODY = "00000000-0000-7000-8000-000000000000"
# Each type of US Core 6.1.0 that is served, with its profile.
CLAIMED = {
    "AllergyIntolerance": "allergyintolerance", "DiagnosticReport": "diagnosticreport-lab",
    "Encounter": "encounter", "Location": "location", "Medication": "medication",
    "MedicationRequest": "medicationrequest", "Observation": "observation-lab",
    "Organization": "organization", "Patient": "patient", "Practitioner": "practitioner",
    "PractitionerRole": "practitionerrole", "Provenance": "provenance",
    "QuestionnaireResponse": "questionnaireresponse", "RelatedPerson": "relatedperson",
    "ServiceRequest": "servicerequest", "Specimen": "specimen",
}  # fmt: skip
INNER = {"resourceType": "Organization", "id": "o", "name": "O"}
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
    answer, declared = Api().get("metadata"), resources()

    assert "http://hl7.org/fhir/us/core/CapabilityStatement/us-core-server" in answer.json["instantiates"]
    for kind, profile in CLAIMED.items():
        assert f"{US_CORE}us-core-{profile}" in declared[kind]["supportedProfile"], kind
    claimed = [each for said in declared.values() for each in said.get("supportedProfile", ())]
    assert len([each for each in claimed if each.startswith(US_CORE)]) == len(CLAIMED)


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
        "patch": ("PATCH", f"{kind}/{NOBODY}"),
        "delete": ("DELETE", f"{kind}/{NOBODY}"),
    }

    for name, (verb, path) in wanted.items():
        body = {"DELETE": None, "PATCH": []}.get(verb, {"resourceType": kind, "id": NOBODY})
        form = "application/json-patch+json" if verb == "PATCH" else "application/fhir+json"
        answer = house.ehr.send(verb, path, body, kind=form)
        assert (answer.status == 405) == (name not in inner), (name, answer.text)
        if answer.status == 405:
            assert verb not in answer.headers["Allow"]


@pytest.mark.parametrize("kind", [d.type for d in registry()])
def test_item_03_what_is_declared_to_be_read_answers_and_nothing_else(house, kind):
    """Searches, versions and conditional writes: told by what a refusal says."""
    said = resources()[kind]
    inner = {each["code"] for each in said["interaction"]}

    def answers(path, method="GET", body=None):
        answer = house.ehr.send(method, path, body)
        return "not-supported" not in {each["code"] for each in answer.json.get("issue", ())}

    search = f"{kind}?service-type=check-up" if kind == "Slot" else kind
    assert answers(search) == ("search-type" in inner)
    assert answers(f"{kind}/{NOBODY}/_history/1") == ("vread" in inner) == said["readHistory"]
    assert answers(f"{kind}/{NOBODY}/_history") == ("history-instance" in inner)
    assert answers(f"{kind}/_history") == ("history-type" in inner)
    assert answers(f"{kind}?_id={NOBODY}", "DELETE") == (said.get("conditionalDelete") == "single")
    sent = {"resourceType": kind}
    assert answers(f"{kind}?_id={NOBODY}", "PUT", sent) == bool(said.get("conditionalUpdate"))


@pytest.mark.parametrize("kind", [d.type for d in registry()])
def test_item_03_declared_operations_answer_and_no_other(house, kind):
    declared = {each["name"] for each in resources()[kind].get("operation", [])}

    for name in [*operations.OPERATIONS, "export", "match", "nonsense"]:
        answers = [
            house.ehr.send(method, where, {"resourceType": "Parameters"} if method == "POST" else None)
            for where in (f"{kind}/${name}", f"{kind}/{NOBODY}/${name}") for method in ("GET", "POST")
        ]  # fmt: skip
        there = [each for each in answers if each.json.get("issue", [{}])[0].get("code") != "not-supported"]
        assert bool(there) == (name in declared), (name, [each.text for each in answers])


def test_item_03_all_at_the_base_is_declared(house):
    rest = Api().get("metadata").json["rest"][0]

    assert {each["code"] for each in rest["interaction"]} == {"transaction", "batch"}
    for kind in ("transaction", "batch"):
        assert house.ehr.post("", {"resourceType": "Bundle", "type": kind, "entry": []}).status == 200
    assert house.ehr.get("$export", prefer="respond-async").status == 202


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


@pytest.mark.parametrize(
    ("rule", "kind", "said"),
    [
        ("obs-7", "Observation", {"component": [
            {"code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]}, "valueString": "x"}]}),
        ("pat-1", "Patient", {"contact": [{"relationship": [{"text": "Mother"}]}]}),
        ("per-1", "MedicationStatement",
         {"effectivePeriod": {"start": "2026-05-02", "end": "2026-05-01"}}),
        ("qty-3", "Observation", {"valueQuantity": {"value": 1, "code": "mg"}}),
        ("cpt-2", "Practitioner", {"telecom": [{"value": "555"}]}),
        ("ait-1", "AllergyIntolerance", {"clinicalStatus": None}),
        ("que-2", "Questionnaire", {"item": [{"linkId": "a", "type": "string"}] * 2}),
        ("ref-1", "Observation", {"performer": [{"reference": "#nobody"}]}),
        ("ext-1", "Observation", {"extension": [{"url": "http://x"}]}),
        ("dom-2", "Observation", {
            "contained": [{**INNER, "contained": [INNER | {"id": "b"}]}],
            "performer": [{"reference": "#o"}],
        }),
        ("dom-3", "Observation", {"contained": [INNER]}),
        ("dom-4", "Observation", {"contained": [{**INNER, "meta": {"versionId": "1"}}],
                                  "performer": [{"reference": "#o"}]}),
        ("dom-5", "Observation", {"contained": [{**INNER, "meta": {"security": [{"code": "R"}]}}],
                                  "performer": [{"reference": "#o"}]}),
        ("org-1", "Organization", {"name": None}), ("ppc-1", "Consent", {"policyRule": None}),
        ("ppc-2", "Consent", {"patient": None}),
    ],
)  # fmt: skip
def test_item_05_each_invariant_is_told_by_its_key(house, rule, kind, said):
    house.open_clinic()
    broken = {name: value for name, value in {**body(house, kind), **said}.items() if value is not None}

    refused = house.ehr.post(kind, broken)

    assert refused.status == 422, refused.text
    assert rule in " ".join(each["diagnostics"] for each in refused.json["issue"])


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("bdl-1", {"total": 1}), ("bdl-2", {"entry": [{"search": {"mode": "match"}}]}),
        ("bdl-7", {"entry": [{"fullUrl": "urn:x"}] * 2}),
        ("bdl-8", {"entry": [{"fullUrl": "http://x/Patient/1/_history/1"}]}),
    ],
)  # fmt: skip
def test_item_05_a_bundle_has_its_rules(house, rule, said):
    refused = house.ehr.post("", {"resourceType": "Bundle", "type": "batch", **said})

    assert refused.status == 400
    assert rule in refused.issue["diagnostics"]


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


@pytest.mark.parametrize("path", ["metadata", "", "Patient", "Patient/x", "Appointment/$find", "$export"])
def test_item_65_an_app_in_a_browser_may_ask_from_its_own_origin(house, path):
    """SMART App Launch 2.0, considerations for CORS: the API's addresses as well as those of its tokens."""
    wanted = {"origin": "https://app.example.org", "access_control_request_method": "PUT"}

    asked = Api().send("OPTIONS", path, **wanted)
    answers = [api.get(path, origin=wanted["origin"]) for api in (house.ehr, Api())]

    assert (asked.status, asked.text) == (204, "")
    for name in ("Authorization", "Content-Type", "If-Match", "Prefer"):
        assert name in asked.headers["Access-Control-Allow-Headers"]
    assert "PUT" in asked.headers["Access-Control-Allow-Methods"]
    for answer in (asked, *answers):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "ETag" in answers[0].headers["Access-Control-Expose-Headers"]


def test_openapi_has_every_type():
    paths = Api().get("openapi.json").json["paths"]

    assert {f"/{d.type}" for d in registry() if "search-type" in d.interactions} <= set(paths)
