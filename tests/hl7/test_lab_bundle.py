from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_facade import lab_bundle
from labs import service as labs
from labs.service import Coded, IncomingReport, Status
from steadwell import clock
from steadwell.actor import system
from steadwell.errors import Invalid
from steadwell.identity.service import Sex

LOINC = "http://loinc.org"


def observation(identifier: str = "o1", **fields: Any) -> dict[str, Any]:
    given = {
        "resourceType": "Observation", "id": identifier, "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "2345-7", "display": "Glucose"}]},
        "effectiveDateTime": "2026-03-02T08:00:00+01:00",
    }  # fmt: skip
    return given | fields


def bundle(*observations: dict[str, Any], **report: Any) -> dict[str, Any]:
    found = {
        "resourceType": "DiagnosticReport", "id": "r1", "status": "final",
        "identifier": [{"system": "urn:lab", "value": "F-1"}],
        "code": {"coding": [{"system": LOINC, "code": "24323-8"}], "text": "Metabolic panel"},
        "subject": {"reference": "urn:uuid:pat"}, "issued": "2026-03-02T09:10:00Z",
        "basedOn": [{"reference": "ServiceRequest/s1"}], "specimen": [{"reference": "Specimen/sp"}],
        "performer": [{"display": "Northern Laboratory"}],
        "result": [{"reference": f"Observation/{each['id']}"} for each in observations],
    } | report  # fmt: skip
    patient = {
        "resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1984-06-11",
        "identifier": [{"type": {"coding": [{"code": "MR"}]}, "system": "urn:lab:mrn", "value": "A-77"}],
        "name": [{"use": "official", "family": "Rivera", "given": ["Ana", "Lucia"]},
                 {"use": "maiden", "family": "Soto"}],
        "telecom": [{"system": "phone", "value": "5550100"},
                    {"system": "email", "value": "ana@example.test"}],
        "address": [{"line": ["1 Elm St"], "city": "Ely", "postalCode": "55731"}],
    }  # fmt: skip
    request = {
        "resourceType": "ServiceRequest", "id": "s1", "identifier": [{"value": "P-1"}],
        "requester": {"reference": "Practitioner/d1"},
    }  # fmt: skip
    doctor = {
        "resourceType": "Practitioner", "id": "d1", "name": [{"family": "Okafor", "given": ["Nia"]}],
        "identifier": [{"system": "local", "value": "77"},
                       {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"}],
    }  # fmt: skip
    specimen = {
        "resourceType": "Specimen",
        "id": "sp",
        "type": {"coding": [{"code": "SER", "display": "Serum"}]},
        "collection": {"collectedDateTime": "2026-03-02T07:55:00+01:00"},
    }
    return {
        "resourceType": "Bundle", "type": "collection", "timestamp": "2026-03-02T09:15:00Z",
        "entry": [
            {"fullUrl": "urn:uuid:rep", "resource": found}, {"fullUrl": "urn:uuid:pat", "resource": patient},
            *({"resource": each} for each in (request, doctor, specimen, *observations)),
        ],
    }  # fmt: skip


def read(resource: dict[str, Any]) -> IncomingReport:
    (found,) = lab_bundle.reports(lab_bundle.load(json.dumps(resource).encode()), sender="north")
    return found


def quantity(value: Any, unit: str = "mmol/L", **more: Any) -> dict[str, Any]:
    said = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    return {"valueQuantity": said | more}


def test_report_is_read_with_all_that_it_points_at():
    found = read(bundle(observation(**quantity(5.4)), conclusion="All well."))

    assert (found.filler_number, found.placer_number, found.status) == ("F-1", "P-1", Status.FINAL)
    assert found.code == Coded(code="24323-8", text="Metabolic panel", system="LN")
    assert (found.ordered_by, found.ordered_by_name) == ("1234567893", "Nia Okafor")
    assert (found.performer, found.specimen, found.notes) == ("Northern Laboratory", "Serum", ("All well.",))
    assert found.collected_at == datetime(2026, 3, 2, 6, 55, tzinfo=UTC)
    assert found.sent_at == datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
    assert found.patient is not None
    assert (found.patient.external_id, found.patient.identifiers[0].type) == ("urn:lab:mrn|A-77", "MR")
    said = found.patient.demographics
    assert (said.family_name, said.given_name, said.middle_name) == ("Rivera", "Ana", "Lucia")
    assert (said.sex, said.birth_date, said.former_names) == (Sex.FEMALE, date(1984, 6, 11), ("Soto",))
    assert (said.phone, said.email) == ("5550100", "ana@example.test")
    (glucose,) = found.observations
    assert (glucose.key, glucose.code.loinc, glucose.value, glucose.unit) == (
        "2345-7",
        "2345-7",
        "5.4",
        "mmol/L",
    )


@pytest.mark.parametrize("written", ["7.10", "0.50", "100", "1.0E2", "0.000000100", "12345678901234567890.1"])
def test_digits_stay_as_they_were_written(written):
    raw = (
        json.dumps(bundle(observation(**quantity(1)))).replace('"value": 1,', f'"value": {written},').encode()
    )

    (found,) = lab_bundle.reports(lab_bundle.load(raw), sender="north")

    assert found.observations[0].value == {"1.0E2": "100"}.get(written, written)  # as a person writes it


@pytest.mark.parametrize(
    "code",
    ["registered", "partial", "preliminary", "final", "corrected", "amended", "appended", "cancelled",
     "entered-in-error"],
)  # fmt: skip
def test_every_status(code):
    found = read(bundle(observation(status=code), status=code))

    assert found.status == found.observations[0].status == Status(code)


def test_unknown_status_leaves_the_reports_to_count_and_a_made_up_one_is_set_aside():
    found = read(
        bundle(observation("a", status="unknown"), observation("b", status="done"), status="unknown")
    )

    assert found.status is None
    assert [(each.status, bool(each.refusal)) for each in found.observations] == [(None, False), (None, True)]


@pytest.mark.parametrize(
    ("fields", "kind", "value", "unit"),
    [
        (quantity(5, comparator="<"), "NM", "<5", "mmol/L"),
        ({"valueQuantity": {"value": 5, "unit": "mg per dl"}}, "NM", "5", "mg per dl"),
        ({"valueString": "Many rods"}, "ST", "Many rods", ""),
        ({"valueInteger": 3}, "NM", "3", ""),
        ({"valueBoolean": True}, "ST", "yes", ""),
        ({"valueBoolean": False}, "ST", "no", ""),
        ({"valueRange": {"low": {"value": 5}, "high": {"value": 10}}}, "SN", "^5^-^10", ""),
        ({"valueRange": {"high": {"value": 10, "unit": "g"}}}, "SN", "<=^10", "g"),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 160}}}, "SN", "^1^:^160", ""),
        ({"valueRatio": {"numerator": {"value": 3}, "denominator": {"value": 10}}}, "SN", "^3^/^10", ""),
        ({"valueDateTime": "2026-03-02"}, "TS", "2026-03-02", ""),
        ({"valuePeriod": {"start": "2026", "end": "2027"}}, "DR", "2026 – 2027", ""),
        ({"valueCodeableConcept": {"text": "Detected"}}, "CWE", "Detected", ""),
        ({"dataAbsentReason": {"coding": [{"code": "not-performed"}]}}, "ST", "not performed", ""),
        ({"dataAbsentReason": {"text": "Specimen lost"}}, "ST", "Specimen lost", ""),
        ({}, "", "", ""),
    ],
)
def test_every_form_of_value(fields, kind, value, unit):
    (found,) = read(bundle(observation(**fields))).observations

    assert (found.value_type, found.value, found.unit, found.refusal) == (kind, value, unit, "")


def test_coded_value_keeps_its_codes():
    coding = [{"system": "http://snomed.info/sct", "code": "260373001", "display": "Detected"}]

    (found,) = read(bundle(observation(valueCodeableConcept={"coding": coding}))).observations

    assert found.value_code == Coded(code="260373001", text="Detected", system="SCT")


@pytest.mark.parametrize(
    ("ranges", "text"),
    [
        ([{"low": {"value": 3.9}, "high": {"value": 5.50}}], "3.9-5.5"),
        ([{"low": {"value": 40}}], ">=40"),
        ([{"high": {"value": 5}}], "<=5"),
        ([{"text": "Negative"}], "Negative"),
        (
            [{"type": {"coding": [{"code": "therapeutic"}]}, "low": {"value": 1}}, {"low": {"value": 2}}],
            ">=2",
        ),
        ([], ""),
    ],
)
def test_reference_range_is_written_as_a_laboratory_prints_it(ranges, text):
    assert read(bundle(observation(referenceRange=ranges))).observations[0].range_text == text


def test_components_and_members_hang_under_theirs():
    code = {"coding": [{"system": LOINC, "code": "8480-6"}]}
    panel = observation(
        "panel", code={"text": "Panel"}, hasMember=[{"reference": "Observation/m"}],
        component=[{"code": code, **quantity(120, "mm[Hg]")}, {"code": {}, "valueString": "x"}],
    )  # fmt: skip
    found = read(bundle(panel, observation("m")))

    assert [(each.key, each.parent_key, bool(each.refusal)) for each in found.observations] == [
        ("Panel", "", False), ("Panel|8480-6", "Panel", False), ("Panel|?", "Panel", True),
        ("2345-7", "Panel", False),
    ]  # fmt: skip


def test_contained_resources_are_found():
    report = {
        "resourceType": "DiagnosticReport", "status": "final", "code": {"text": "Panel"},
        "contained": [observation("o"), {"resourceType": "Patient", "id": "p", "name": [{"family": "Lee"}]}],
        "subject": {"reference": "#p"}, "result": [{"reference": "#o"}],
    }  # fmt: skip

    found = read(report)

    assert found.observations[0].key == "2345-7"
    assert found.patient is not None
    assert found.patient.demographics.family_name == "Lee"


def test_patient_named_by_identifier_only():
    found = read(bundle(subject={"identifier": {"system": "urn:lab:mrn", "value": "A-77"}}))

    assert found.patient is not None
    assert found.patient.external_id == "urn:lab:mrn|A-77"


def test_one_bad_observation_leaves_the_others():
    found = read(
        bundle(
            observation("a"), observation("b", code={}), observation("c", valueQuantity={"value": "5,4"}),
            observation("d", valueAttachment={"title": "?"}),
            result=[{"reference": f"Observation/{each}"} for each in "abcdx"],
        )
    )  # fmt: skip

    assert [bool(each.refusal) for each in found.observations] == [False, True, True, True, True]


def test_printed_form_is_kept_when_it_is_a_pdf():
    forms = [
        {
            "contentType": "application/pdf",
            "data": base64.b64encode(b"%PDF-1.7 x").decode(),
            "title": "R.pdf",
        },
        {"contentType": "application/pdf", "data": base64.b64encode(b"<script>").decode()},
        {"contentType": "application/pdf", "data": "!!"},
    ]

    assert [each.name for each in read(bundle(presentedForm=forms)).attachments] == ["R.pdf"]


def test_loinc_is_found_whichever_coding_it_is():
    coding = [{"system": "local", "code": "GLU"}, {"system": LOINC, "code": "2345-7"}]

    (found,) = read(bundle(observation(code={"coding": coding}))).observations

    assert (found.code.loinc, found.code.alternate_code) == ("2345-7", "GLU")


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{", b'{"value": NaN}', b"\xff", b"[" * 100_000, b'{"resourceType": "Patient"}']
)
def test_what_is_no_report_is_refused(raw):
    with pytest.raises(Invalid):
        lab_bundle.reports(lab_bundle.load(raw), sender="north")


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


OF_RESULTS = [
    *("status", "code", "valueQuantity", "valueRange", "valueRatio", "component", "hasMember", "note"),
    *("interpretation", "referenceRange", "effectiveDateTime", "performer", "dataAbsentReason"),
]
OF_REPORTS = [
    *("status", "code", "subject", "basedOn", "specimen", "issued", "presentedForm", "identifier"),
    *("performer", "contained", "conclusionCode", "result"),
]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_mapping_never_fails_whatever_stands_where(data):
    junk = {name: data.draw(JUNK) for name in data.draw(st.lists(st.sampled_from(OF_RESULTS), max_size=4))}
    above = {name: data.draw(JUNK) for name in data.draw(st.lists(st.sampled_from(OF_REPORTS), max_size=4))}

    (found,) = lab_bundle.reports(bundle(observation(**junk), **above), sender="north")

    assert found.sender == "north"


@pytest.mark.django_db
def test_bundle_is_filed_by_the_same_service():
    report = read(bundle(observation(**quantity(5.4))))
    now, actor = clock.now(), system("test")

    filed = labs.file_report(actor=actor, report=report, now=now)
    again = labs.file_report(actor=actor, report=report, now=now)

    view = labs.get_report(actor=actor, report_id=filed.report_id, now=now)
    assert (filed.effect, again.effect) == ("new", "same")
    assert (view.results[0].loinc, view.results[0].value_text) == ("2345-7", "5.4")
