"""AuditEvent: the audit trail, as it may be read by whom it is about."""

from __future__ import annotations

from typing import Any

import orjson

from fhir_facade.server.access import Access
from fhir_facade.server.elements import at, reference, resource, sid
from fhir_facade.server.registry import Column, Definition, Kind, Origin, Param, Row
from fhir_facade.server.wire import Resource, instant
from steadwell.audit import service as audit
from steadwell.relations import Sql

TYPES = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_ACTIONS = (
    "CASE WHEN t.action LIKE '%%create' OR t.action LIKE '%%book' OR t.action LIKE '%%register' THEN 'C'"
    " WHEN t.action LIKE '%%update' OR t.action LIKE '%%cancel' OR t.action LIKE '%%move' THEN 'U'"
    " WHEN t.action LIKE '%%delete' THEN 'D' WHEN t.action LIKE '%%denied' THEN 'E' ELSE 'R' END"
)
_OUTCOME = "CASE WHEN t.action LIKE '%%denied' THEN '4' ELSE '0' END"
# What the API did is noted by type; what the apps did may tell of any.
_SPEAKS_OF = (
    "CASE WHEN t.action LIKE 'fhir.%%' AND t.category ~ '^[A-Z][A-Za-z]+$' THEN t.category ELSE '*' END"
)
COLUMNS = {
    "patient": (Column(exprs={"type": "'Patient'", "id": "t.subject_id"}, person=True),),
    "date": (Column(exprs={"at": "t.at"}),),
    "action": (Column(exprs={"system": "'http://hl7.org/fhir/audit-event-action'", "code": _ACTIONS}),),
    "outcome": (Column(exprs={"system": "'http://hl7.org/fhir/audit-event-outcome'", "code": _OUTCOME}),),
    "type": (Column(exprs={"system": f"'{TYPES}'", "code": "'rest'"}),),
    "subtype": (Column(exprs={"system": f"'{sid('act')}'", "code": "t.action"}),),
}


def build(row: Row, access: Access) -> Resource:
    detail: dict[str, Any] = orjson.loads(row["detail"]) if isinstance(row["detail"], str) else row["detail"]
    denied = row["action"].endswith("denied")
    return resource(
        "AuditEvent", row["id"],
        {
            "meta": {"versionId": "1", "lastUpdated": instant(row["at"])},
            "type": {"system": TYPES, "code": "rest", "display": "RESTful Operation"},
            "subtype": [{"system": sid("act"), "code": row["action"]}],
            "action": _action(row["action"]),
            "recorded": at(row["at"]),
            "outcome": "4" if denied else "0",
            "purposeOfEvent": [{"text": row["reason"]}] if row["reason"] else [],
            "agent": [_agent(row, detail)],
            "source": {"observer": {"display": "Steadwell"}},
            "entity": _entities(row, detail),
        },
    )  # fmt: skip


def _action(act: str) -> str:
    for endings, code in (
        (("create", "book", "register"), "C"), (("update", "cancel", "move"), "U"), (("delete",), "D"),
        (("denied",), "E"),
    ):  # fmt: skip
        if act.endswith(endings):
            return code
    return "R"


def _agent(row: Row, detail: dict[str, Any]) -> dict[str, Any]:
    """Roles and client, never a name: who it was is told by the clinic."""
    made: dict[str, Any] = {"requestor": True}
    shown = detail.get("client") or row["actor_name"] or row["capacity"]
    if shown:
        made["who"] = {"display": shown}
    if row["user_id"]:
        made["who"] = {
            "identifier": {"system": sid("user"), "value": str(row["user_id"])},
            **made.get("who", {}),
        }
    if row["roles"]:
        made["role"] = [{"text": each} for each in row["roles"].split(",")]
    return made


def _entities(row: Row, detail: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    if row["subject_id"]:
        found.append({"what": reference("Patient", row["subject_id"])})
    if row["entity_id"]:
        found.append({"what": {"identifier": {"system": sid("record"), "value": str(row["entity_id"])}}})
    if not found and row["category"]:
        found.append({"name": row["category"]})
    return found


def _key(key: str) -> Sql | None:
    return Sql("t.id = %s", (int(key),)) if key.isdecimal() and len(key) < 18 else None


def _relation(access: Access) -> Sql:
    return audit.describe_entry_rows(actor=access.actor)


DEFINITION = Definition(
    type="AuditEvent",
    origins=(
        Origin(
            name="audit", relation=_relation, columns=COLUMNS, build=build, person="t.subject_id", key=_key,
            version="1", updated="t.at", speaks_of=_SPEAKS_OF,
        ),
    ),
    params=(
        Param(name="patient", kind=Kind.REFERENCE, targets=("Patient",)),
        Param(name="date", kind=Kind.DATE),
        Param(name="action", kind=Kind.TOKEN),
        Param(name="outcome", kind=Kind.TOKEN),
        Param(name="type", kind=Kind.TOKEN),
        Param(name="subtype", kind=Kind.TOKEN),
    ),
    compartment=("patient",),
    key_kind="bigint",
)  # fmt: skip
