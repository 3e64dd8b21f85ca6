"""MedicationStatement: what each source says is taken, and what pharmacies say they handed out."""

from __future__ import annotations

from typing import Any

from fhir_facade.server import medicines as filing
from fhir_facade.server.access import Access
from fhir_facade.server.elements import at, concept, meta, reference, resource, without_empty
from fhir_facade.server.kept import beside_too
from fhir_facade.server.registry import Column, Definition, Kind, Origin, Param, Row
from fhir_facade.server.resources import medicines
from fhir_facade.server.wire import Resource
from medications import service as medications
from steadwell.relations import Sql

CATEGORY = "http://terminology.hl7.org/CodeSystem/medication-statement-category"
BY_PATIENT = ("patientspecified", "Patient Specified")
KINDS = (medications.StatementKind.STATEMENT, medications.StatementKind.DISPENSE)
_SYSTEM = "'http://hl7.org/fhir/CodeSystem/medication-statement-status'"
_DAY = "(t.{}::timestamp AT TIME ZONE 'UTC')"
_KNOWN = "t.started_on IS NOT NULL OR t.ended_on IS NOT NULL"
_ENDS_ONLY = "t.started_on IS NULL OR t.ended_on < t.started_on"
_FROM = (
    f"CASE WHEN {_KNOWN} THEN CASE WHEN {_ENDS_ONLY} THEN '0001-01-01 00:00+00'::timestamptz"
    f" ELSE {_DAY.format('started_on')} END END"
)
_UNTIL = (
    f"CASE WHEN {_KNOWN} THEN"
    f" coalesce({_DAY.format('ended_on')} + interval '1 day', '9999-12-31 00:00+00'::timestamptz) END"
)
OWN = {
    "patient": (medicines.SUBJECT,),
    "subject": (medicines.SUBJECT,),
    "status": (Column(exprs={"system": _SYSTEM, "code": "t.status"}),),
    "code": medicines.coded("drug_text"),
    "medication": (),  # a client's reference, for as long as it is shown
    "identifier": (
        medicines.identifier("MedicationStatement", medications.describe_statement_number_rows()),
    ),
    "category": (
        Column(
            exprs={
                "system": f"'{CATEGORY}'",
                "code": f"CASE WHEN t.source = 'patient' THEN '{BY_PATIENT[0]}' END",
                "text": f"CASE WHEN t.source = 'patient' THEN '{BY_PATIENT[1]}' END",
            }
        ),
    ),
    "effective": (Column(exprs={"low": _FROM, "high": _UNTIL}),),
    "source": (
        Column(
            exprs={"type": "'Patient'", "id": "CASE WHEN t.source = 'patient' THEN t.person_id::text END"},
            uuid=False,
        ),
    ),
    "_source": (medicines.SOURCE,),
}


def build(row: Row, access: Access) -> Resource:
    by_patient = row["source"] == "patient"
    dosage = medicines.dosage(row)
    return resource(
        "MedicationStatement",
        row["id"],
        {
            "meta": meta(row, source=medicines.source(row)),
            "identifier": medicines.identifiers(row),
            "status": row["status"],
            "category": concept(CATEGORY, *BY_PATIENT) if by_patient else None,
            "medicationCodeableConcept": medicines.drug(row, "drug_text", "drug_name"),
            "subject": reference("Patient", row["person_id"]),
            "effectivePeriod": _period(row),
            "dateAsserted": at(row["said_at"]),
            "informationSource": reference("Patient", row["person_id"]) if by_patient else None,
            "reasonCode": [{"text": row["reason_text"]}] if row["reason_text"] else [],
            "dosage": [dosage] if dosage else [],
        },
    )


def _period(row: Row) -> dict[str, Any]:
    ends = {"start": row["started_on"], "end": row["ended_on"]}
    if row["started_on"] and row["ended_on"] and row["ended_on"] < row["started_on"]:
        del ends["start"]  # the source's words contradict themselves: only the end is certain
    return without_empty({name: day.isoformat() for name, day in ends.items() if day})


def _version_rows(access: Access) -> Sql:
    return medications.describe_statement_version_rows(actor=access.actor, kinds=KINDS)


PARAMS = medicines.params(
    Param(name="effective", kind=Kind.DATE, paths=("effective[x]",)),
    Param(name="source", kind=Kind.REFERENCE, paths=("informationSource",), targets=medicines.WHO),
    Param(name="context", kind=Kind.REFERENCE, paths=("context",), targets=("Encounter",)),
)
DEFINITION = Definition(
    type="MedicationStatement",
    origins=(
        Origin(
            name="medications",
            relation=medicines.relation(*KINDS),
            columns=beside_too("MedicationStatement", PARAMS, OWN),
            build=build,
            person="t.person_id",
            seen=medicines.seen,
            beside=True,
            versions=medicines.versions(_version_rows, build),
        ),
    ),
    params=PARAMS,
    interactions=frozenset({"read", "vread", "history-instance", "search-type", "create", "update", "patch"}),
    compartment=("patient",),
    rev_includes=("Provenance:target",),
    writer=filing.STATEMENTS,
)
