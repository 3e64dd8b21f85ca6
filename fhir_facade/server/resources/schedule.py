"""Schedule: the time of one clinician at one site. Its slots are worked out from the hours, not stored."""

from __future__ import annotations

from fhir_facade.server.access import Access
from fhir_facade.server.elements import reference, resource
from fhir_facade.server.registry import Column, Definition, Kind, Origin, Param, Row
from fhir_facade.server.resources.practitioner_role import SPECIALITY, specialities
from fhir_facade.server.resources.set_up import set_up, version_of
from fhir_facade.server.wire import Resource

COLUMNS = {
    "actor": (
        Column(exprs={"type": "'Practitioner'", "id": "t.practitioner_id"}),
        Column(exprs={"type": "'Location'", "id": "t.site_id"}),
    ),
    "active": (Column(exprs={"system": "''", "code": "t.active::text"}),),
    "specialty": (
        Column(
            exprs={"system": f"'{SPECIALITY}'", "code": "n.code"},
            within="EXISTS (SELECT FROM unnest(t.specialities) n(code) WHERE {})",
        ),
    ),
    # The hours have no end, so every date is within.
    "date": (
        Column(
            exprs={"low": "'0001-01-01 00:00+00'::timestamptz", "high": "'9999-12-31 00:00+00'::timestamptz"}
        ),
    ),
}


def build(row: Row, access: Access) -> Resource:
    made = {
        "active": row["active"],
        "specialty": specialities(row["specialities"]),
        "actor": [
            reference("Practitioner", row["practitioner_id"], row["practitioner"]),
            reference("Location", row["site_id"], row["site"]),
        ],
    }
    return resource("Schedule", row["id"], {"meta": version_of(made), **made})


DEFINITION = Definition(
    type="Schedule",
    origins=(
        Origin(
            name="scheduling",
            relation=set_up("places"),
            columns=COLUMNS,
            build=build,
            updated="NULL::timestamptz",
        ),
    ),
    params=(
        Param(name="actor", kind=Kind.REFERENCE, targets=("Practitioner", "Location")),
        Param(name="active", kind=Kind.TOKEN),
        Param(name="specialty", kind=Kind.TOKEN),
        Param(name="date", kind=Kind.DATE),
    ),
)
