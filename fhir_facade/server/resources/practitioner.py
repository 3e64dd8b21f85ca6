"""Practitioner: the clinic's clinicians, and those whom other systems name."""

from __future__ import annotations

from fhir_facade.server.access import Access
from fhir_facade.server.documents import Documents
from fhir_facade.server.elements import US_CORE, concept, resource, sid
from fhir_facade.server.kept import documents
from fhir_facade.server.registry import Column, Definition, Kind, Origin, Param, Row
from fhir_facade.server.resources.kept_only import ALL
from fhir_facade.server.resources.set_up import set_up, version_of
from fhir_facade.server.search.matching import sql_folded
from fhir_facade.server.wire import Resource

PROFILE = f"{US_CORE}us-core-practitioner"
_NAME = Column(exprs={"folded": sql_folded("t.name"), "exact": "t.name"}, words=True)
COLUMNS = {
    "name": (_NAME,),
    "family": (_NAME,),
    "given": (_NAME,),
    "identifier": (Column(exprs={"system": f"'{sid('practitioner')}'", "code": "t.id::text"}),),
    "active": (Column(exprs={"system": "''", "code": "t.active::text"}),),
    "communication": (
        Column(
            exprs={"system": "'urn:ietf:bcp:47'", "code": "n.code"},
            within="EXISTS (SELECT FROM unnest(t.languages) n(code) WHERE {})",
            sort="t.languages[1]",
        ),
    ),
    "_profile": (Column(exprs={"exact": f"'{PROFILE}'"}),),
}


def build(row: Row, access: Access) -> Resource:
    *given, family = row["name"].split() or [row["name"]]
    made = {
        "identifier": [{"system": sid("practitioner"), "value": str(row["id"])}],
        "active": row["active"],
        "name": [
            {"use": "usual", "text": row["name"], "family": family, **({"given": given} if given else {})}
        ],
        "communication": [concept("urn:ietf:bcp:47", each) for each in row["languages"]],
    }
    return resource("Practitioner", row["id"], {"meta": version_of(made, PROFILE), **made})


PARAMS = (
    Param(name="name", kind=Kind.STRING, paths=("name",)),
    Param(name="family", kind=Kind.STRING, paths=("name.family",), url="individual-family"),
    Param(name="given", kind=Kind.STRING, paths=("name.given",), url="individual-given"),
    Param(name="identifier", kind=Kind.TOKEN, paths=("identifier",)),
    Param(name="active", kind=Kind.TOKEN, paths=("active",)),
    Param(name="communication", kind=Kind.TOKEN, paths=("communication",), url="individual-communication"),
)
DEFINITION = Definition(
    type="Practitioner",
    origins=(
        Origin(
            name="scheduling",
            relation=set_up("practitioners"),
            columns=COLUMNS,
            build=build,
            updated="NULL::timestamptz",
        ),
        documents("Practitioner", PARAMS),
    ),
    params=PARAMS,
    profiles=(PROFILE,),
    interactions=ALL,
    rev_includes=("Provenance:target",),
    writer=Documents("Practitioner"),
)
