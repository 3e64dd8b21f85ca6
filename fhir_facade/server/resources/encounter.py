"""Encounter: a visit that somebody came to, as scheduling noted it (US Core)."""

from __future__ import annotations

from typing import Any

from fhir_facade.server.access import Access
from fhir_facade.server.elements import US_CORE, at, concept, meta, reference, resource, without_empty
from fhir_facade.server.registry import Column, Definition, Kind, Origin, Param, Row
from fhir_facade.server.resources.healthcare_service import VISIT_TYPE
from fhir_facade.server.resources.medicines import SUBJECT, of_code
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


DEFINITION = Definition(
    type="Encounter",
    origins=(
        Origin(
            name="scheduling", relation=_relation, columns=COLUMNS, build=build, person="t.person_id"
        ),
    ),
    params=(
        Param(name="patient", kind=Kind.REFERENCE, paths=("subject",), targets=("Patient",),
              url="clinical-patient"),
        Param(name="subject", kind=Kind.REFERENCE, paths=("subject",), targets=("Patient",)),
        Param(name="date", kind=Kind.DATE, url="clinical-date"),
        Param(name="status", kind=Kind.TOKEN),
        Param(name="class", kind=Kind.TOKEN),
        Param(name="type", kind=Kind.TOKEN, url="clinical-type"),
        Param(name="practitioner", kind=Kind.REFERENCE, paths=("participant.individual",),
              targets=("Practitioner",)),
        Param(name="participant", kind=Kind.REFERENCE, paths=("participant.individual",),
              targets=("Practitioner",)),
        Param(name="location", kind=Kind.REFERENCE, paths=("location.location",), targets=("Location",)),
        Param(name="service-provider", kind=Kind.REFERENCE, paths=("serviceProvider",),
              targets=("Organization",)),
        Param(name="appointment", kind=Kind.REFERENCE, paths=("appointment",), targets=("Appointment",)),
    ),
    profiles=(PROFILE,),
    compartment=("patient",),
)  # fmt: skip
