"""What a UCUM code is worth: an exact factor and a dimension. Special units keep their function.

Where we are stricter than UCUM (ADR 0080): the mole, the equivalent, the osmole, the microscope fields
and the Hounsfield unit are no pure numbers here, and each arbitrary unit is a dimension of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from steadwell.terminology.ucum import grammar
from steadwell.terminology.ucum.dimension import NUMBER, Dimension, dimension
from steadwell.terminology.ucum.essence import Atom
from steadwell.terminology.ucum.grammar import Expression, Part
from steadwell.terminology.ucum.types import UnitRefused, invalid

LARGEST = 4000  # bits of a factor, about 1e1200: past it arithmetic would stall
OWN = frozenset({"mol", "eq", "osm", "[HPF]", "[LPF]", "[hnsf'U]"})


@dataclass(frozen=True, slots=True)
class Special:
    """A scale that is no multiple of its base: ``function`` of (value times ``scale``), times the factor."""

    function: str
    scale: Fraction


@dataclass(frozen=True, slots=True)
class Unit:
    """One code. Value times ``factor`` is in ``dimension``'s base units, but for a special unit."""

    expression: Expression
    factor: Fraction
    dimension: Dimension
    special: Special | None

    @property
    def code(self) -> str:
        return self.expression.code

    @property
    def annotations(self) -> tuple[str, ...]:
        return self.expression.annotations

    def is_ratio_of(self, name: str) -> bool:
        """Whether that base stands above and below the line (mmol/mol), and so cancelled."""
        signs = {
            part.power > 0
            for part in self.expression.parts
            if part.atom is not None and _atom(part.atom).dimension.power(name)
        }
        return len(signs) == 2


@dataclass(frozen=True, slots=True)
class _Worth:
    factor: Fraction
    dimension: Dimension


@lru_cache(maxsize=8192)
def read(code: str) -> Unit:
    """The unit of a code. Raises UnitRefused (invalid)."""
    expression = grammar.read(code)
    special = _special(expression)
    if special is not None:
        return special
    factor, powers = Fraction(1), dict[str, int]()
    for part in expression.parts:
        if part.atom is None:
            factor *= Fraction(part.number) ** part.power
            continue
        worth = _atom(part.atom)
        factor *= (worth.factor * (part.prefix.factor if part.prefix else 1)) ** part.power
        if factor.numerator.bit_length() > LARGEST or factor.denominator.bit_length() > LARGEST:
            raise invalid("This unit is beyond anything that is measured.", why="out-of-range")
        for name, power in worth.dimension.powers:
            powers[name] = powers.get(name, 0) + power * part.power
    return Unit(expression, factor, dimension(powers), None)


def _special(expression: Expression) -> Unit | None:
    """The special unit that stands alone.

    In an expression with others it has no meaning (UCUM 2.1.6, 21-22).
    """
    special = next((part for part in expression.parts if part.atom and part.atom.function), None)
    if special is None or special.atom is None:
        return None
    atom = special.atom
    if len(expression.parts) != 1 or special.power != 1:
        raise invalid(
            f"{atom.code} ({atom.name}) is a scale and no multiple of a unit: it can only stand alone.",
            why="special",
        )
    reference = read(atom.unit) if atom.unit != "1" else None
    scale = special.prefix.factor if special.prefix else Fraction(1)
    factor = Fraction(atom.value) * (reference.factor if reference else 1)
    return Unit(
        expression, factor, reference.dimension if reference else NUMBER, Special(atom.function, scale)
    )


@lru_cache(maxsize=1024)
def _atom(atom: Atom) -> _Worth:
    if atom.code == "[IU]":
        return _Worth(Fraction(1), Dimension((("[iU]", 1),)))
    if not atom.unit or atom.arbitrary or atom.code in OWN:
        return _Worth(Fraction(1), Dimension(((atom.code, 1),)))
    if atom.unit == "1":
        return _Worth(Fraction(atom.value), NUMBER)
    unit = read(atom.unit)
    return _Worth(Fraction(atom.value) * unit.factor, unit.dimension)


def dimension_of(code: str) -> Dimension:
    """What a code measures. Raises UnitRefused when it is not UCUM."""
    return read(code).dimension


def commensurable(a: str, b: str) -> bool:
    """Whether both are UCUM and measure the same. Says nothing about conversions that need the analyte."""
    try:
        return read(a).dimension == read(b).dimension
    except UnitRefused:
        return False


def in_base_units(unit: Unit) -> str:
    """What one of it is: ``10 g.m-3``. Empty for a scale."""
    if unit.special is not None:
        return ""
    factor, base = unit.factor, str(unit.dimension)
    number = str(factor.numerator) if factor.denominator == 1 else f"{factor.numerator}/{factor.denominator}"
    return f"{number} {base}" if base != "1" else number


__all__ = ["OWN", "Part", "Special", "Unit", "commensurable", "dimension_of", "in_base_units", "read"]
