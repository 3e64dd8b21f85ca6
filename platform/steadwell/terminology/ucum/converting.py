"""Converts one quantity, exactly, or says why not.

Within a dimension UCUM's factors do it. Mass, amount and equivalents of one analyte are joined by its
molar mass and valence, international and enzyme units by definition where the code measures an enzyme;
nothing else crosses.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from steadwell.terminology.ucum import analytes, braces, digits, scales, traps, units
from steadwell.terminology.ucum.analytes import Analyte
from steadwell.terminology.ucum.digits import Number
from steadwell.terminology.ucum.dimension import NUMBER, Dimension
from steadwell.terminology.ucum.types import Answer, Status, UnitRefused
from steadwell.terminology.ucum.units import Unit

# The enzyme unit is 1 umol/min: what the International Union of Biochemistry called the international
# unit (1961).
ENZYME_UNIT = Fraction(1, 60 * 10**6)  # mol/s
_MOST_DIGITS = 40


@dataclass(frozen=True, slots=True)
class Plan:
    """How to get from one unit to the other: times ``factor`` plus ``offset``, or by a scale's function.

    ``measured`` is set where a measured constant stands in it, so that no digit past the source's means
    anything.
    """

    source: Unit
    target: Unit
    factor: Fraction
    offset: Fraction
    measured: bool
    note: str
    curved: bool

    def forth(self, value: Fraction) -> Fraction:
        if self.curved:
            return scales.from_base(scales.to_base(value, self.source), self.target)
        return value * self.factor + self.offset

    def back(self, value: Fraction) -> Fraction:
        if self.curved:
            return scales.from_base(scales.to_base(value, self.target), self.source)
        return (value - self.offset) / self.factor


def convert(
    value: str | Decimal, from_unit: str, to_unit: str, *, loinc: str = "", literally: bool = False
) -> Answer:
    """The value in the other unit, with the source's digits; a refusal is an answer, never an exception.

    ``literally`` takes a code at UCUM's word also where it is on the list of traps.
    """
    plan = _plan(from_unit, to_unit, loinc, literally)
    if isinstance(plan, UnitRefused):
        return plan.answer()
    try:
        number = digits.read(value)
        return Answer(
            digits.shown(_apply(plan, number)), Status.OK, plan.note, "analyte" if plan.note else ""
        )
    except UnitRefused as refusal:
        return refusal.answer()


def _apply(plan: Plan, number: Number) -> Number:
    if plan.curved or plan.offset:
        value = plan.forth(number.fraction())
        numerator, denominator = value.numerator, value.denominator
    elif number.coefficient == 0:
        return Number(0, min(number.exponent, 0), 1)
    else:
        # Whole numbers only: a Fraction would look for common divisors at each step.
        numerator, denominator = number.coefficient * plan.factor.numerator, plan.factor.denominator
        if number.exponent >= 0:
            numerator *= 10**number.exponent
        else:
            denominator *= 10**-number.exponent
    if not (plan.curved or plan.measured):
        found = digits.exact(numerator, denominator, number.digits)
        if found is not None:
            return found
    return _rounded(plan, number, numerator, denominator)


def _rounded(plan: Plan, number: Number, numerator: int, denominator: int) -> Number:
    """As few digits as lead back to the source, and never fewer than its own."""
    for count in range(max(number.digits, digits.LEAST_ROUNDED), _MOST_DIGITS):
        found = digits.rounded(numerator, denominator, count)
        if _leads_back(plan, number, found):
            return found
    return digits.rounded(numerator, denominator, _MOST_DIGITS)


def _leads_back(plan: Plan, number: Number, found: Number) -> bool:
    """Whether the rounded answer, converted back, is the source to the source's last digit."""
    if plan.curved or plan.offset:
        try:
            apart = plan.back(found.fraction()) - number.fraction()
        except UnitRefused:
            return False
        return 2 * abs(apart) <= Fraction(10) ** number.exponent
    # The same without an offset, in whole numbers: found / factor - number, times the factor, in last digits.
    above, below = plan.factor.numerator, plan.factor.denominator
    shift = found.exponent - number.exponent
    scale: int = 10 ** abs(shift)
    if shift >= 0:
        return 2 * abs(found.coefficient * scale * below - number.coefficient * above) <= above
    return 2 * abs(found.coefficient * below - number.coefficient * above * scale) <= above * scale


@lru_cache(maxsize=8192)
def _plan(from_unit: str, to_unit: str, loinc: str, literally: bool) -> Plan | UnitRefused:
    try:
        source, target = units.read(from_unit), units.read(to_unit)
        if not literally and source.code != target.code:
            traps.refuse(source)
            traps.refuse(target)
        return _plan_between(source, target, loinc)
    except UnitRefused as refusal:
        return refusal


def _plan_between(source: Unit, target: Unit, loinc: str) -> Plan:
    note, measured, joint = "", False, Fraction(1)
    if source.dimension != target.dimension:
        joint, measured, note = _by_analyte(source, target, loinc)
    else:
        braces.check(source, target)
        _check_ratio(source, target)
    if source.code == target.code:
        return Plan(source, target, Fraction(1), Fraction(0), False, "", False)
    if scales.is_affine(source) and scales.is_affine(target):
        scale = scales.slope(target)
        base = scales.offset(source) * source.factor - scales.offset(target) * target.factor
        return Plan(source, target, scales.slope(source) * joint / scale, base / scale, measured, note, False)
    if _same_scale(source, target):
        return Plan(source, target, _scale(source) / _scale(target), Fraction(0), False, "", False)
    plan = Plan(source, target, Fraction(1), Fraction(0), measured, note, True)
    plan.forth(Fraction(1))  # refuses here, once, what can never be converted
    return plan


def _same_scale(source: Unit, target: Unit) -> bool:
    ours, theirs = source.special, target.special
    return bool(ours and theirs and ours.function == theirs.function and source.factor == target.factor)


def _scale(unit: Unit) -> Fraction:
    return unit.special.scale if unit.special else Fraction(1)


def _check_ratio(source: Unit, target: Unit) -> None:
    if source.dimension == NUMBER and source.is_ratio_of("mol") != target.is_ratio_of("mol"):
        raise UnitRefused(
            "A ratio of amounts (mol/mol) and a plain fraction are not the same scale: haemoglobin A1c "
            "of 6.5 % is 48 mmol/mol, not 65.",
            why="ratio",
        )


_AMOUNTS = ("g", "mol", "eq")


def _by_analyte(source: Unit, target: Unit, loinc: str) -> tuple[Fraction, bool, str]:
    """The factor between base units that the analyte gives, whether it is measured, and what it was."""
    ours, theirs = _amount(source.dimension), _amount(target.dimension)
    rest = source.dimension.without(*_AMOUNTS) == target.dimension.without(*_AMOUNTS)
    enzyme = _enzyme(source.dimension, target.dimension)
    if not (enzyme or (rest and ours and theirs)) or source.special or target.special:
        raise UnitRefused(_different(source, target), why="dimension")
    if not loinc:
        raise UnitRefused(
            f"{_different(source, target)} It takes the analyte to join them: name its LOINC code.",
            why="no-analyte",
        )
    analyte = analytes.find(loinc)
    if analyte is None:
        raise UnitRefused(
            f"{_different(source, target)} LOINC {loinc[:20]} is not in our table.", why="no-analyte"
        )
    if enzyme:
        return _as_enzyme(analyte, source, target, enzyme)
    factor, words = Fraction(1), []
    for amount, sign in ((ours, -1), (theirs, 1)):
        constant, word = _constant(analyte, amount)
        factor *= constant**sign
        words += [word] if word else []
    return factor, "g" in (ours, theirs), f"{analyte.name}: {', '.join(words)}."


def _amount(dimension: Dimension) -> str:
    """Which of mass, amount and equivalents stands above the line, alone; else empty."""
    found = [(name, dimension.power(name)) for name in _AMOUNTS if dimension.power(name)]
    return found[0][0] if len(found) == 1 and found[0][1] == 1 else ""


def _constant(analyte: Analyte, amount: str) -> tuple[Fraction, str]:
    """How many of it one mole is."""
    if amount == "mol":
        return Fraction(1), ""
    if amount == "g":
        if analyte.molar_mass is None:
            raise UnitRefused(f"{analyte.name} has no single molar mass.", why="no-molar-mass")
        return analyte.molar_mass, f"{float(analyte.molar_mass):g} g/mol"
    if analyte.valence is None:
        raise UnitRefused(f"{analyte.name} has no single valence.", why="no-valence")
    return Fraction(analyte.valence), f"{analyte.valence} eq/mol"


def _enzyme(source: Dimension, target: Dimension) -> int:
    """1 from international to enzyme units, -1 back, 0 for anything else."""
    for sign, one, other in ((1, source, target), (-1, target, source)):
        if (one.power("[iU]"), other.power("mol")) == (1, 1):
            left = {**dict(one.without("[iU]").powers)}
            right = dict(other.without("mol").powers)
            left["s"] = left.get("s", 0) - 1
            if {k: v for k, v in left.items() if v} == right:
                return sign
    return 0


def _as_enzyme(analyte: Analyte, source: Unit, target: Unit, sign: int) -> tuple[Fraction, bool, str]:
    catalytic = (target if sign == 1 else source).dimension
    if not analyte.unit or units.read(analyte.unit).dimension != catalytic:
        raise UnitRefused(
            f"{_different(source, target)} Only for an enzyme is an international unit 1 umol/min.",
            why="dimension",
        )
    return ENZYME_UNIT**sign, False, f"{analyte.name}: the enzyme's international unit is 1 umol/min."


def _different(source: Unit, target: Unit) -> str:
    return (
        f"{source.code} is {source.dimension.in_words()} and {target.code} is {target.dimension.in_words()}."
    )
