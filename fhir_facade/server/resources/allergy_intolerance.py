"""AllergyIntolerance: what each source says somebody does not bear (US Core)."""

from __future__ import annotations

from typing import Any

from fhir_facade.server import allergies as filing
from fhir_facade.server.access import Access
from fhir_facade.server.elements import US_CORE, at, concept, meta, reference, resource, without_empty
from fhir_facade.server.kept import beside_too, with_said
from fhir_facade.server.registry import Column, Definition, Kind, Origin, Param, Row
from fhir_facade.server.resources import medicines
from fhir_facade.server.wire import Resource
from medications import service as medications
from steadwell.relations import Sql

PROFILE = f"{US_CORE}us-core-allergyintolerance"
CLINICAL = filing.CLINICAL
VERIFICATION = filing.VERIFICATION
# A source whose word for the status is not known may still be right: it counts as active, and unconfirmed.
_CLINICAL_STATUS = {"active": "active", "inactive": "inactive", "resolved": "resolved", "unknown": "active"}
_REFUTED = "lower(t.status_word) = 'refuted'"
_CLINICAL_SQL = f"CASE WHEN {_REFUTED} THEN 'inactive' ELSE {medicines.of_code(_CLINICAL_STATUS, 'NULL')} END"
_VERIFIED_SQL = (
    f"CASE WHEN {_REFUTED} THEN 'refuted' WHEN t.status = 'entered-in-error' THEN 'entered-in-error'"
    " WHEN t.source = 'patient' OR t.status = 'unknown' THEN 'unconfirmed' ELSE 'confirmed' END"
)
OWN = {
    "patient": (medicines.SUBJECT,),
    "clinical-status": (Column(exprs={"system": f"'{CLINICAL}'", "code": _CLINICAL_SQL}),),
    "verification-status": (Column(exprs={"system": f"'{VERIFICATION}'", "code": _VERIFIED_SQL}),),
    "code": medicines.coded("substance_text"),
    "identifier": (medicines.identifier("AllergyIntolerance", medications.describe_allergy_number_rows()),),
    "manifestation": (
        Column(exprs={"text": "nullif(t.reaction_text, '')", "system": "NULL::text", "code": "NULL::text"}),
    ),
    "severity": (
        Column(
            exprs={
                "system": "'http://hl7.org/fhir/reaction-event-severity'",
                "code": "CASE WHEN t.reaction_text <> '' THEN nullif(t.severity, '') END",
            }
        ),
    ),
    "date": (Column(exprs={"at": "t.said_at"}),),
    "_source": (medicines.SOURCE,),
    "_profile": (Column(exprs={"exact": f"'{PROFILE}'"}),),
}


def build(row: Row, access: Access) -> Resource:
    clinical, verified = clinical_status(row), verification_status(row)
    return resource(
        "AllergyIntolerance",
        row["id"],
        {
            "meta": meta(row, PROFILE, source=medicines.source(row)),
            "identifier": medicines.identifiers(row),
            "clinicalStatus": concept(CLINICAL, clinical) if clinical else None,
            "verificationStatus": concept(VERIFICATION, verified),
            "code": medicines.drug(row, "substance_text", "substance_name"),
            "patient": reference("Patient", row["person_id"]),
            "recordedDate": at(row["said_at"]),
            "reaction": _reaction(row),
        },
    )


def clinical_status(row: Row) -> str:
    """None for what was entered in error (ait-2); what was refuted is inactive (ait-1)."""
    if row["status_word"].lower() == "refuted":
        return "inactive"
    return _CLINICAL_STATUS.get(row["status"], "")


def verification_status(row: Row) -> str:
    if row["status_word"].lower() == "refuted":
        return "refuted"
    if row["status"] == "entered-in-error":
        return "entered-in-error"
    return "unconfirmed" if row["source"] == "patient" or row["status"] == "unknown" else "confirmed"


def _reaction(row: Row) -> list[dict[str, Any]]:
    """A severity without a reaction says nothing in FHIR: each reaction needs what was seen."""
    if not row["reaction_text"]:
        return []
    return [without_empty({"manifestation": [{"text": row["reaction_text"]}], "severity": row["severity"]})]


def _relation(access: Access) -> Sql:
    return with_said(medications.describe_allergy_rows(actor=access.actor))


def _version_rows(access: Access) -> Sql:
    return medications.describe_allergy_version_rows(actor=access.actor)


PARAMS = (
    Param(
        name="patient", kind=Kind.REFERENCE, paths=("patient",), targets=("Patient",), url="clinical-patient"
    ),
    Param(name="clinical-status", kind=Kind.TOKEN, paths=("clinicalStatus",)),
    Param(name="verification-status", kind=Kind.TOKEN, paths=("verificationStatus",)),
    Param(
        name="code", kind=Kind.TOKEN, paths=("code", "reaction.substance"), url="clinical-code"
    ),
    Param(name="identifier", kind=Kind.TOKEN, paths=("identifier",), url="clinical-identifier"),
    Param(name="manifestation", kind=Kind.TOKEN, paths=("reaction.manifestation",)),
    Param(name="severity", kind=Kind.TOKEN, paths=("reaction.severity",)),
    Param(name="date", kind=Kind.DATE, paths=("recordedDate",), url="clinical-date"),
    Param(name="type", kind=Kind.TOKEN, paths=("type",), url="clinical-type"),
    Param(name="category", kind=Kind.TOKEN, paths=("category",)),
    Param(name="criticality", kind=Kind.TOKEN, paths=("criticality",)),
    Param(
        name="recorder", kind=Kind.REFERENCE, paths=("recorder",),
        targets=("Practitioner", "PractitionerRole", "Patient", "RelatedPerson"),
    ),
    Param(
        name="asserter", kind=Kind.REFERENCE, paths=("asserter",),
        targets=("Practitioner", "PractitionerRole", "Patient", "RelatedPerson"),
    ),
)  # fmt: skip
DEFINITION = Definition(
    type="AllergyIntolerance",
    origins=(
        Origin(
            name="medications",
            relation=_relation,
            columns=beside_too("AllergyIntolerance", PARAMS, OWN),
            build=build,
            person="t.person_id",
            seen=medicines.seen,
            beside=True,
            versions=medicines.versions(_version_rows, build),
        ),
    ),
    params=PARAMS,
    profiles=(PROFILE,),
    interactions=frozenset({"read", "vread", "history-instance", "search-type", "create", "update", "patch"}),
    compartment=("patient",),
    rev_includes=("Provenance:target",),
    writer=filing.WRITER,
)
