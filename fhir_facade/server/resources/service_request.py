"""ServiceRequest: lab orders of the clinic, and requests that other systems wrote."""

from __future__ import annotations

from fhir_facade.server.access import Access
from fhir_facade.server.documents import Documents
from fhir_facade.server.elements import LOINC, US_CORE, at, concept, reference, resource, sid
from fhir_facade.server.kept import documents
from fhir_facade.server.registry import Column, Definition, Kind, Origin, Param, Row
from fhir_facade.server.resources.observation import SUBJECT
from fhir_facade.server.wire import Resource, instant
from labs import service as labs
from steadwell.relations import Sql

PROFILE = f"{US_CORE}us-core-servicerequest"
SNOMED = "http://snomed.info/sct"
_STATUS = "CASE t.state WHEN 'cancelled' THEN 'revoked' ELSE 'active' END"
COLUMNS = {
    "patient": (SUBJECT,),
    "subject": (SUBJECT,),
    "category": (
        Column(exprs={"system": f"'{SNOMED}'", "code": "'108252007'", "text": "'laboratory procedure'"}),
    ),
    "code": (Column(exprs={"system": f"'{LOINC}'", "code": "nullif(t.loinc, '')", "text": "t.name"}),),
    "authored": (Column(exprs={"at": "t.placed_at"}),),
    "status": (Column(exprs={"system": "'http://hl7.org/fhir/request-status'", "code": _STATUS}),),
    "intent": (Column(exprs={"system": "'http://hl7.org/fhir/request-intent'", "code": "'order'"}),),
    "identifier": (Column(exprs={"system": f"'{sid('lab-order')}'", "code": "t.number"}),),
    "requester": (Column(exprs={"type": "'Practitioner'", "id": "t.practitioner_id"}),),
    "_profile": (Column(exprs={"exact": f"'{PROFILE}'"}),),
}


def build(row: Row, access: Access) -> Resource:
    code = concept(LOINC, row["loinc"], text=row["name"])
    return resource(
        "ServiceRequest",
        row["id"],
        {
            "meta": {
                "versionId": "1" if row["state"] == "placed" else "2",
                "lastUpdated": instant(row["placed_at"]),
                "profile": [PROFILE],
            },
            "identifier": [{"system": sid("lab-order"), "value": row["number"]}],
            "status": "revoked" if row["state"] == "cancelled" else "active",
            "intent": "order",
            "category": [concept(SNOMED, "108252007", "Laboratory procedure")],
            "code": code,
            "subject": reference("Patient", row["person_id"]),
            "authoredOn": at(row["placed_at"]),
            "requester": reference("Practitioner", row["practitioner_id"])
            if row["practitioner_id"]
            else None,
        },
    )


def _relation(access: Access) -> Sql:
    return labs.describe_order_rows(actor=access.actor, now=access.now)


PARAMS = (
    Param(
        name="patient", kind=Kind.REFERENCE, paths=("subject",), targets=("Patient",), url="clinical-patient"
    ),
    Param(name="subject", kind=Kind.REFERENCE, paths=("subject",), targets=("Patient", "Location")),
    Param(name="category", kind=Kind.TOKEN, paths=("category",)),
    Param(name="code", kind=Kind.TOKEN, paths=("code",), url="clinical-code"),
    Param(name="authored", kind=Kind.DATE, paths=("authoredOn",)),
    Param(name="status", kind=Kind.TOKEN, paths=("status",)),
    Param(name="intent", kind=Kind.TOKEN, paths=("intent",)),
    Param(name="identifier", kind=Kind.TOKEN, paths=("identifier",), url="clinical-identifier"),
    Param(
        name="requester",
        kind=Kind.REFERENCE,
        paths=("requester",),
        targets=("Practitioner", "PractitionerRole", "Organization", "Patient", "RelatedPerson"),
    ),
    Param(
        name="performer",
        kind=Kind.REFERENCE,
        paths=("performer",),
        targets=("Practitioner", "PractitionerRole", "Organization", "Patient", "HealthcareService"),
    ),
    Param(name="specimen", kind=Kind.REFERENCE, paths=("specimen",), targets=("Specimen",)),
    Param(
        name="encounter",
        kind=Kind.REFERENCE,
        paths=("encounter",),
        targets=("Encounter",),
        url="clinical-encounter",
    ),
)
DEFINITION = Definition(
    type="ServiceRequest",
    origins=(
        Origin(
            name="labs",
            relation=_relation,
            columns=COLUMNS,
            build=build,
            person="t.person_id",
            version="1",
            updated="t.placed_at",
        ),
        documents("ServiceRequest", PARAMS),
    ),
    params=PARAMS,
    profiles=(PROFILE,),
    interactions=frozenset(
        {"read", "vread", "history-instance", "search-type", "create", "update", "patch", "delete"}
    ),
    compartment=("patient",),
    rev_includes=("Provenance:target",),
    writer=Documents("ServiceRequest"),
)
