"""MedicationRequest: what clinicians prescribe here, and what other systems say was prescribed (US Core)."""

from __future__ import annotations

from typing import Any

from fhir_facade.server import medicines as filing
from fhir_facade.server.access import Access
from fhir_facade.server.elements import US_CORE, concept, meta, reference, resource, wall_day, without_empty
from fhir_facade.server.kept import beside_too
from fhir_facade.server.registry import Column, Definition, Kind, Origin, Param, Row
from fhir_facade.server.resources import medicines
from fhir_facade.server.wire import Resource
from medications import service as medications
from steadwell.relations import Sql

PROFILE = f"{US_CORE}us-core-medicationrequest"
CATEGORY = "http://terminology.hl7.org/CodeSystem/medicationrequest-category"
KINDS = (medications.StatementKind.ORDER,)
# The one vocabulary over all sources to medicationrequest-status; a source's own word counts where it is one.
STATUS = {
    "active": "active", "completed": "completed", "on-hold": "on-hold", "stopped": "stopped",
    "entered-in-error": "entered-in-error", "unknown": "unknown", "not-taken": "cancelled",
    "intended": "draft",
}  # fmt: skip
_WORDS = ("cancelled",)  # says more than the status that it is read as
_STATUS_SQL = (
    f"CASE WHEN lower(t.status_word) IN ({medicines.only_codes(_WORDS)}) THEN lower(t.status_word)"
    f" ELSE {medicines.of_code(STATUS, 'NULL')} END"
)
_SYSTEM = "'http://hl7.org/fhir/CodeSystem/medicationrequest-status'"
_INTENTS = "http://hl7.org/fhir/CodeSystem/medicationrequest-intent"
_AUTHORED = "(coalesce(t.started_on, (t.said_at AT TIME ZONE 'UTC')::date)::timestamp AT TIME ZONE 'UTC')"
_OURS = f"t.system = '{medicines.OWN}'"
OWN = {
    "patient": (medicines.SUBJECT,),
    "subject": (medicines.SUBJECT,),
    "status": (Column(exprs={"system": _SYSTEM, "code": _STATUS_SQL}),),
    "intent": (
        Column(exprs={"system": f"'{_INTENTS}'", "code": "'order'"}),
    ),
    "code": medicines.coded("drug_text"),
    "medication": (),  # a client's reference, for as long as it is shown
    "identifier": (medicines.identifier("MedicationRequest", medications.describe_statement_number_rows()),),
    "category": (
        Column(
            exprs={
                "system": f"'{CATEGORY}'",
                "code": f"CASE WHEN {_OURS} THEN 'outpatient' END",
                "text": f"CASE WHEN {_OURS} THEN 'outpatient' END",
            }
        ),
    ),
    "authoredon": (Column(exprs={"low": _AUTHORED, "high": f"{_AUTHORED} + interval '1 day'"}),),
    "requester": (
        Column(exprs={"type": "'Practitioner'", "id": "t.practitioner_id::text"}, uuid=False),
    ),
    "_source": (medicines.SOURCE,),
    "_profile": (Column(exprs={"exact": f"'{PROFILE}'"}),),
}  # fmt: skip


def build(row: Row, access: Access) -> Resource:
    ours = row["system"] == medicines.OWN
    dosage = medicines.dosage(row)
    return resource(
        "MedicationRequest",
        row["id"],
        {
            "meta": meta(row, PROFILE, source=medicines.source(row)),
            "identifier": medicines.identifiers(row),
            "status": status(row),
            "intent": "order",
            "category": [concept(CATEGORY, "outpatient", "Outpatient")] if ours else [],
            "reportedBoolean": not ours,
            "medicationCodeableConcept": medicines.drug(row, "drug_text", "drug_name"),
            "subject": reference("Patient", row["person_id"]),
            "authoredOn": wall_day(row["started_on"] or row["said_at"]),
            "requester": medicines.practitioner(row["practitioner_id"], row["prescriber_name"]),
            "reasonCode": [{"text": row["reason_text"]}] if row["reason_text"] else [],
            "dosageInstruction": [dosage] if dosage else [],
            "dispenseRequest": _dispense(row),
        },
    )


def status(row: Row) -> str:
    word = row["status_word"].lower()
    return word if word in _WORDS else STATUS[row["status"]]


def _dispense(row: Row) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if row["refills_left"] is not None:
        made["numberOfRepeatsAllowed"] = row["refills_left"]
    made["quantity"] = medicines.quantity(row["quantity_text"])
    return without_empty(made)


def _version_rows(access: Access) -> Sql:
    return medications.describe_statement_version_rows(actor=access.actor, kinds=KINDS)


PARAMS = medicines.params(
    Param(name="intent", kind=Kind.TOKEN),
    Param(name="authoredon", kind=Kind.DATE, paths=("authoredOn",)),
    Param(name="requester", kind=Kind.REFERENCE, paths=("requester",), targets=medicines.WHO),
    Param(name="encounter", kind=Kind.REFERENCE, paths=("encounter",), targets=("Encounter",),
          url="medications-encounter"),
    Param(name="priority", kind=Kind.TOKEN, paths=("priority",)),
)  # fmt: skip
DEFINITION = Definition(
    type="MedicationRequest",
    origins=(
        Origin(
            name="medications",
            relation=medicines.relation(*KINDS),
            columns=beside_too("MedicationRequest", PARAMS, OWN),
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
    writer=filing.REQUESTS,
)
