"""Amounts in one scale, so that 0.5 GM, 500 MG and 500000 MCG are the same.

A strength is (kind, value): ``mass`` in mg, ``unit`` in UNT, ``mEq``, ``mmol``, …, and per volume, per time
or per puff as ``mass/ml`` and so on. A percentage is w/v as RxNorm writes it: 1 % is 10 MG/ML; a mass
fraction counts as its concentration, for RxNorm has written creams both ways.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isclose

# Unit as written -> (kind, factor to the kind's own unit). Lower case, as texts are folded before.
UNITS: dict[str, tuple[str, float]] = {}
for _names, _kind, _factor in (
    ("mg mgs milligram milligrams miligram mgm", "mass", 1.0),
    ("mcg mcgs ug µg μg microgram micrograms microgm", "mass", 0.001),
    ("ng nanogram nanograms", "mass", 1e-6),
    ("g gm gms gram grams grm", "mass", 1000.0),
    ("kg kilogram", "mass", 1e6),
    ("gr grain grains", "grain", 1.0),
    ("unt unts unit units u iu ius ui usp", "unit", 1.0),
    ("mu munt munits mmu", "unit", 1e6),
    ("meq meqs milliequivalent", "meq", 1.0),
    ("mmol mmole mmoles millimole", "mmol", 1.0),
    ("ml mls cc milliliter milliliters millilitre", "ml", 1.0),
    ("l liter liters litre ltr", "ml", 1000.0),
    ("mci", "activity", 1.0),
    ("uci", "activity", 0.001),
    ("pfu", "pfu", 1.0),
    ("bau", "bau", 1.0),
    ("au", "au", 1.0),
    ("amb", "amb", 1.0),
    ("pnu", "pnu", 1.0),
    ("cells cell", "cells", 1.0),
    ("cm2 sqcm", "area", 1.0),
    ("hr hrs h hour hours", "hr", 1.0),
    ("day days d", "hr", 24.0),
    ("actuat actuation actuations act acts puff puffs spray sprays inh dose doses", "actuat", 1.0),
):  # fmt: skip
    for _name in _names.split():
        UNITS[_name] = (_kind, _factor)

# What a strength may be given per without changing it: it is the dose unit itself.
CONTAINERS = frozenset(
    {"vil", "vial", "vi", "via", "vials", "btl", "bottle", "bag", "amp", "ampul", "ampule", "ampoule",
     "syr", "syringe", "pkt", "packet", "pkg", "pack", "tab", "tablet", "cap", "capsule", "ea", "each",
     "kit", "supp", "suppository", "patch", "application", "unit_dose", "cartridge", "cart", "pen",
     "container", "sachet", "loz", "lozenge", "tube", "film"}
)  # fmt: skip
QUANTITIES = frozenset({"ml", "hr", "actuat"})  # alone they say how much or how long, not how strong

TOLERANCE = 0.012  # RxNorm rounds to three figures (1.25 MG in 3 ML is written 0.417 MG/ML)
EXACT = 0.0055  # and whole amounts as well (227.5 MG is written 228 MG)


@dataclass(frozen=True, slots=True)
class Strength:
    kind: str
    value: float

    def equals(self, other: Strength | None) -> bool:
        """Whether both are the same number."""
        return other is not None and self.kind == other.kind and isclose(self.value, other.value)

    def fits(self, other: Strength) -> bool:
        """Whether both say the same amount, within RxNorm's own rounding."""
        if self.kind != other.kind:
            return False
        most = max(self.value, other.value)
        allowed = TOLERANCE if "/" in self.kind else EXACT
        return abs(self.value - other.value) <= allowed * most


def plain(value: float, unit: str) -> Strength | None:
    """``500 mg``; None for a unit that nobody knows."""
    if unit == "%":
        return Strength("mass/ml", value * 10)
    known = UNITS.get(unit)
    return Strength(known[0], value * known[1]) if known else None


def per(value: float, unit: str, amount: float, of: str) -> Strength | None:
    """``100 mg / 5 ml``, ``25 mcg/hr``, ``1 gm/vial`` (the vial is the dose: 1 g)."""
    top = plain(value, unit)
    if top is None or amount <= 0:
        return None
    if of in CONTAINERS:
        return top
    below = UNITS.get(of)
    if below is None:
        return None
    kind, factor = below
    if kind == "mass":  # a fraction of mass is taken as a concentration: 5 MG/GM is 5 MG/ML
        return Strength(f"{top.kind}/ml", top.value / (amount * factor / 1000))
    return Strength(f"{top.kind}/{kind}", top.value / (amount * factor))
