"""Patient: a person of identity, under each of the ids they ever had (US Core Patient)."""

from __future__ import annotations

from typing import Any

import orjson

from fhir_facade.server import patients
from fhir_facade.server.access import Access
from fhir_facade.server.elements import US_CORE, absent, meta, reference, resource, sid, without_empty
from fhir_facade.server.registry import Column, Definition, Kind, Origin, Param, Row
from fhir_facade.server.wire import Resource
from steadwell.identity import service as identity
from steadwell.relations import Sql

PROFILE = f"{US_CORE}us-core-patient"
_TYPES = {
    "MR": "Medical record number",
    "SS": "Social Security number",
    "NI": "National unique individual identifier",
    "MB": "Member Number",
    "DL": "Driver's license number",
    "PPN": "Passport number",
}
V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203"
NUMBER = "record-number"
_NAMES = f"t.id IN (SELECT n.person_id FROM ({identity.describe_name_rows().text}) n WHERE {{}})"  # noqa: S608
_NUMBERS = f"t.id IN (SELECT n.person_id FROM ({identity.describe_identifier_rows().text}) n WHERE {{}})"  # noqa: S608


def _name(*exprs: str) -> tuple[Column, ...]:
    return tuple(
        Column(
            exprs={"folded": f"n.{each}", "exact": f"t.{each}_name"},
            within=_NAMES,
            sort=f"lower(t.{each}_name)",
        )
        for each in exprs
    )


def _sid_sql(expression: str) -> str:
    whole = f"{expression} LIKE '%%://%%' OR {expression} LIKE 'urn:%%'"
    return f"CASE WHEN {whole} THEN {expression} ELSE '{sid('')}' || {expression} END"


COLUMNS = {
    "identifier": (
        Column(exprs={"system": _sid_sql("n.system"), "code": "n.value"}, within=_NUMBERS),
        Column(exprs={"system": f"'{sid(NUMBER)}'", "code": "t.number"}),
    ),
    "name": _name("family", "given"),
    "family": _name("family"),
    "given": _name("given"),
    "birthdate": (Column(exprs={"at": "(t.birth_date::timestamp AT TIME ZONE 'UTC')"}),),
    "gender": (Column(exprs={"system": "'http://hl7.org/fhir/administrative-gender'", "code": "t.sex"}),),
    "phone": (Column(exprs={"system": "'phone'", "code": "nullif(t.phone, '')"}),),
    "email": (Column(exprs={"system": "'email'", "code": "nullif(t.email, '')"}),),
    "language": (Column(exprs={"system": "'urn:ietf:bcp:47'", "code": "t.language"}),),
    "active": (Column(exprs={"system": "''", "code": "(t.current_id = t.id)::text"}),),
    "address-postalcode": (
        Column(
            exprs={"folded": "lower(t.address->>'postal_code')", "exact": "t.address->>'postal_code'"},
            fold=str.casefold,
        ),
    ),
    "_profile": (Column(exprs={"exact": f"'{PROFILE}'"}),),
}


def build(row: Row, access: Access) -> Resource:
    replaced = row["current_id"] != row["id"]
    return resource(
        "Patient",
        row["id"],
        {
            "meta": meta(row, PROFILE),
            "active": not replaced,
            "identifier": _identifiers(row),
            "name": _names(row),
            "telecom": [
                *([{"system": "phone", "value": row["phone"]}] if row["phone"] else []),
                *([{"system": "email", "value": row["email"]}] if row["email"] else []),
            ],
            "gender": row["sex"],
            "birthDate": row["birth_date"].isoformat() if row["birth_date"] else None,
            "address": _address(row["address"]),
            "communication": [
                {"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": row["language"]}]}}
            ]
            if row["language"]
            else [],
            "link": [
                *(
                    [{"other": reference("Patient", row["current_id"]), "type": "replaced-by"}]
                    if replaced
                    else []
                ),
                *({"other": reference("Patient", each), "type": "replaces"} for each in row["replaces"]),
            ],
        },
    )


def _identifiers(row: Row) -> list[dict[str, Any]]:
    own = {
        "use": "usual",
        "type": _type("MR"),
        "system": sid(NUMBER),
        "value": row["number"],
    }
    found = [own]
    said = orjson.loads(row["identifiers"]) if isinstance(row["identifiers"], str) else row["identifiers"]
    for system, kind, value in said:
        each = {"type": _type(kind), "system": sid(system), "value": value}
        if each not in found:
            found.append(each)
    return found


def _type(code: str) -> dict[str, Any]:
    return {"coding": [without_empty({"system": V2_0203, "code": code, "display": _TYPES.get(code, "")})]}


def _names(row: Row) -> list[dict[str, Any]]:
    given = [each for each in (row["given_name"], *row["middle_name"].split()) if each]
    name = without_empty(
        {
            "use": "official",
            "family": row["family_name"],
            "given": given,
            "suffix": [row["suffix"]] if row["suffix"] else [],
        }
    )
    if not row["family_name"]:
        name["_family"] = absent()
    former = (
        orjson.loads(row["former_names"]) if isinstance(row["former_names"], str) else row["former_names"]
    )
    return [name, *({"use": "old", "family": each, "given": given} for each in former)]


def _address(said: Any) -> list[dict[str, Any]]:
    if isinstance(said, str):
        said = orjson.loads(said)
    if not said:
        return []
    made = without_empty(
        {
            "use": "home",
            "line": said["lines"],
            "city": said["city"],
            "state": said["state"],
            "postalCode": said["postal_code"],
            "country": said["country"],
        }
    )
    return [made]


def _relation(access: Access) -> Sql:
    return identity.describe_person_rows(actor=access.actor)


ORIGIN = Origin(
    name="identity",
    relation=_relation,
    columns=COLUMNS,
    build=build,
    person="t.id",
    beside=True,
    listed="t.current_id = t.id",
    decides=frozenset({"active", "link", "identifier"}),
)
DEFINITION = Definition(
    type="Patient",
    origins=(ORIGIN,),
    params=(
        Param(name="identifier", kind=Kind.TOKEN),
        Param(name="name", kind=Kind.STRING),
        Param(name="family", kind=Kind.STRING, url="individual-family"),
        Param(name="given", kind=Kind.STRING, url="individual-given"),
        Param(name="birthdate", kind=Kind.DATE, url="individual-birthdate"),
        Param(name="gender", kind=Kind.TOKEN, url="individual-gender"),
        Param(name="phone", kind=Kind.TOKEN, url="individual-phone"),
        Param(name="email", kind=Kind.TOKEN, url="individual-email"),
        Param(name="language", kind=Kind.TOKEN),
        Param(name="active", kind=Kind.TOKEN),
        Param(name="address-postalcode", kind=Kind.STRING, url="individual-address-postalcode"),
    ),
    profiles=(PROFILE,),
    interactions=frozenset({"read", "vread", "history-instance", "search-type", "create", "update", "patch"}),
    rev_includes=("Provenance:target",),
    operations=("everything",),
    writer=patients.WRITER,
)
