"""Beside what both patients have: all that US Core wants supported, as some systems and feeds say it."""

from __future__ import annotations

from typing import Any

from every_type import Body, body
from fhir_house import OPERATOR, House, clinic
from fhir_medicines import fed, fed_allergy

from labs import service as labs
from scheduling.models import Practitioner, Site

EXTENSIONS = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
OMB = "urn:oid:2.16.840.1.113883.6.238"
REACH: dict[str, Any] = {
    "telecom": [{"system": "phone", "value": "555-0123", "use": "work"}],
    "address": [{"line": ["2 Side St"], "city": "Springfield", "state": "IL", "postalCode": "62701"}],
}


def enrich(house: House) -> None:
    Site.objects.filter(pk=house.site).update(phone="555-0111", address="1 Main St, Springfield, IL")
    Practitioner.objects.filter(pk=house.clinician).update(title="Physician")
    for each in (*of_people(house), *of_care(house)):
        made = house.ehr.post(each["resourceType"], each)
        assert made.status == 201, made.text
    labs.place_order(
        actor=OPERATOR, number="LO-1", person_id=house.ada, site_id=house.site, name="Blood count",
        loinc="57021-8", practitioner_id=house.clinician, request_key=clinic.key(), now=house.now,
    )  # fmt: skip
    fed(house, house.bo, reason_text="Pain", prescriber_name="Dr Far", quantity_text="30 tablets",
        refills_left=2)  # fmt: skip
    fed_allergy(house, house.bo)
    observed(house)


def of_people(house: House) -> list[Body]:
    codes: dict[str, list[Body]] = {
        "race": [
            {"url": "ombCategory", "valueCoding": {"system": OMB, "code": "2106-3"}},
            {"url": "text", "valueString": "White"},
        ],
        "ethnicity": [{"url": "text", "valueString": "Not Hispanic"}],
        "tribal-affiliation": [{"url": "tribalAffiliation", "valueCodeableConcept": {"text": "Navajo"}}],
    }
    extensions = [{"url": f"{EXTENSIONS}{name}", "extension": parts} for name, parts in codes.items()]
    doctor = {"reference": f"Practitioner/{house.clinician}"}
    names = [
        {"use": "old", "family": "Before", "given": ["Ike"], "suffix": ["Jr"]},
        {"use": "official", "family": "Newcomer", "given": ["Ike"]},
    ]
    newcomer = body(house, "Patient", "R-1")
    return [
        {
            **newcomer, "deceasedDateTime": "2026-06-01", "name": names, "telecom": REACH["telecom"],
            "extension": [*extensions, {"url": f"{EXTENSIONS}sex", "valueCode": "248152002"}],
            "address": [{**REACH["address"][0], "use": "old", "period": {"end": "2026-01-01"}}],
        },
        {name: value for name, value in body(house, "Patient", "R-2").items() if name != "gender"},
        {**body(house, "Practitioner", "R-3"), **REACH},
        {**body(house, "PractitionerRole"), "practitioner": doctor, "telecom": REACH["telecom"]},
        {**body(house, "Organization", "R-4"), **REACH},
        {**body(house, "RelatedPerson"), **REACH, "relationship": [{"text": "Mother"}]},
    ]  # fmt: skip


def of_care(house: House) -> list[Body]:
    visit = house.ehr.get("Encounter", {"patient": str(house.ada)}).ids[0]
    outpatient = {
        "system": "http://terminology.hl7.org/CodeSystem/medicationrequest-category", "code": "outpatient",
    }  # fmt: skip
    return [
        {
            **body(house, "ServiceRequest", "R-5"), "category": [{"text": "Laboratory"}],
            "requester": {"reference": f"Practitioner/{house.clinician}"}, "authoredOn": "2026-05-01",
            "occurrencePeriod": {"start": "2026-05-01"}, "reasonCode": [{"text": "Tired"}],
        },
        {
            **body(house, "Specimen", "R-6"), "collection": {"collectedDateTime": "2026-05-01"},
            "accessionIdentifier": {"system": "http://example.org/a", "value": "1"},
        },
        {
            **body(house, "QuestionnaireResponse", "R-7"),
            "author": {"reference": f"Patient/{house.ada}"},
        },
        {
            **body(house, "MedicationRequest", "R-8"), "category": [{"coding": [outpatient]}],
            "encounter": {"reference": f"Encounter/{visit}"},
        },
    ]  # fmt: skip


def observed(house: House) -> None:
    """Values in words, by a code, and none."""
    positive = labs.Coded(code="10828004", text="Positive", system="SCT")
    said = [("ST", "cloudy", "5767-9"), ("CE", "positive", "5802-4"), ("ST", "not performed", "2345-7")]
    house.lab_report(
        house.ada, specimen="Urine",
        observations=tuple(
            labs.IncomingObservation(
                key=loinc, code=labs.Coded(code=loinc, text=f"Test {loinc}", system="LN"), value_type=kind,
                value=value, value_code=positive if kind == "CE" else None, status=labs.Status.FINAL,
            )
            for kind, value, loinc in said
        ),
    )  # fmt: skip
