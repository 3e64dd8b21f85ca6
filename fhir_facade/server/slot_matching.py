"""Whether a free time is what a search asks for: the rules of search, for rows that are worked out."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from fhir_facade.server import indexing
from fhir_facade.server.outcome import failed
from fhir_facade.server.registry import Kind
from fhir_facade.server.search.clauses import Clause
from fhir_facade.server.search.moments import Stretch, stretch, with_prefix
from fhir_facade.server.wire import Resource
from scheduling import service as scheduling

_PATHS = {"status": "status", "service-type": "serviceType"}
_STATUS = "http://hl7.org/fhir/slotstatus"
_ALWAYS = frozenset({"_id", "schedule", "start", "status", "service-type"})  # what every slot has


def holds(clause: Clause, slot: Resource, offer: scheduling.Offer, schedules: Collection[str] | None) -> bool:
    """``schedules``: those that the clause names, where it is about them."""
    name = clause.param.name
    if clause.modifier == "missing":
        return (name in _ALWAYS) == (clause.values == ("false",))
    if schedules is not None:
        return slot["schedule"]["reference"].partition("/")[2] in schedules
    found = any(_is(clause, value, slot, offer) for value in clause.values)
    return found != (clause.modifier == "not")


def _is(clause: Clause, value: str, slot: Resource, offer: scheduling.Offer) -> bool:
    name = clause.param.name
    if name == "_id":
        return bool(slot["id"] == value)
    if name == "start":
        return _starts(value, offer.starts_at)
    if clause.param.kind is Kind.TOKEN and name in _PATHS:
        known = [*indexing.at(slot, _PATHS[name])]
        own = {"system": _STATUS} if name == "status" else {}
        tokens = [own | token for each in known for token in indexing.tokens(each)]
        if clause.modifier == "text":
            return any(value.casefold() in str(token.get("folded", "")) for token in tokens)
        return value == str(offer.ref.visit_type_id) or any(_token(value, token) for token in tokens)
    return False  # it has none of these


def _token(value: str, token: dict[str, str]) -> bool:
    system, bar, code = value.partition("|")
    if not bar:
        return token["code"] == value
    return token.get("system", "") == system and code in {"", token["code"]}


def _starts(value: str, at: datetime) -> bool:
    prefix, asked = _asked(value)
    if prefix == "ap":
        asked, prefix = asked.wider(asked.high - asked.low), "eq"
    return {
        "eq": asked.low <= at < asked.high, "ne": not asked.low <= at < asked.high,
        "gt": at >= asked.high, "sa": at >= asked.high, "ge": at >= asked.low,
        "lt": at < asked.low, "eb": at < asked.low, "le": at < asked.high,
    }[prefix]  # fmt: skip


def bounds(value: str) -> tuple[datetime | None, datetime | None]:
    """Before the first and from the second on nothing can match; None where there is no such end."""
    prefix, asked = _asked(value)
    if prefix == "ap":
        asked = asked.wider(asked.high - asked.low)
    low = {"eq": asked.low, "ap": asked.low, "ge": asked.low, "gt": asked.high, "sa": asked.high}
    high = {"eq": asked.high, "ap": asked.high, "le": asked.high, "lt": asked.low, "eb": asked.low}
    return low.get(prefix), high.get(prefix)


def _asked(value: str) -> tuple[str, Stretch]:
    prefix, text = with_prefix(value)
    asked = stretch(text)
    if asked is None:
        raise failed(400, "value", "start is a date such as ge2026-01-31.")
    return prefix, asked
