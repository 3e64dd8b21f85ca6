"""The same tests day by day, in one table: newest day first, a unit never written behind another's number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from labs.presenters import clinic_words, words
from labs.review.history import Past
from labs.types import ReportView
from steadwell.portal import service as portal

DAYS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    value: str
    sign: str
    flag: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One test. ``unit`` is that of all its numbers; where they differ each says its own."""

    name: str
    unit: str
    usual: str
    cells: tuple[tuple[Entry, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cumulative:
    days: tuple[str, ...]
    lines: tuple[Line, ...]
    is_cut: bool  # there are older days


def cumulative(report: ReportView, past: Sequence[Past], *, zone: str) -> Cumulative | None:
    """The report's tests that were done on other days as well; None where there are none."""
    by_test: dict[str, dict[date, list[Past]]] = {}
    for each in past:
        day = portal.at_site(each.at, zone).date()
        by_test.setdefault(each.loinc, {}).setdefault(day, []).append(each)
    by_test = {loinc: dates for loinc, dates in by_test.items() if len(dates) > 1}
    days = sorted({day for dates in by_test.values() for day in dates}, reverse=True)
    if not days:
        return None
    tests = dict.fromkeys(result.loinc for result in report.results if result.loinc in by_test)
    return Cumulative(
        days=tuple(portal.day_text(day, "day-short-year") for day in days[:DAYS]),
        lines=tuple(_line(by_test[loinc], days[:DAYS]) for loinc in tests),
        is_cut=len(days) > DAYS,
    )


def _line(dates: dict[date, list[Past]], days: Sequence[date]) -> Line:
    newest = dates[max(dates)][0].result
    units = {_unit(each) for several in dates.values() for each in several if each.result.quantity}
    unit = units.pop() if len(units) == 1 else ""
    return Line(
        name=words.name_of(newest.loinc, newest.name),
        unit=unit,
        usual=clinic_words.range_text(newest) if unit else "",
        cells=tuple(
            tuple(_entry(each, bare=bool(unit)) for each in _in_order(dates.get(day, ()))) for day in days
        ),
    )


def _entry(each: Past, *, bare: bool) -> Entry:
    flag, tone = clinic_words.flag_of(each.result)
    value = words.value_of(each.result)[0] if bare and each.result.quantity else ""
    return Entry(
        value=value or clinic_words.value_text(each.result),
        sign=clinic_words.SIGNS.get(each.result.flag, "") if flag and each.result.flag else "",
        flag=flag,
        tone=tone,
    )


def _in_order(several: Iterable[Past]) -> list[Past]:
    return sorted(several, key=lambda each: each.at)


def _unit(each: Past) -> str:
    quantity = each.result.quantity
    return words.unit_text(quantity.unit, each.result.unit_text) if quantity else ""
