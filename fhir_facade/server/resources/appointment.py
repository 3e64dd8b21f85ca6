"""Appointment: the visits of scheduling."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from fhir_facade.server import slots, visits
from fhir_facade.server.access import Access
from fhir_facade.server.elements import at, meta, reference, resource
from fhir_facade.server.kept import words_beside
from fhir_facade.server.registry import Column, Definition, Kind, Origin, Param, Row
from fhir_facade.server.resources.healthcare_service import VISIT_TYPE
from fhir_facade.server.resources.practitioner_role import SPECIALITY, specialities
from fhir_facade.server.search import running
from fhir_facade.server.wire import Resource
from scheduling import service as scheduling
from steadwell.relations import Sql

CANCELLED_BY = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason"
STATUS_SQL = "CASE t.status WHEN 'in-progress' THEN 'arrived' ELSE t.status END"
PATIENT = Column(exprs={"type": "'Patient'", "id": "t.person_id"}, person=True)
PRACTITIONER = Column(exprs={"type": "'Practitioner'", "id": "t.practitioner_id"})
LOCATION = Column(exprs={"type": "'Location'", "id": "t.site_id"})
COLUMNS = {
    "patient": (PATIENT,),
    "practitioner": (PRACTITIONER,),
    "location": (LOCATION,),
    "actor": (PATIENT, PRACTITIONER, LOCATION),
    "date": (Column(exprs={"at": "t.starts_at"}),),
    "status": (Column(exprs={"system": "'http://hl7.org/fhir/appointmentstatus'", "code": STATUS_SQL}),),
    "service-type": (
        Column(exprs={"system": f"'{VISIT_TYPE}'", "code": "t.visit_code", "text": "lower(t.visit_type)"}),
    ),
    "specialty": (Column(exprs={"system": f"'{SPECIALITY}'", "code": "t.speciality"}),),
    "slot": (Column(exprs={"type": "'Slot'", "id": slots.SQL}, uuid=False),),
}
_WAITING = {"pending"}
# All that a visit is; reasons, descriptions and extensions are the client's.
DECIDED = frozenset(
    {
        "status",
        "start",
        "end",
        "slot",
        "participant",
        "serviceType",
        "specialty",
        "minutesDuration",
        "created",
    }
)


def build(row: Row, access: Access | None) -> Resource:
    status = "arrived" if row["status"] == "in-progress" else row["status"]
    ref = scheduling.OfferRef(
        visit_type_id=row["visit_type_id"],
        practitioner_id=row["practitioner_id"],
        site_id=row["site_id"],
        starts_at=row["starts_at"],
    )
    answer = "needs-action" if status in _WAITING else "accepted"
    return resource(
        "Appointment",
        row["id"],
        {
            "meta": meta(row),
            "status": status,
            "cancelationReason": _reason(row) if status in {"cancelled", "noshow"} else None,
            "serviceType": [slots.service_type(row["visit_code"], row["visit_type"])],
            "specialty": specialities([row["speciality"]]),
            "start": at(row["starts_at"]),
            "end": at(row["ends_at"]),
            "minutesDuration": int((row["ends_at"] - row["starts_at"]).total_seconds() // 60),
            "slot": [reference("Slot", slots.slot_id(ref))],
            "created": at(row["booked_at"]),
            "comment": row["note"],
            "participant": [
                {
                    "actor": reference("Patient", row["person_id"]),
                    "required": "required",
                    "status": "accepted",
                },
                {
                    "actor": reference("Practitioner", row["practitioner_id"], row["practitioner"]),
                    "required": "required",
                    "status": answer,
                },
                {
                    "actor": reference("Location", row["site_id"], row["site"]),
                    "required": "required",
                    "status": answer,
                },
            ],
        },
    )


def _reason(row: Row) -> dict[str, Any] | None:
    if row["status"] != "cancelled":
        return None
    code, name = ("pat", "Patient") if row["cancelled_by"] == "patient" else ("prov", "Provider")
    made: dict[str, Any] = {"coding": [{"system": CANCELLED_BY, "code": code, "display": name}]}
    if row["cancel_reason"]:
        made["text"] = row["cancel_reason"]
    return made


def versions(access: Access, key: str) -> list[tuple[int, datetime, Resource]]:
    """Every step of a visit, the newest first."""
    relation = scheduling.describe_visit_version_rows(actor=access.actor)
    sql = (
        Sql("SELECT t.* FROM (") + relation + Sql(") t WHERE t.id = %s ORDER BY t.version DESC", (UUID(key),))
    )
    return [(row["version"], row["changed_at"], build(row, access)) for row in running.fetch_dicts(sql)]


def _relation(access: Access) -> Sql:
    return scheduling.describe_visit_rows(actor=access.actor)


PARAMS = (
    Param(name="patient", kind=Kind.REFERENCE, paths=("participant.actor",), targets=("Patient",)),
    Param(name="practitioner", kind=Kind.REFERENCE, paths=("participant.actor",), targets=("Practitioner",)),
    Param(name="location", kind=Kind.REFERENCE, paths=("participant.actor",), targets=("Location",)),
    Param(
        name="actor",
        kind=Kind.REFERENCE,
        paths=("participant.actor",),
        targets=("Patient", "Practitioner", "Location"),
    ),
    Param(name="date", kind=Kind.DATE),
    Param(name="status", kind=Kind.TOKEN),
    Param(name="service-type", kind=Kind.TOKEN),
    Param(name="specialty", kind=Kind.TOKEN),
    Param(name="identifier", kind=Kind.TOKEN, paths=("identifier",)),
    Param(name="appointment-type", kind=Kind.TOKEN, paths=("appointmentType",)),
    Param(name="reason-code", kind=Kind.TOKEN, paths=("reasonCode",)),
    Param(name="slot", kind=Kind.REFERENCE, paths=("slot",), targets=("Slot",)),
)
DEFINITION = Definition(
    type="Appointment",
    origins=(
        Origin(
            name="scheduling",
            relation=_relation,
            columns=words_beside("Appointment", PARAMS, COLUMNS, visits.WORDS),
            build=build,
            person="t.person_id",
            beside=True,
            decides=DECIDED,
            versions=versions,
        ),
    ),
    params=PARAMS,
    interactions=frozenset({"read", "vread", "history-instance", "search-type", "create", "update", "patch"}),
    compartment=("patient",),
    rev_includes=("Provenance:target",),
    operations=("find", "hold", "book"),
    writer=visits.WRITER,
)
