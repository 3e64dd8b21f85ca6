"""What a document is found by: its values for each search parameter of its type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fhir_facade.server.registry import COMMON, Kind, Param
from fhir_facade.server.search.matching import folded
from fhir_facade.server.search.moments import stretch
from fhir_facade.server.wire import Digits, Resource

_LONGEST = 300
_EVER = (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))
MOST = 2_000


def values(
    params: Iterable[Param], resource: Resource, document_id: UUID, *, base: str
) -> list[dict[str, Any]]:
    """At most 2,000 rows of one document, each with the columns that its parameter's type has."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for param in (*params, *COMMON.values()):
        for path in param.paths:
            for value in at(resource, path):
                for columns in _columns(param, value, base):
                    key = (param.name, *sorted((n, str(v)) for n, v in columns.items()))
                    about = {"document_id": document_id, "type": resource["resourceType"]}
                    found[key] = {**about, "param": param.name, **columns}
    return list(found.values())[:MOST]


def at(resource: Any, path: str) -> Iterator[Any]:
    """Every value at a path such as ``participant.actor`` or ``effective[x]``; lists are opened."""
    name, _, rest = path.partition(".")
    if isinstance(resource, list):
        for each in resource:
            yield from at(each, path)
        return
    if not isinstance(resource, dict):
        return
    stem = name.removesuffix("[x]")
    names = [
        n
        for n in resource
        if n == name or (stem != name and n.startswith(stem) and n[len(stem) :][:1].isupper())
    ]
    for each in names:
        if rest:
            yield from at(resource[each], rest)
        else:
            value = resource[each]
            yield from value if isinstance(value, list) else [value]


def _columns(param: Param, value: Any, base: str) -> Iterator[dict[str, Any]]:
    if value is None:
        return
    if param.kind is Kind.TOKEN:
        yield from tokens(value)
    elif param.kind is Kind.STRING:
        yield from ({"folded": folded(t)[:_LONGEST], "exact": t[:_LONGEST]} for t in _texts(value))
    elif param.kind is Kind.URI and isinstance(value, str):
        yield {"exact": value[:_LONGEST]}
    elif param.kind is Kind.DATE:
        yield from _dates(value)
    elif param.kind is Kind.REFERENCE and isinstance(value, dict):
        yield from _references(value, base)
    elif param.kind is Kind.QUANTITY and isinstance(value, dict):
        number = value.get("value")
        if isinstance(number, int | Digits) and -30 < Digits(str(number)).adjusted() < 28:
            yield {"number": number, "unit": str(value.get("code") or value.get("unit") or "")[:60]}


def tokens(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, bool):
        yield {"code": "true" if value else "false"}
    elif isinstance(value, str):
        yield {"code": value[:_LONGEST]}
    elif isinstance(value, dict) and ("coding" in value or ("text" in value and "value" not in value)):
        text = str(value.get("text", ""))
        for each in value.get("coding", []) or [{}]:
            shown = (text or str(each.get("display", ""))).casefold()[:_LONGEST]
            yield {
                "system": str(each.get("system", ""))[:_LONGEST],
                "code": str(each.get("code", ""))[:_LONGEST],
                "folded": shown,
            }
    elif isinstance(value, dict):
        code = value.get("code", value.get("value", ""))
        if isinstance(code, str) and code:
            text = str(value.get("display", "")).casefold()
            yield {
                "system": str(value.get("system", ""))[:_LONGEST],
                "code": code[:_LONGEST],
                "folded": text[:_LONGEST],
            }


def _texts(value: Any) -> Iterator[str]:
    """Each part of a name or an address by itself: any of them may be what is sought."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        for name in (
            "text",
            "family",
            "given",
            "prefix",
            "suffix",
            "line",
            "city",
            "state",
            "postalCode",
            "country",
        ):
            yield from _texts(value.get(name, []))


def _dates(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, str):
        found = stretch(value)
        if found:
            yield {"low": found.low, "high": found.high}
    elif isinstance(value, dict) and ("start" in value or "end" in value):
        start, end = (stretch(str(value.get(name, ""))) for name in ("start", "end"))
        yield {"low": start.low if start else _EVER[0], "high": end.high if end else _EVER[1]}


def _references(value: dict[str, Any], base: str) -> Iterator[dict[str, Any]]:
    text = str(value.get("reference", "")).removeprefix(base + "/").split("/_history/")[0]
    parts = text.split("/")
    if len(parts) == 2 and parts[0][:1].isupper():
        yield {"target_type": parts[0][:40], "target_id": parts[1][:64]}
