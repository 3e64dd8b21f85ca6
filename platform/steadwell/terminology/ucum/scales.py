"""Special units: scales with an offset, which stay exact, and logarithms, which are computed to fifty digits.

The functions are those of UCUM's table 2.2, section 4.5 (special units on non-ratio scales).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Context, Decimal
from fractions import Fraction

from steadwell.terminology.ucum.types import UnitRefused
from steadwell.terminology.ucum.units import Special, Unit

# Base value = (value + offset) * factor of the unit.
OFFSETS = {"Cel": Fraction("273.15"), "degF": Fraction("459.67"), "degRe": Fraction("218.52")}

_FIFTY = Context(prec=50)
_TEN, _TWO, _E = Decimal(10), Decimal(2), _FIFTY.exp(Decimal(1))
GREATEST_LOGARITHM = 300

# Base and sign of each logarithm: base value = base ** (value * sign) * factor.
_LOGARITHMS: dict[str, tuple[Decimal, Fraction]] = {
    "pH": (_TEN, Fraction(-1)),
    "lg": (_TEN, Fraction(1)),
    "lgTimes2": (_TEN, Fraction(1, 2)),
    "ln": (_E, Fraction(1)),
    "ld": (_TWO, Fraction(1)),
}


def is_affine(unit: Unit) -> bool:
    return unit.special is None or unit.special.function in OFFSETS


def offset(unit: Unit) -> Fraction:
    return OFFSETS[unit.special.function] if unit.special else Fraction(0)


def slope(unit: Unit) -> Fraction:
    return unit.factor * unit.special.scale if unit.special else unit.factor


def to_base(value: Fraction, unit: Unit) -> Fraction:
    """A value of that unit in base units, to fifty digits where the scale is a logarithm."""
    special = unit.special
    if special is None:
        return value * unit.factor
    scaled = value * special.scale
    if special.function in OFFSETS:
        return (scaled + OFFSETS[special.function]) * unit.factor
    return _function(special)(scaled) * unit.factor


def from_base(value: Fraction, unit: Unit) -> Fraction:
    special = unit.special
    if special is None:
        return value / unit.factor
    plain = value / unit.factor
    if special.function in OFFSETS:
        return (plain - OFFSETS[special.function]) / special.scale
    return _inverse(special)(plain) / special.scale


def _function(special: Special) -> Callable[[Fraction], Fraction]:
    if special.function == "sqrt":
        return lambda value: value**2
    base, sign = _logarithm(special)

    def power(value: Fraction) -> Fraction:
        _insist_on_measurable(value)
        return Fraction(_FIFTY.power(base, _decimal(value * sign)))

    return power


def _insist_on_measurable(logarithm: Fraction) -> None:
    if abs(logarithm) > GREATEST_LOGARITHM:
        raise UnitRefused("This value is beyond any measured quantity.", why="out-of-range")


def _inverse(special: Special) -> Callable[[Fraction], Fraction]:
    if special.function == "sqrt":
        return _square_root
    base, sign = _logarithm(special)

    def logarithm(value: Fraction) -> Fraction:
        if value <= 0:
            raise UnitRefused("Only a number above zero has a logarithm.", why="no-logarithm")
        found = _FIFTY.ln(_decimal(value)) if base == _E else _FIFTY.log10(_decimal(value))
        if base == _TWO:
            found = _FIFTY.divide(found, _FIFTY.log10(_TWO))
        _insist_on_measurable(Fraction(found))  # an answer is nothing that would be refused as a question
        return Fraction(found) / sign

    return logarithm


def _square_root(value: Fraction) -> Fraction:
    if value < 0:
        raise UnitRefused("A number below zero has no square root.", why="no-root")
    return Fraction(_FIFTY.sqrt(_decimal(value)))


def _logarithm(special: Special) -> tuple[Decimal, Fraction]:
    known = _LOGARITHMS.get(special.function)
    if known is None:
        raise UnitRefused(
            "This scale (an angle's tangent, or a homeopathic potency) is not converted: the table of "
            "UCUM does not define it well enough to be exact.",
            why="scale",
        )
    return known


def _decimal(value: Fraction) -> Decimal:
    return _FIFTY.divide(Decimal(value.numerator), Decimal(value.denominator))
