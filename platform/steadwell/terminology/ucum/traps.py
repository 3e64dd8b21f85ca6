"""Codes that are valid UCUM and most probably do not mean what they say.

Of real laboratory rows one in twelve carries such a code: K/uL is kelvin per microlitre, MG/L megagauss
per litre. A trap is never taken for its literal meaning nor for the probable one, unless the code of the
test decides it (see mapping) or the caller insists on the letter. The listed ones lie in
``unit_traps.tsv``; the rest follows from units and prefixes that no laboratory uses.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from steadwell.terminology.ucum import units, words
from steadwell.terminology.ucum.grammar import Part
from steadwell.terminology.ucum.types import Answer, Status, UnitRefused
from steadwell.terminology.ucum.units import Unit

DATA = Path(__file__).parent.parent / "data"

# Units that stand in no result, each one letter or one case away from one that does.
_STRANGE = frozenset(
    "G u ph t ar b st sb Gb Mx Oe Bi Ky Lmb Gal att pc Bd AU R".split()  # noqa: SIM905
)
# Prefixes of a million and more, and the units for which they are usual.
_HUGE = frozenset({"M", "G", "T", "P", "E", "Z", "Y", "Ki", "Mi", "Gi", "Ti"})
_OFTEN_HUGE = frozenset({"Bq", "Hz", "Pa", "J", "W", "eV", "Ohm", "V", "[iU]", "[IU]", "cal", "bit", "By"})
_LOST_POWER = re.compile(r"10(3|6|9|12)")


@dataclass(frozen=True, slots=True)
class Trap:
    """``meant`` are the UCUM codes that may have been meant, the likeliest first; there may be none."""

    literally: str
    meant: tuple[str, ...]
    note: str

    def hint(self) -> str:
        if not self.meant:
            return self.note or "no unit of a result"
        return f"{' or '.join(self.meant)} was probably meant" + (f": {self.note}" if self.note else "")

    def reason(self, code: str) -> str:
        return f"“{code}” is valid UCUM and means {self.literally}; {self.hint()}."


@cache
def table() -> dict[str, tuple[tuple[str, ...], str]]:
    with (DATA / "unit_traps.tsv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["written"]: (tuple(row["meant"].split()), row["note"]) for row in rows}


def find(unit: Unit) -> Trap | None:
    """The trap that this code is, or None."""
    listed = table().get(unit.code)
    if listed is not None:
        return Trap(words.literally(unit), *listed)
    if not _is_strange(unit):
        return None
    return Trap(words.literally(unit), _guesses(unit.code), "")


def refuse(unit: Unit) -> None:
    """Raise UnitRefused (trap) where something else was probably meant. A bare A or T may stay what it is."""
    trap = find(unit)
    if trap is not None and (trap.meant or trap.note or len(unit.expression.parts) > 1):
        raise UnitRefused(trap.reason(unit.code), why="trap", status=Status.TRAP)


def answer(unit: Unit, trap: Trap) -> Answer:
    return Answer("", Status.TRAP, trap.reason(unit.code), "trap")


def _is_strange(unit: Unit) -> bool:
    numbers = 0
    for part in unit.expression.parts:
        if part.atom is None:
            numbers += 1
            if part.power > 0 and _LOST_POWER.fullmatch(str(part.number)):
                return True
        elif part.atom.code in _STRANGE or _is_huge(part):
            return True
    # 1.73 is no decimal number in UCUM: it reads as 1 times 73.
    return numbers > 1 and re.search(r"[0-9]\.[0-9]", unit.code) is not None


def _is_huge(part: Part) -> bool:
    if part.atom is None or part.prefix is None:
        return False
    return part.prefix.code in _HUGE and part.atom.code not in _OFTEN_HUGE


def _guesses(code: str) -> tuple[str, ...]:
    """What is left when capitals, the dalton and lost powers are read as what looks like them."""
    lower = re.sub(r"10\.?(3|6|9|12)(?=/)", r"10*\1", code.lower(), count=1)
    for guess in (lower, re.sub(r"u(?=$|[./)])", "U", lower)):
        try:
            unit = units.read(guess)
        except UnitRefused:
            continue
        if unit.code != code and not _is_strange(unit) and unit.code not in table():
            return (unit.code,)
    return ()
