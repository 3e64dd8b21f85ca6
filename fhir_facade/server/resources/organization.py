"""Organization: who runs the sites, and those whom other systems name."""

from __future__ import annotations

from fhir_facade.server.access import Access
from fhir_facade.server.documents import Documents
from fhir_facade.server.elements import US_CORE, resource, sid
from fhir_facade.server.kept import documents
from fhir_facade.server.registry import Column, Definition, Kind, Origin, Param, Row
from fhir_facade.server.resources.kept_only import ALL
from fhir_facade.server.resources.set_up import set_up, version_of
from fhir_facade.server.search.matching import sql_folded
from fhir_facade.server.wire import Resource

PROFILE = f"{US_CORE}us-core-organization"
COLUMNS = {
    "name": (Column(exprs={"folded": sql_folded("t.name"), "exact": "t.name"}, words=True),),
    "identifier": (Column(exprs={"system": f"'{sid('organisation')}'", "code": "t.id::text"}),),
    "active": (Column(exprs={"system": "''", "code": "'true'"}),),
    "_profile": (Column(exprs={"exact": f"'{PROFILE}'"}),),
}


def build(row: Row, access: Access) -> Resource:
    made = {
        "identifier": [{"system": sid("organisation"), "value": str(row["id"])}],
        "active": True,
        "name": row["name"],
    }
    return resource("Organization", row["id"], {"meta": version_of(made, PROFILE), **made})


PARAMS = (
    Param(name="name", kind=Kind.STRING, paths=("name", "alias")),
    Param(name="identifier", kind=Kind.TOKEN, paths=("identifier",)),
    Param(name="address", kind=Kind.STRING, paths=("address",)),
    Param(name="active", kind=Kind.TOKEN, paths=("active",)),
    Param(name="type", kind=Kind.TOKEN, paths=("type",)),
    Param(name="partof", kind=Kind.REFERENCE, paths=("partOf",), targets=("Organization",)),
)
DEFINITION = Definition(
    type="Organization",
    origins=(
        Origin(
            name="scheduling",
            relation=set_up("organisations"),
            columns=COLUMNS,
            build=build,
            updated="NULL::timestamptz",
        ),
        documents("Organization", PARAMS),
    ),
    params=PARAMS,
    profiles=(PROFILE,),
    interactions=ALL,
    rev_includes=("Provenance:target",),
    writer=Documents("Organization"),
)
