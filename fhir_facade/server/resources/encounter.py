"""Encounter: a visit that somebody came to, as scheduling noted it, and what other systems say of theirs (US
Core).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from fhir_facade.server import encounters
from fhir_facade.server.access import Access
from fhir_facade.server.elements import US_CORE, at, concept, meta, reference, resource, without_empty
from fhir_facade.server.kept import documents
from fhir_facade.server.registry import Column, Definition, Kind, Origin, Param, Row
from fhir_facade.server.resources.healthcare_service import VISIT_TYPE
from fhir_facade.server.resources.medicines import SUBJECT, of_code
from fhir_facade.server.search import running
from fhir_facade.server.wire import Resource
from scheduling import service as scheduling
from steadwell.relations import Sql

PROFILE = f"{US_CORE}us-core-encounter"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
STATUS = {
    "arrived": "arrived", "in-progress": "in-progress", "fulfilled": "finished", "cancelled": "cancelled",
    "entered-in-error": "entered-in-error",
}  # fmt: skip
CLASSES = {"in-person": ("AMB", "ambulatory"), "video": ("VR", "virtual")}
_CLASS_SQL = of_code({name: code for name, (code, _) in CLASSES.items()}, "NULL", "t.modality")
PRACTITIONER = Column(exprs={"type": "'Practitioner'", "id": "t.practitioner_id"})
COLUMNS = {
    "patient": (SUBJECT,),
    "subject": (SUBJECT,),
    "status": (
        Column(exprs={"system": "'http://hl7.org/fhir/encounter-status'", "code": of_code(STATUS, "NULL")}),
    ),
    "class": (Column(exprs={"system": f"'{ACT_CODE}'", "code": _CLASS_SQL}),),
    "type": (
        Column(exprs={"system": f"'{VISIT_TYPE}'", "code": "t.visit_code", "text": "lower(t.visit_type)"}),
    ),
    "date": (
        Column(
            exprs={
                "low": "t.began_at",
                # What has not ended goes on.
                "high": "coalesce(t.ended_at, CASE WHEN t.status IN ('arrived', 'in-progress')"
                " THEN '9999-12-31 00:00+00'::timestamptz ELSE t.changed_at END)",
            }
        ),
    ),
    "practitioner": (PRACTITIONER,),
    "participant": (PRACTITIONER,),
    "location": (Column(exprs={"type": "'Location'", "id": "t.site_id"}),),
    "service-provider": (Column(exprs={"type": "'Organization'", "id": "t.organisation_id"}),),
    "appointment": (Column(exprs={"type": "'Appointment'", "id": "t.id"}),),
    "_profile": (Column(exprs={"exact": f"'{PROFILE}'"}),),
}


def build(row: Row, access: Access) -> Resource:
    code, display = CLASSES[row["modality"]]
    practitioner = reference("Practitioner", row["practitioner_id"], row["practitioner"])
    return resource(
        "Encounter",
        row["id"],
        {
            "meta": meta(row, PROFILE),
            "status": STATUS[row["status"]],
            "class": {"system": ACT_CODE, "code": code, "display": display},
            "type": [concept(VISIT_TYPE, row["visit_code"], row["visit_type"], row["visit_type"])],
            "subject": reference("Patient", row["person_id"]),
            "appointment": [reference("Appointment", row["id"])],
            "participant": [
                {
                    "type": [concept(PARTICIPATION, "PPRF", "primary performer")],
                    "period": _period(row),
                    "individual": practitioner,
                }
            ],
            "period": _period(row),
            "location": [{"location": reference("Location", row["site_id"], row["site"])}],
            "serviceProvider": reference("Organization", row["organisation_id"], row["organisation"]),
        },
    )


def _period(row: Row) -> dict[str, Any]:
    ended = row["ended_at"]
    if ended is None and row["status"] in {"cancelled", "entered-in-error"}:
        ended = row["changed_at"]
    return without_empty({"start": at(row["began_at"]), "end": at(ended)})


def _relation(access: Access) -> Sql:
    return scheduling.describe_encounter_rows(actor=access.actor)


def versions(access: Access, key: str) -> list[tuple[int, datetime, Resource]]:
    """Of a visit's: each step from the one on with which somebody came, the newest first."""
    rows = scheduling.describe_encounter_version_rows(actor=access.actor)
    of_visit = Sql(") t WHERE t.id = %s ORDER BY t.version DESC", (UUID(key),))
    found = running.fetch_dicts(Sql("SELECT t.* FROM (") + rows + of_visit)
    return [(row["version"], row["changed_at"], build(row, access)) for row in found]


PARAMS = (
    Param(name="patient", kind=Kind.REFERENCE, paths=("subject",), targets=("Patient",),
          url="clinical-patient"),
    Param(name="subject", kind=Kind.REFERENCE, paths=("subject",), targets=("Patient",)),
    Param(name="date", kind=Kind.DATE, paths=("period",), url="clinical-date"),
    Param(name="status", kind=Kind.TOKEN, paths=("status",)),
    Param(name="class", kind=Kind.TOKEN, paths=("class",)),
    Param(name="type", kind=Kind.TOKEN, paths=("type",), url="clinical-type"),
    Param(name="identifier", kind=Kind.TOKEN, paths=("identifier",), url="clinical-identifier"),
    Param(name="reason-code", kind=Kind.TOKEN, paths=("reasonCode",)),
    Param(name="practitioner", kind=Kind.REFERENCE, paths=("participant.individual",),
          targets=("Practitioner",)),
    Param(name="participant", kind=Kind.REFERENCE, paths=("participant.individual",),
          targets=("Practitioner", "PractitionerRole", "RelatedPerson")),
    Param(name="location", kind=Kind.REFERENCE, paths=("location.location",), targets=("Location",)),
    Param(name="service-provider", kind=Kind.REFERENCE, paths=("serviceProvider",),
          targets=("Organization",)),
    Param(name="appointment", kind=Kind.REFERENCE, paths=("appointment",), targets=("Appointment",)),
    Param(name="part-of", kind=Kind.REFERENCE, paths=("partOf",), targets=("Encounter",)),
    Param(name="based-on", kind=Kind.REFERENCE, paths=("basedOn",), targets=("ServiceRequest",)),
)  # fmt: skip
DEFINITION = Definition(
    type="Encounter",
    origins=(
        Origin(
            name="scheduling", relation=_relation, columns=COLUMNS, build=build, person="t.person_id",
            versions=versions,
        ),
        documents("Encounter", PARAMS),
    ),
    params=PARAMS,
    profiles=(PROFILE,),
    interactions=frozenset({"read", "vread", "history-instance", "search-type", "create", "update", "patch"}),
    compartment=("patient",),
    rev_includes=("Provenance:target",),
    writer=encounters.WRITER,
)  # fmt: skip
