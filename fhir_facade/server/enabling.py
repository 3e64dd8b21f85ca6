"""enableWhen: whether an item of a form is there at all, by the answers that were given."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from fhir_facade.fhir_json import mappings, text_of
from fhir_facade.server.search.moments import stretch

Given = Mapping[str, list[Mapping[str, Any]]]  # every answer by the linkId of its question
_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le,
}  # fmt: skip


def is_enabled(item: Mapping[str, Any], given: Given) -> bool:
    """By default one condition is enough; with enableBehavior ``all`` each must hold."""
    conditions = mappings(item.get("enableWhen"))
    if not conditions:
        return True
    holds = (_holds(each, given.get(text_of(each.get("question")), [])) for each in conditions)
    return all(holds) if item.get("enableBehavior") == "all" else any(holds)


def _holds(condition: Mapping[str, Any], answers: list[Mapping[str, Any]]) -> bool:
    """Against several answers of one question it is enough that one of them matches."""
    wanted, asked = condition.get("operator"), _named(condition, "answer")
    values = [found for each in answers if (found := _named(each, "value")) is not None]
    if wanted == "exists":
        return bool(values) == (asked is True)
    if wanted == "!=":
        return bool(values) and all(_same(each, asked) is False for each in values)
    if wanted == "=":
        return any(_same(each, asked) for each in values)
    compare = _ORDER.get(str(wanted))
    return compare is not None and any(_in_order(compare, each, asked) for each in values)


def _named(said: Mapping[str, Any], stem: str) -> Any:
    return next((value for name, value in said.items() if name.startswith(stem)), None)


def _same(value: Any, asked: Any) -> bool:
    if isinstance(value, dict) and isinstance(asked, dict):
        if "value" in asked:
            return bool(_unit(value) == _unit(asked)) and _number(value) == _number(asked)
        if "reference" in asked:
            return bool(value.get("reference") == asked.get("reference"))
        code = (text_of(value.get("system")), text_of(value.get("code")))
        return code == (text_of(asked.get("system")), text_of(asked.get("code")))
    if isinstance(value, bool) or isinstance(asked, bool):
        return value is asked
    if _is_number(value) and _is_number(asked):
        return Decimal(value) == Decimal(asked)
    return bool(value == asked)


def _in_order(compare: Callable[[Any, Any], bool], value: Any, asked: Any) -> bool:
    """Only what has an order: numbers, quantities of one unit, dates and times. Else it does not hold."""
    if isinstance(value, dict) and isinstance(asked, dict):
        one, other = _number(value), _number(asked)
        if one is None or other is None or _unit(value) != _unit(asked):
            return False
        return compare(one, other)
    if _is_number(value) and _is_number(asked):
        return compare(Decimal(value), Decimal(asked))
    if isinstance(value, str) and isinstance(asked, str):
        one_at, other_at = stretch(value), stretch(asked)
        if one_at is not None and other_at is not None:
            return compare(one_at.low, other_at.low)
        return compare(value, asked)
    return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _number(quantity: Mapping[str, Any]) -> Decimal | None:
    found = quantity.get("value")
    return Decimal(found) if isinstance(found, int | Decimal) else None


def _unit(quantity: Mapping[str, Any]) -> tuple[str, str]:
    return text_of(quantity.get("system")), text_of(quantity.get("code")) or text_of(quantity.get("unit"))
