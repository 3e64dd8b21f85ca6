"""Parameters of operations, sent as a Parameters resource or in the address."""

from __future__ import annotations

from typing import Any

from fhir_facade.fhir_json import mappings, text_of
from fhir_facade.server.calls import Call


def read(call: Call) -> dict[str, list[Any]]:
    """Every value by name: a simple value, a reference's text, or a resource."""
    found: dict[str, list[Any]] = {}
    for name, value in call.pairs:
        found.setdefault(name, []).append(value)
    body = call.body if isinstance(call.body, dict) else {}
    if body.get("resourceType") == "Parameters":
        for each in mappings(body.get("parameter")):
            found.setdefault(text_of(each.get("name")), []).append(_value(each))
    return found


def _value(part: dict[str, Any]) -> Any:
    if "resource" in part:
        return part["resource"]
    value = next((part[name] for name in part if name.startswith("value")), None)
    if isinstance(value, dict) and "reference" in value:
        return value["reference"]
    if isinstance(value, dict) and "coding" in value:
        return next((c.get("code", "") for c in mappings(value.get("coding"))), "")
    if isinstance(value, dict) and "code" in value:
        return value["code"]
    return value


def one(found: dict[str, list[Any]], *names: str) -> Any:
    for name in names:
        for value in found.get(name, []):
            return value
    return None
