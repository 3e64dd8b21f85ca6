"""Location: the clinic's sites, and places that other systems name."""

from __future__ import annotations

from fhir_facade.server.access import Access
from fhir_facade.server.documents import Documents
from fhir_facade.server.elements import US_CORE, reference, resource, sid
from fhir_facade.server.kept import documents
from fhir_facade.server.registry import Column, Definition, Kind, Origin, Param, Row
from fhir_facade.server.resources.kept_only import ALL
from fhir_facade.server.resources.set_up import set_up, version_of
from fhir_facade.server.search.matching import sql_folded
from fhir_facade.server.wire import Resource

PROFILE = f"{US_CORE}us-core-location"
COLUMNS = {
    "name": (Column(exprs={"folded": sql_folded("t.name"), "exact": "t.name"}, words=True),),
    "address": (Column(exprs={"folded": sql_folded("t.address"), "exact": "t.address"}, words=True),),
    "identifier": (Column(exprs={"system": f"'{sid('site')}'", "code": "t.id::text"}),),
    "organization": (Column(exprs={"type": "'Organization'", "id": "t.organisation_id"}),),
    "status": (
        Column(
            exprs={
                "system": "'http://hl7.org/fhir/location-status'",
                "code": "CASE WHEN t.active THEN 'active' ELSE 'inactive' END",
            }
        ),
    ),
    "_profile": (Column(exprs={"exact": f"'{PROFILE}'"}),),
}


def build(row: Row, access: Access) -> Resource:
    made = {
        "identifier": [{"system": sid("site"), "value": str(row["id"])}],
        "status": "active" if row["active"] else "inactive",
        "name": row["name"],
        "telecom": [{"system": "phone", "value": row["phone"]}] if row["phone"] else [],
        "address": {"text": row["address"]} if row["address"] else None,
        "managingOrganization": reference("Organization", row["organisation_id"]),
    }
    return resource("Location", row["id"], {"meta": version_of(made, PROFILE), **made})


PARAMS = (
    Param(name="name", kind=Kind.STRING, paths=("name", "alias")),
    Param(name="address", kind=Kind.STRING, paths=("address",)),
    Param(name="identifier", kind=Kind.TOKEN, paths=("identifier",)),
    Param(
        name="organization", kind=Kind.REFERENCE, paths=("managingOrganization",), targets=("Organization",)
    ),
    Param(name="partof", kind=Kind.REFERENCE, paths=("partOf",), targets=("Location",)),
    Param(name="status", kind=Kind.TOKEN, paths=("status",)),
    Param(name="type", kind=Kind.TOKEN, paths=("type",)),
)
DEFINITION = Definition(
    type="Location",
    origins=(
        Origin(
            name="scheduling",
            relation=set_up("sites"),
            columns=COLUMNS,
            build=build,
            updated="NULL::timestamptz",
        ),
        documents("Location", PARAMS),
    ),
    params=PARAMS,
    profiles=(PROFILE,),
    interactions=ALL,
    rev_includes=("Provenance:target",),
    writer=Documents("Location"),
)
