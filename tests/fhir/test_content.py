"""Checklist F, K and L: operations, and what the resources say."""

from __future__ import annotations

from uuid import UUID

import pytest
from fhir_house import observation, practitioner

from fhir_facade.server import wire
from labs import service as labs
from steadwell import clock
from steadwell.actor import system
from steadwell.identity import service as identity
from steadwell.ids import PersonId

pytestmark = pytest.mark.django_db


def test_item_51_everything(house):
    house.open_clinic()
    house.visit(house.ada)
    house.visit(house.bo, hours=2)
    house.lab_report(house.ada)
    house.lab_report(house.bo)
    path = f"Patient/{house.ada}/$everything"

    answer = house.ehr.get(path)

    kinds = {each["resourceType"] for each in answer.matches}
    assert {"Patient", "Observation", "DiagnosticReport", "Appointment"} <= kinds
    assert {"Practitioner", "Location"} <= {each["resourceType"] for each in answer.included}
    assert "anarybo" not in answer.text
    assert str(house.bo) not in answer.text
    assert {e["resourceType"] for e in house.ehr.get(f"{path}?_type=Observation").matches} == {"Observation"}
    assert house.ehr.get(f"{path}?_type=Observation&_since=2099-01-01").matches == []
    seen = [e["id"] for page in house.ehr.pages(path, {"_count": "1"}) for e in page.matches]
    assert len(seen) == len(set(seen)) == len(answer.matches)
    assert house.of(house.ada).get(path).status == 200
    assert house.of(house.bo).get(path).status == 404


def test_item_53_validate(house):
    good = observation(house.ada)
    profile = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-observation-lab"

    def said(resource, **more):
        parts = [{"name": "resource", "resource": resource}]
        parts += [{"name": name, **value} for name, value in more.items()]
        return house.ehr.post("Observation/$validate", {"resourceType": "Parameters", "parameter": parts})

    fine = said(good, mode={"valueCode": "create"}, profile={"valueUri": profile})
    assert (fine.status, fine.issue["severity"]) == (200, "information")
    assert house.ehr.post("Observation/$validate", good).issue["severity"] == "information"
    assert said({**good, "status": "bogus"}).issue["severity"] == "error"
    assert said(good, profile={"valueUri": "http://example.org/none"}).status == 400
    assert said(good, mode={"valueCode": "bogus"}).status == 400
    assert house.ehr.get("Observation", {"_summary": "count"}).json["total"] == 0


def test_item_84_what_is_missing_says_why(house):
    house.lab_report(house.ada, observations=(
        labs.IncomingObservation(
            key="2823-3", code=labs.Coded(code="2823-3", text="Potassium", system="LN"), value_type="ST",
            value="not performed", status=labs.Status.FINAL,
        ),
    ))  # fmt: skip
    nameless = house.person("", "Only", "O-1")

    result = house.ehr.get("Observation").matches[0]

    assert result["dataAbsentReason"]["coding"][0]["code"] == "not-performed"
    family = house.ehr.get(f"Patient/{nameless}").json["name"][0]["_family"]
    assert family["extension"][0]["valueCode"] == "unknown"


def test_item_86_must_support_is_there(house):
    """Over the data set; google-fhir-r4 looked at each of them already."""
    house.lab_report(house.ada)
    patient = house.ehr.get(f"Patient/{house.ada}").json
    result = house.ehr.get("Observation").matches[0]
    report = house.ehr.get("DiagnosticReport").matches[0]

    for name in ("identifier", "name", "telecom", "gender", "birthDate", "address", "communication"):
        assert name in patient, name
    for name in (
        "status",
        "category",
        "code",
        "subject",
        "effectiveDateTime",
        "valueQuantity",
        "performer",
        "referenceRange",
    ):
        assert name in result, name
    assert result["meta"]["lastUpdated"]
    for name in (
        "status",
        "category",
        "code",
        "subject",
        "effectiveDateTime",
        "issued",
        "performer",
        "result",
    ):
        assert name in report, name
    assert report["category"][0]["coding"][0]["code"] == "LAB"
    for reference in (report["subject"], *report["result"], result["subject"]):
        assert house.ehr.get(reference["reference"]).status == 200


def test_item_86_reports_lead_to_their_papers(house):
    paper = labs.Attachment(name="r.pdf", content_type="application/pdf", content=b"%PDF-1.4 paper")
    house.lab_report(house.ada, attachments=(paper,))

    report = house.ehr.get(
        "DiagnosticReport", {"patient": str(house.ada), "_include": "DiagnosticReport:result"}
    )

    url = report.matches[0]["presentedForm"][0]["url"]
    assert house.ehr.get(url).json["contentType"] == "application/pdf"
    assert house.of(house.ada).get(url).status == 200
    assert house.of(house.bo).get(url).status == 404
    assert [e["resourceType"] for e in report.included] == ["Observation"]


@pytest.mark.parametrize(
    "sign",
    [
        "<script>alert(1)</script>",
        '<b onclick="x()">b</b>',
        '<a href="javascript:x">a</a>',
        '<img/onerror="x()" src="x"/>',
        '<a href="java&#115;cript:x">a</a>',
        '<a href="java&#10;script:x">a</a>',
        '<a href="data:text/html,x">a</a>',
        "<svg><text>a</text></svg>",
        "<p style=\"background: url('http://example.org/seen')\">a</p>",
        '<x:b xmlns:x="http://example.org/x">a</x:b>',
        "<b>not closed",
        " ",
    ],
)
def test_item_87_narrative_is_safe(house, sign):
    text = {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{sign}</div>'}

    assert house.ehr.post("Practitioner", practitioner(text=text)).status in {400, 422}
    text["div"] = (
        '<div xmlns="http://www.w3.org/1999/xhtml"><b class="x" style="color: red">fine</b> &#160;'
        '<a href="#more">more</a><img src="data:image/png;base64,AA" alt="x"/><hr/></div>'
    )
    kept = house.ehr.post("Practitioner", practitioner(text=text))
    assert (kept.status, kept.json["text"]) == (201, text), kept.text


def test_item_88_units_and_codes(house):
    house.lab_report(house.ada)

    result = house.ehr.get("Observation").matches[0]

    value = result["valueQuantity"]
    assert (value["system"], value["code"]) == ("http://unitsofmeasure.org", "mmol/L")
    assert result["code"]["coding"][0] == {"system": "http://loinc.org", "code": "2823-3"}
    assert result["code"]["text"] == "Test 2823-3"
    assert result["referenceRange"][0]["text"] == "3.5-5.1"
    assert wire.text(result["referenceRange"][0]["low"]["value"]) == "3.5"


def test_item_89_identifiers_have_their_system(house):
    house.lab_report(house.ada)
    house.open_clinic()
    house.visit(house.ada)

    for kind in ("Patient", "Practitioner", "DiagnosticReport", "Location", "Organization"):
        for each in house.ehr.get(kind).matches:
            for identifier in each["identifier"]:
                assert identifier["system"], kind
                assert identifier["value"], kind


def test_a_result_sent_over_the_api_reaches_the_laboratorys_readers(house):
    """It is filed, matched and flagged as any other: read back through labs itself."""

    key = house.ehr.post("Observation", observation(house.ada, "6.9")).json["id"]
    report = labs.reports_of(actor=system("test"), person_id=house.ada, now=house.now).reports[0]
    shown = labs.get_report(actor=system("test"), report_id=report.report_id, now=house.now)

    assert str(shown.results[0].result_id) == key
    assert f"{shown.results[0].quantity.value:f}" == "6.9"
    assert house.ehr.get("DiagnosticReport").ids == []


def test_a_correction_by_the_laboratory_shows_over_what_was_sent(house):
    """What an app says later counts; what it has no column for stays."""
    extension = [{"url": "http://example.org/e", "valueString": "kept"}]
    made = house.ehr.post("Patient", {
        "resourceType": "Patient", "name": [{"family": "Newcomer", "given": ["Ike"]}], "extension": extension,
        "birthDate": "1970-01-02",
    }).json  # fmt: skip

    person_id = PersonId(UUID(made["id"]))
    known = identity.get_detail(actor=system("test"), person_id=person_id, now=clock.now())
    said = identity.Demographics(
        family_name="Oldcomer", given_name="Ike", birth_date=known.shown.demographics.birth_date
    )
    identity.update_demographics(
        actor=system("test"), person_id=person_id, demographics=said, expected_version=known.shown.version,
        reason="married", now=clock.now(),
    )  # fmt: skip

    now = house.ehr.get(f"Patient/{made['id']}").json

    assert now["name"][0]["family"] == "Oldcomer"
    assert now["birthDate"] == "1970-01-02"
    assert now["extension"] == extension
