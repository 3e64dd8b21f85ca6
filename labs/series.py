"""Values of one test over time on lines that are safe to draw: one unit a line, nothing by guess. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from labs.types import Coded, IncomingObservation, Point, ResultView
from labs.values import read_value
from steadwell.terminology import service as terminology


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value in its line's unit; ``converted`` where the laboratory wrote another one."""

    at: datetime
    value: Decimal
    comparator: str
    low: Decimal | None
    high: Decimal | None
    converted: bool
    result: ResultView


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Values in one unit, oldest first. ``reason`` says why they could not join the line before."""

    unit: str
    values: tuple[Value, ...]
    reason: str = ""


def join(points: Sequence[Point], *, loinc: str) -> tuple[Line, ...]:
    """As few lines as are safe. The first is in the unit of the newest value, or in the test's own unit where
    the newest can be brought to it. Numbers whose unit is not understood, or is not one of this test, follow
    on lines of their own, each in the unit as sent and with the reason. Values without a number, or without
    a unit where one is expected, are on none.
    """
    ordered = sorted(points, key=lambda each: each.at)
    numbers = [point for point in ordered if point.result.quantity is not None]
    return (*_understood(numbers, loinc), *_apart(ordered))


def _understood(numbers: Sequence[Point], loinc: str) -> tuple[Line, ...]:
    if not numbers:
        return ()
    code = terminology.lab_code(loinc) if loinc else None
    units = list(dict.fromkeys(_unit(point) for point in reversed(numbers)))
    if code is not None and code.unit and _converts(units[0], code.unit, loinc):
        units.insert(0, code.unit)
    lines: list[Line] = []
    left, why = list(numbers), ""
    for unit in dict.fromkeys(units):
        here = [value for value in (_value(point, unit, loinc) for point in left) if value is not None]
        if not here:
            continue
        lines.append(Line(unit=unit, values=tuple(here), reason=why))
        taken = {id(value.result) for value in here}
        left = [point for point in left if id(point.result) not in taken]
        if not left:
            break
        why = _why(_unit(left[-1]), unit, loinc)
    return tuple(lines)


def _apart(points: Sequence[Point]) -> tuple[Line, ...]:
    """Numbers as they were sent, by their unit as it was sent: shown beside, and never among the others."""
    found: dict[tuple[str, str], list[Value]] = {}
    for point in points:
        result = point.result
        unit = result.unit_text.strip()
        if result.quantity is not None or not result.unit_reason or result.problem or not unit:
            continue
        read = read_value(
            IncomingObservation(
                key=result.key, code=Coded(), value_type="ST", value=result.value_text, unit=unit,
                range_text=result.range_text,
            )
        )  # fmt: skip
        if read.value is None or read.problem:
            continue
        value = Value(
            at=point.at, value=read.value, comparator=read.comparator, low=result.range_low,
            high=result.range_high, converted=False, result=result,
        )  # fmt: skip
        found.setdefault((unit, result.unit_reason), []).append(value)
    return tuple(
        Line(unit=unit, values=tuple(values), reason=reason) for (unit, reason), values in found.items()
    )


def _unit(point: Point) -> str:
    return point.result.quantity.unit if point.result.quantity else ""


def _converts(from_unit: str, to_unit: str, loinc: str) -> bool:
    return from_unit == to_unit or terminology.convert("1", from_unit, to_unit, loinc=loinc).ok


def _why(from_unit: str, to_unit: str, loinc: str) -> str:
    return terminology.convert("1", from_unit, to_unit, loinc=loinc).reason


def _value(point: Point, unit: str, loinc: str) -> Value | None:
    quantity = point.result.quantity
    if quantity is None:
        return None
    found = _brought(quantity.value, quantity.unit, unit, loinc)
    if found is None:
        return None
    return Value(
        at=point.at, value=found, comparator=quantity.comparator,
        low=_brought(point.result.range_low, quantity.unit, unit, loinc),
        high=_brought(point.result.range_high, quantity.unit, unit, loinc),
        converted=quantity.unit != unit, result=point.result,
    )  # fmt: skip


def _brought(value: Decimal | None, from_unit: str, to_unit: str, loinc: str) -> Decimal | None:
    if value is None or from_unit == to_unit:
        return value
    answer = terminology.convert(value, from_unit, to_unit, loinc=loinc)
    return Decimal(answer.answer) if answer.ok else None
