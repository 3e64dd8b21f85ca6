"""DiagnosticReport: reports of labs, and those that other systems wrote (US Core Laboratory Results)."""

from __future__ import annotations

from typing import Any

import orjson

from fhir_facade.consents import deciding
from fhir_facade.server.access import Access
from fhir_facade.server.documents import Documents
from fhir_facade.server.elements import LOINC, US_CORE, at, concept, meta, reference, resource, sid
from fhir_facade.server.kept import documents
from fhir_facade.server.lab_results import ALONE, source_of
from fhir_facade.server.registry import Column, Definition, Kind, Origin, Param, Row
from fhir_facade.server.resources import observation
from fhir_facade.server.resources.observation import SOURCE, SUBJECT, _code
from fhir_facade.server.wire import Resource
from labs import service as labs
from steadwell.relations import Sql

PROFILE = f"{US_CORE}us-core-diagnosticreport-lab"
V2_0074 = "http://terminology.hl7.org/CodeSystem/v2-0074"
_SYSTEM = "'http://hl7.org/fhir/diagnostic-report-status'"

COLUMNS = {
    "patient": (SUBJECT,),
    "subject": (SUBJECT,),
    "category": (Column(exprs={"system": f"'{V2_0074}'", "code": "'LAB'", "text": "'laboratory'"}),),
    "code": (
        Column(exprs={"system": f"'{LOINC}'", "code": "nullif(t.loinc, '')", "text": "t.name"}),
        Column(exprs={"system": "''", "code": "nullif(t.code, '')", "text": "t.name"}),
    ),
    "date": (Column(exprs={"at": "coalesce(t.collected_at, t.charted_at)"}),),
    "issued": (Column(exprs={"at": "coalesce(t.issued_at, t.received_at)"}),),
    "status": (Column(exprs={"system": _SYSTEM, "code": "t.status"}),),
    "identifier": (
        Column(
            exprs={
                "system": "'" + sid("lab-report/") + "' || t.sender",
                "code": "nullif(t.filler_number, '')",
            }
        ),
        Column(exprs={"system": f"'{sid('lab-order')}'", "code": "nullif(t.placer_number, '')"}),
    ),
    "result": (
        Column(
            exprs={"type": "'Observation'", "id": "n.id"},
            within="EXISTS (SELECT FROM unnest(t.shown) n(id) WHERE {})",
        ),
    ),
    "based-on": (Column(exprs={"type": "'ServiceRequest'", "id": "t.order_id"}),),
    "_profile": (Column(exprs={"exact": f"'{PROFILE}'"}),),
    "_source": (SOURCE,),
}


def build(row: Row, access: Access) -> Resource:
    """Of a report that is released in part, notes and papers stay back with the rest."""
    results = row["shown"]
    whole = len(results) == row["results"]
    return resource(
        "DiagnosticReport",
        row["id"],
        {
            "meta": meta(row, PROFILE, source=source_of(row["sender"])),
            "identifier": _identifiers(row),
            "basedOn": [reference("ServiceRequest", row["order_id"])] if row["order_id"] else [],
            "status": row["status"],
            "category": [concept(V2_0074, "LAB", "Laboratory")],
            "code": _code(row),
            "subject": reference("Patient", row["person_id"]),
            "effectiveDateTime": at(row["collected_at"] or row["charted_at"]),
            "issued": at(row["issued_at"] or row["received_at"]),
            "performer": [{"display": row["performer"]}] if row["performer"] else [],
            "specimen": [{"display": row["specimen"]}] if row["specimen"] else [],
            "result": [reference("Observation", each) for each in results],
            "conclusion": "\n".join(_list(row["notes"])) if whole else None,
            "presentedForm": [
                {"contentType": "application/pdf", "url": f"Binary/{each}"} for each in row["documents"]
            ]
            if whole
            else [],
        },
    )


def _identifiers(row: Row) -> list[dict[str, Any]]:
    found = []
    for code, system, number in (
        ("FILL", sid(f"lab-report/{row['sender']}"), row["filler_number"]),
        ("PLAC", sid("lab-order"), row["placer_number"]),
    ):
        if number:
            kind = concept("http://terminology.hl7.org/CodeSystem/v2-0203", code)
            found.append({"type": kind, "system": system, "value": number})
    return found


def _list(said: Any) -> list[str]:
    found: list[str] = orjson.loads(said) if isinstance(said, str) else said
    return found


def _relation(access: Access) -> Sql:
    """With the results that this reader may see. Observations that came alone are no reports."""
    reports = labs.describe_report_rows(actor=access.actor, now=access.now)
    results = labs.describe_result_rows(actor=access.actor, now=access.now)
    theirs = deciding.shown(access, observation.DEFINITION, observation.DEFINITION.origins[0])
    return (
        Sql("SELECT p.*, ARRAY(SELECT t.id FROM (")
        + results
        + Sql(") t WHERE t.report_id = p.id AND ")
        + theirs
        + Sql(" ORDER BY t.position) AS shown FROM (")
        + reports
        + Sql(") p WHERE p.sender NOT LIKE %s", (f"{ALONE}%",))
    )


def _visible(access: Access) -> Sql:
    """What another system wrote about results is for the patient once each of those results is."""
    results = labs.describe_result_rows(actor=access.actor, now=access.now)
    return (
        Sql(
            "NOT EXISTS (SELECT FROM fhir_facade_searchvalue v"
            " WHERE v.document_id = d.id AND v.param = 'result' AND v.target_id NOT IN ("
            "SELECT o.id::text FROM ("
        )
        + results
        + Sql(
            ") o UNION ALL SELECT e.id::text FROM fhir_facade_document e WHERE e.type = 'Observation'"
            " AND NOT e.beside AND e.person_id = d.person_id))"
        )
    )


PARAMS = (
    Param(
        name="patient", kind=Kind.REFERENCE, paths=("subject",), targets=("Patient",), url="clinical-patient"
    ),
    Param(name="subject", kind=Kind.REFERENCE, paths=("subject",), targets=("Patient", "Location")),
    Param(name="category", kind=Kind.TOKEN, paths=("category",)),
    Param(name="code", kind=Kind.TOKEN, paths=("code",), url="clinical-code"),
    Param(name="date", kind=Kind.DATE, paths=("effective[x]",), url="clinical-date"),
    Param(name="issued", kind=Kind.DATE, paths=("issued",)),
    Param(name="status", kind=Kind.TOKEN, paths=("status",)),
    Param(name="identifier", kind=Kind.TOKEN, paths=("identifier",), url="clinical-identifier"),
    Param(name="result", kind=Kind.REFERENCE, paths=("result",), targets=("Observation",)),
    Param(name="based-on", kind=Kind.REFERENCE, paths=("basedOn",), targets=("ServiceRequest",)),
    Param(name="specimen", kind=Kind.REFERENCE, paths=("specimen",), targets=("Specimen",)),
    Param(
        name="encounter",
        kind=Kind.REFERENCE,
        paths=("encounter",),
        targets=("Encounter",),
        url="clinical-encounter",
    ),
    Param(
        name="performer",
        kind=Kind.REFERENCE,
        paths=("performer",),
        targets=("Practitioner", "PractitionerRole", "Organization"),
    ),
)
DEFINITION = Definition(
    type="DiagnosticReport",
    origins=(
        Origin(name="labs", relation=_relation, columns=COLUMNS, build=build, person="t.person_id"),
        documents("DiagnosticReport", PARAMS, visible=_visible),
    ),
    params=PARAMS,
    profiles=(PROFILE,),
    interactions=frozenset(
        {"read", "vread", "history-instance", "search-type", "create", "update", "patch", "delete"}
    ),
    compartment=("patient",),
    rev_includes=("Provenance:target",),
    writer=Documents("DiagnosticReport"),
)
