"""PractitionerRole: who works where, by the clinic's hours."""

from __future__ import annotations

from fhir_facade.server.access import Access
from fhir_facade.server.documents import Documents
from fhir_facade.server.elements import US_CORE, reference, resource, sid
from fhir_facade.server.kept import documents
from fhir_facade.server.registry import Column, Definition, Kind, Origin, Param, Row
from fhir_facade.server.resources.kept_only import ALL
from fhir_facade.server.resources.set_up import set_up, version_of
from fhir_facade.server.wire import Resource
from scheduling import service as scheduling

PROFILE = f"{US_CORE}us-core-practitionerrole"
SPECIALITY = sid("speciality")
COLUMNS = {
    "practitioner": (Column(exprs={"type": "'Practitioner'", "id": "t.practitioner_id"}),),
    "organization": (Column(exprs={"type": "'Organization'", "id": "t.organisation_id"}),),
    "location": (Column(exprs={"type": "'Location'", "id": "t.site_id"}),),
    "specialty": (
        Column(
            exprs={"system": f"'{SPECIALITY}'", "code": "n.code"},
            within="EXISTS (SELECT FROM unnest(t.specialities) n(code) WHERE {})",
        ),
    ),
    "active": (Column(exprs={"system": "''", "code": "t.active::text"}),),
    "_profile": (Column(exprs={"exact": f"'{PROFILE}'"}),),
}


def specialities(codes: list[str]) -> list[dict[str, object]]:
    return [
        {
            "coding": [{"system": SPECIALITY, "code": each, "display": scheduling.speciality_name(each)}],
            "text": scheduling.speciality_name(each),
        }
        for each in codes
    ]


def build(row: Row, access: Access) -> Resource:
    made = {
        "active": row["active"],
        "practitioner": reference("Practitioner", row["practitioner_id"], row["practitioner"]),
        "organization": reference("Organization", row["organisation_id"]),
        "code": [{"text": row["title"]}] if row["title"] else [],
        "specialty": specialities(row["specialities"]),
        "location": [reference("Location", row["site_id"], row["site"])],
    }
    return resource("PractitionerRole", row["id"], {"meta": version_of(made, PROFILE), **made})


PARAMS = (
    Param(name="practitioner", kind=Kind.REFERENCE, paths=("practitioner",), targets=("Practitioner",)),
    Param(name="organization", kind=Kind.REFERENCE, paths=("organization",), targets=("Organization",)),
    Param(name="location", kind=Kind.REFERENCE, paths=("location",), targets=("Location",)),
    Param(name="specialty", kind=Kind.TOKEN, paths=("specialty",)),
    Param(name="identifier", kind=Kind.TOKEN, paths=("identifier",)),
    Param(name="active", kind=Kind.TOKEN, paths=("active",)),
)
DEFINITION = Definition(
    type="PractitionerRole",
    origins=(
        Origin(
            name="scheduling",
            relation=set_up("places"),
            columns=COLUMNS,
            build=build,
            updated="NULL::timestamptz",
        ),
        documents("PractitionerRole", PARAMS),
    ),
    params=PARAMS,
    profiles=(PROFILE,),
    interactions=ALL,
    rev_includes=("Provenance:target",),
    writer=Documents("PractitionerRole"),
)
