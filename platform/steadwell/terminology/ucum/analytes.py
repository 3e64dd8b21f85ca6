"""What a conversion may ask about the analyte: one small door to the table of laboratory codes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Analyte:
    """``molar_mass`` in g/mol and ``valence`` in eq/mol, each None where none is meaningful."""

    loinc: str
    name: str
    unit: str
    molar_mass: Fraction | None
    valence: int | None


@lru_cache(maxsize=1024)
def find(loinc: str) -> Analyte | None:
    """The analyte of a LOINC code that we know, else None."""
    from steadwell.terminology.labcodes import lab_code  # asks us for units in turn

    found = lab_code(loinc)
    if found is None:
        return None
    mass = Fraction(found.molar_mass) if found.molar_mass else None
    return Analyte(found.loinc, found.display, found.unit, mass, found.valence)
