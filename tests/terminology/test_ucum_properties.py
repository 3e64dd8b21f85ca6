"""What holds for every number and every unit, not only for those that somebody thought of."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from steadwell.terminology import service as terminology
from steadwell.terminology.service import Status
from steadwell.terminology.ucum import essence, synonyms, traps, units

GLUCOSE = "2345-7"
FAMILIES = [
    ["g/L", "mg/dL", "ug/mL", "ng/mL", "pg/mL", "g/dL", "kg/m3", "[gr]/[foz_us]", "[lb_av]/[gal_us]"],
    ["mol/L", "mmol/L", "umol/L", "nmol/mL", "pmol/L", "mol/m3"],
    ["10*3/uL", "10*9/L", "/uL", "10*6/mL", "/[cin_i]"],
    ["U/L", "ukat/L", "nmol/s/L", "mU/mL"],
    ["[iU]/L", "m[iU]/mL", "k[iU]/L", "u[iU]/mL"],
    ["mm[Hg]", "kPa", "cm[H2O]", "atm", "bar", "[psi]"],
    ["Cel", "[degF]", "K", "[degRe]", "mCel"],
    ["%", "1", "[ppth]", "10*-3"],
    ["s", "min", "h", "d", "wk", "mo", "a"],
    ["dB", "B", "Np", "1"],
]
numbers = st.builds(
    lambda digits, places, sign: f"{sign}{Decimal(digits).scaleb(-places):f}",
    st.integers(1, 10**9), st.integers(0, 6), st.sampled_from(["", "-"]),
)  # fmt: skip
pairs = st.sampled_from(FAMILIES).flatmap(
    lambda family: st.tuples(st.sampled_from(family), st.sampled_from(family))
)
TABLE = essence.load()
SIMPLE = [
    prefix + atom.code
    for atom in TABLE.atoms.values()
    if not atom.function
    for prefix in ("", *(TABLE.prefixes if atom.metric else ()))
]
SCALES = [atom.code for atom in TABLE.atoms.values() if atom.function]
parts = st.builds(
    lambda name, power: f"{name}{power}", st.sampled_from(SIMPLE), st.sampled_from(["", "2", "-1"])
)
products = st.lists(st.tuples(st.sampled_from("./"), parts), min_size=1, max_size=4).map(
    lambda found: "".join(joint + part for joint, part in found).removeprefix(".")
)
codes = st.one_of(products, st.sampled_from(SCALES))
written = st.sampled_from([row.raw for row in synonyms.rows()])
capitals = st.tuples(written, st.sampled_from([str, str.upper, str.lower, str.title, str.swapcase]))
noise = st.one_of(
    st.text(max_size=60),
    codes,
    capitals.map(lambda pair: pair[1](pair[0])),
    st.text("mgdLu/.(){}[]*^10%'µ⁹ \t", max_size=40),
)
many = settings(max_examples=200, deadline=None)


def last_place(value: str) -> Decimal:
    return Decimal(1).scaleb(int(Decimal(value).as_tuple().exponent))


def significant(value: str) -> int:
    return len(value.lstrip("-").replace(".", "").lstrip("0"))


@many
@example("1302.89", ("dB", "Np"))  # 300.0015 Np, beyond what is taken
@given(numbers, pairs)
def test_round_trip_leads_back_to_the_source(value, pair):
    source, target = pair
    there = terminology.convert(value, source, target)
    assume(there.ok)  # a logarithm of a negative number has no answer

    # More digits on the way back, so that only the first step's rounding shows.
    padded = there.answer + ("0" * 25 if "." in there.answer else "." + "0" * 25)
    back = terminology.convert(
        padded if len(padded) <= 40 and "e" not in padded else there.answer, target, source
    )

    assert back.ok
    assert abs(Decimal(back.answer) - Decimal(value)) <= last_place(value)


@many
@given(numbers, st.sampled_from(["mg/dL", "g/L", "ug/mL"]), st.sampled_from(["mmol/L", "umol/L"]))
def test_round_trip_by_molar_mass(value, source, target):
    there = terminology.convert(value, source, target, loinc=GLUCOSE)
    back = terminology.convert(there.answer, target, source, loinc=GLUCOSE)

    assert abs(Decimal(back.answer) - Decimal(value)) <= last_place(value)


@many
@given(
    numbers,
    st.sampled_from(FAMILIES[:3]).flatmap(lambda f: st.tuples(st.sampled_from(f), st.sampled_from(f))),
)
def test_digits_are_kept_and_no_noise_is_added(value, pair):
    source, target = pair
    answer = terminology.convert(value, source, target).answer
    ratio = units.read(source).factor / units.read(target).factor
    exact = Fraction(value) * ratio

    assert significant(answer) >= min(significant(value), 40)
    assert significant(answer) <= max(
        15, significant(value) + 2, 20 + significant(value) * ("." not in answer)
    )
    assert abs(Fraction(answer) - exact) * 200 <= abs(exact)  # three digits at least
    power_of_ten = set(str(ratio.numerator).strip("0") + str(ratio.denominator).strip("0")) <= {"1"}
    if power_of_ten:
        assert Fraction(answer) == exact


@many
@given(numbers, codes, codes)
def test_nothing_crosses_dimensions(value, source, target):
    ours, theirs = terminology.dimension_of(source), terminology.dimension_of(target)

    found = terminology.convert(value, source, target, literally=True)

    assert terminology.commensurable(source, target) == (ours == theirs)
    if ours != theirs:
        assert (found.status, found.answer) == (Status.REFUSED, "")


@many
@given(products)
def test_a_code_is_worth_the_product_of_its_parts(code):
    unit, spelt = units.read(code), terminology.validate_unit(code).answer

    assert terminology.validate_unit(spelt).answer == spelt
    assert (units.read(spelt).factor, units.read(spelt).dimension) == (unit.factor, unit.dimension)
    if not code.startswith("/"):
        assert units.read(f"({code}).({code})").factor == unit.factor**2
        assert str(terminology.dimension_of(f"({code})/({code})")) == "1"


@settings(max_examples=800, deadline=None)
@given(noise, noise, noise, st.sampled_from(["", GLUCOSE, "1742-6", "3016-3", "nonsense"]))
def test_nothing_is_ever_raised_and_each_answer_is_whole(value, first, second, loinc):
    answers = [
        terminology.convert(value, first, second, loinc=loinc),
        terminology.validate_unit(first),
        terminology.map_unit(first, sender=second, loinc=loinc),
        terminology.map_unit(first, extra={second: value}),
    ]

    for answer in answers:
        assert (answer.status is Status.OK) == bool(answer.answer)
        assert answer.ok or answer.reason


@many
@given(noise, st.sampled_from(["", GLUCOSE, "718-7"]))
def test_what_map_answers_is_ucum_and_no_trap(raw, loinc):
    found = terminology.map_unit(raw, loinc=loinc)

    if found.ok:
        unit = units.read(found.answer)
        assert unit.code == found.answer
        assert traps.find(unit) is None
