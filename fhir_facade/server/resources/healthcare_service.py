"""HealthcareService: the kinds of visit that the clinic offers."""

from __future__ import annotations

from fhir_facade.server.access import Access
from fhir_facade.server.elements import reference, resource, sid
from fhir_facade.server.registry import Column, Definition, Kind, Origin, Param, Row
from fhir_facade.server.resources.practitioner_role import SPECIALITY, specialities
from fhir_facade.server.resources.set_up import set_up, version_of
from fhir_facade.server.search.matching import sql_folded
from fhir_facade.server.wire import Resource

VISIT_TYPE = sid("visit-type")
COLUMNS = {
    "name": (Column(exprs={"folded": sql_folded("t.name"), "exact": "t.name"}, words=True),),
    "service-type": (Column(exprs={"system": f"'{VISIT_TYPE}'", "code": "t.code", "text": "lower(t.name)"}),),
    "specialty": (Column(exprs={"system": f"'{SPECIALITY}'", "code": "t.speciality"}),),
    "identifier": (Column(exprs={"system": f"'{VISIT_TYPE}'", "code": "t.code"}),),
    "active": (Column(exprs={"system": "''", "code": "t.active::text"}),),
    "organization": (Column(exprs={"type": "'Organization'", "id": "t.organisation_id"}),),
}


def build(row: Row, access: Access) -> Resource:
    made = {
        "identifier": [{"system": VISIT_TYPE, "value": row["code"]}],
        "active": row["active"],
        "providedBy": reference("Organization", row["organisation_id"]),
        "type": [{"coding": [{"system": VISIT_TYPE, "code": row["code"], "display": row["name"]}]}],
        "specialty": specialities([row["speciality"]]),
        "name": row["name"],
        "comment": row["description"],
    }
    return resource("HealthcareService", row["id"], {"meta": version_of(made), **made})


DEFINITION = Definition(
    type="HealthcareService",
    origins=(
        Origin(
            name="scheduling",
            relation=set_up("visit_types"),
            columns=COLUMNS,
            build=build,
            updated="NULL::timestamptz",
        ),
    ),
    params=(
        Param(name="name", kind=Kind.STRING),
        Param(name="service-type", kind=Kind.TOKEN),
        Param(name="specialty", kind=Kind.TOKEN),
        Param(name="identifier", kind=Kind.TOKEN),
        Param(name="active", kind=Kind.TOKEN),
        Param(name="organization", kind=Kind.REFERENCE, targets=("Organization",)),
    ),
)
