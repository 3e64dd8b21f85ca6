"""The laboratory codes that this platform knows by itself.

Read once from four tables beside this file: ``labcodes.tsv`` (one row a LOINC code), ``labranges.tsv`` (what
is usual, by age and sex, and what is critical), ``labbounds.tsv`` (what no body and no analyser gives, see
``LabCode.lowest``) and ``labtopics.tsv`` (what a test looks at, for its reader, in English and Spanish). A
report's own range always wins over ours: ours is asked where the laboratory sent none.

This material contains content from LOINC (http://loinc.org); see NOTICE.md.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType

DATA = Path(__file__).parent / "data"

_NO_END = 200 * 366  # days; older than anybody
_DAYS = {"d": 1.0, "w": 7.0, "m": 30.4375, "y": 365.25}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceRange:
    """What is usual at an age and for a sex, in the code's own unit. ``age_to_days`` is the first day after.

    ``sex`` is ``male``, ``female`` or None for both. A missing bound is open. ``source`` says where it is
    from.
    """

    sex: str | None
    age_from_days: int
    age_to_days: int
    low: Decimal | None
    high: Decimal | None
    critical_low: Decimal | None
    critical_high: Decimal | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabCode:
    """One laboratory code: its words, its unit and its numbers.

    ``unit`` is the UCUM unit that we show and compare in; empty where the code carries no number.
    ``molar_mass`` (g/mol, of ``formula``) and ``valence`` are there only where a conversion by them is
    meaningful. ``panel`` names the members of a panel. ``names`` and ``plain`` are by language, ``en`` and
    ``es``. ``lowest`` and ``highest``, in ``unit``, are far outside whatever was measured in anybody: a
    number beyond them has another unit or another decimal point than it says. They are ours, and wide.
    """

    loinc: str
    display: str
    short: str
    names: Mapping[str, str]
    plain: Mapping[str, str]
    source: str
    category: str
    specimen: str
    unit: str
    decimals: int
    formula: str
    molar_mass: Decimal | None
    valence: int | None
    ranges: tuple[ReferenceRange, ...]
    panel: tuple[str, ...]
    lowest: Decimal | None = None
    highest: Decimal | None = None


def lab_codes() -> Mapping[str, LabCode]:
    """Every code we ship, by LOINC code."""
    return _table()


def lab_code(loinc: str) -> LabCode | None:
    """The code, or None when the shipped table does not know it."""
    return _table().get(loinc.strip())


def reference_range(loinc: str, *, sex: str, birth_date: date | None, on: date) -> ReferenceRange | None:
    """The range that fits this person on that day, or None: without a fitting one we say nothing.

    Where the birth date is missing, only a range that holds at every adult age is used; where the sex is
    neither male nor female, only one that holds for both.
    """
    code = lab_code(loinc)
    if code is None:
        return None
    for found in code.ranges:
        if found.sex is not None and found.sex != sex:
            continue
        if _fits_age(found, birth_date, on):
            return found
    return None


def range_sources() -> tuple[str, ...]:
    """Every source that a range or a limit names, once each, in the order of the alphabet."""
    named = {part for code in _table().values() for found in code.ranges for part in found.source.split("; ")}
    return tuple(sorted({_without_remark(part) for part in named}, key=str.casefold))


def luhn_digit(body: str) -> int:
    """The check digit of a LOINC code's number (LOINC Users' Guide, appendix B: mod 10)."""
    total = 0
    for place, character in enumerate(reversed(body)):
        digit = int(character)
        if place % 2 == 0:
            digit *= 2
        total += digit // 10 + digit % 10
    return -total % 10


def is_loinc(code: str) -> bool:
    """Whether a text is formed as a LOINC code, its check digit included."""
    body, dash, digit = code.partition("-")
    if not dash or len(digit) != 1 or not 1 <= len(body) <= 7:
        return False
    if not (body.isascii() and body.isdigit() and digit.isascii() and digit.isdigit()):
        return False
    return luhn_digit(body) == int(digit)


def _without_remark(source: str) -> str:
    """``ABIM …, converted`` and ``NCEP … (optimal)`` are their source, too."""
    plain = source.removesuffix(", converted").partition(" (")[0]
    return plain[:1].upper() + plain[1:]


def _fits_age(found: ReferenceRange, birth_date: date | None, on: date) -> bool:
    if birth_date is None:
        return found.age_from_days <= _days("18y") and found.age_to_days >= _NO_END
    return found.age_from_days <= (on - birth_date).days < found.age_to_days


@cache
def _table() -> Mapping[str, LabCode]:
    topics = {row["topic"]: row for row in _rows("labtopics.tsv")}
    ranges: dict[str, list[ReferenceRange]] = {}
    for row in _rows("labranges.tsv"):
        ranges.setdefault(row["loinc"], []).append(_range(row))
    bounds = {row["loinc"]: row for row in _rows("labbounds.tsv")}
    codes = {
        row["loinc"]: _code(row, topics[row["topic"]], ranges, bounds.get(row["loinc"], {}))
        for row in _rows("labcodes.tsv")
    }
    return MappingProxyType(codes)


def _code(
    row: Mapping[str, str],
    topic: Mapping[str, str],
    ranges: Mapping[str, list[ReferenceRange]],
    bounds: Mapping[str, str],
) -> LabCode:
    return LabCode(
        loinc=row["loinc"],
        display=row["display"],
        short=row["short"],
        names=MappingProxyType({"en": row["short"], "es": row["spanish"]}),
        plain=MappingProxyType({"en": topic["en"], "es": topic["es"]}),
        source=topic["source"],
        category=row["category"],
        specimen=row["specimen"],
        unit=row["unit"],
        decimals=int(row["decimals"] or 0),
        formula=row["formula"],
        molar_mass=_number(row["molar_mass"]),
        valence=int(row["valence"]) if row["valence"] else None,
        ranges=tuple(ranges.get(row["loinc"], ())),
        panel=tuple(row["members"].split()),
        lowest=_number(bounds.get("lowest", "")),
        highest=_number(bounds.get("highest", "")),
    )


def _range(row: Mapping[str, str]) -> ReferenceRange:
    return ReferenceRange(
        sex=row["sex"] or None,
        age_from_days=_days(row["from"]) if row["from"] else 0,
        age_to_days=_days(row["to"]) if row["to"] else _NO_END,
        low=_number(row["low"]),
        high=_number(row["high"]),
        critical_low=_number(row["critical_low"]),
        critical_high=_number(row["critical_high"]),
        source=row["source"],
    )


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True)


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _days(age: str) -> int:
    """Days of an age written as ``3d``, ``2w``, ``6m`` or ``18y``."""
    return int(float(age[:-1]) * _DAYS[age[-1]])
