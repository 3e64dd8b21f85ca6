"""What is UCUM and what is not, and what a code is worth."""

from __future__ import annotations

import sys
from fractions import Fraction

import pytest

from steadwell.terminology import service as terminology
from steadwell.terminology.service import Status, UnitRefused
from steadwell.terminology.ucum import essence, units


def test_every_atom_of_the_table_is_read_and_has_a_worth():
    table = essence.load()

    read = {code: units.read(code) for code in table.atoms}

    assert len(read) >= 300
    assert all(unit.factor > 0 for unit in read.values())
    assert {code for code, unit in read.items() if unit.code != code} == {"l", "10^", "[IU]"}


def test_every_definition_agrees_with_its_unit():
    atoms = [a for a in essence.load().atoms.values() if a.unit not in ("", "1") and not a.function]

    for atom in atoms:
        if atom.arbitrary or atom.code in units.OWN:
            continue
        unit, defined = units.read(atom.code), units.read(atom.unit)
        assert unit.dimension == defined.dimension, atom.code
        assert unit.factor == Fraction(atom.value) * defined.factor, atom.code


def test_every_metric_atom_takes_every_prefix_and_no_other_does():
    table = essence.load()
    for atom in table.atoms.values():
        for prefix in table.prefixes.values():
            code = prefix.code + atom.code
            if code in table.atoms:
                continue
            if atom.metric and not atom.function:
                assert units.read(code).factor == prefix.factor * units.read(atom.code).factor, code
            elif not atom.metric:
                assert terminology.validate_unit(code).status is Status.INVALID, code


def test_each_arbitrary_unit_is_a_dimension_of_its_own():
    codes = [atom.code for atom in essence.load().atoms.values() if atom.arbitrary and atom.code != "[IU]"]

    dimensions = {terminology.dimension_of(code) for code in codes}

    assert len(dimensions) == len(codes) >= 40
    assert terminology.dimension_of("[IU]") == terminology.dimension_of("[iU]")


def test_amounts_are_no_pure_numbers():
    assert len({terminology.dimension_of(code) for code in ("mol", "eq", "osm", "[HPF]", "[LPF]", "%")}) == 6
    assert terminology.dimension_of("1") == terminology.dimension_of("%") == terminology.dimension_of("{INR}")


@pytest.mark.parametrize(
    ("code", "factor", "base"),
    [
        ("mg/dL", Fraction(10), "g.m-3"),
        ("10*3/uL", Fraction(10) ** 12, "m-3"),
        ("/uL", Fraction(10) ** 9, "m-3"),
        ("mL/min/{1.73_m2}", Fraction(1, 60 * 10**6), "m3.s-1"),
        ("g/(24.h)", Fraction(1, 86400), "g.s-1"),
        ("g/24.h", Fraction(3600, 24), "g.s"),  # from left to right: the hour stands above
        ("m/s/s", Fraction(1), "m.s-2"),
        ("m/(s/s)", Fraction(1), "m"),
        ("kg.m/s2", Fraction(1000), "g.m.s-2"),
        ("[in_i'Hg]", Fraction("0.0254") * 133322000, "g.m-1.s-2"),
        ("cd", Fraction(1), "cd"),  # the candela, no centiday
        ("Pa", Fraction(1000), "g.m-1.s-2"),  # the pascal, no petayear
        ("dar", Fraction(10), "m2"),  # a deci-are
        ("{RBCs}/uL", Fraction(10) ** 9, "m-3"),
        ("U/(10.g){feces}", Fraction(1, 6 * 10**8), "g-1.mol.s-1"),
        ("[Cal]", Fraction(4184) * 1000, "g.m2.s-2"),
        ("10*-3", Fraction(1, 1000), "1"),
        ("10^+3", Fraction(1000), "1"),
        ("m[H2O]{35Cel}", Fraction(9806650), "g.m-1.s-2"),
    ],
)
def test_a_code_is_worth(code, factor, base):
    unit = units.read(code)

    assert (unit.factor, str(unit.dimension)) == (factor, base)


@pytest.mark.parametrize(
    "code",
    [
        "", " ", "mg/dL ", "mg dL", "mg//dL", "mg/", "mg.", ".mg", "mg..dL", "(mg", "mg)", "()", "{", "}",
        "{a", "a}", "{a}{b}", "{a{b}}", "MMOL/L", "Mmol/l/X", "k[degF]", "kmin", "m1000", "10*9999", "0.m",
        "m0", "24h", "mg/24h", "2m", "m-", "m+", "(g/L)2", "mmol/L/Cel", "Cel2", "2.Cel", "/Cel", "[pH]/L",
        "µg/L", "mg/dL\n", "1e3/uL", "IU/L", "mcg", "%%", "5%", "[iU", "iU]", "m[iU]x", "g/L\x00", "ﬂ",
        "x" * 256, "(" * 40 + "m" + ")" * 40,
    ],
)  # fmt: skip
def test_what_is_not_ucum_is_invalid_with_a_reason(code):
    answer = terminology.validate_unit(code)

    assert (answer.status, answer.answer) == (Status.INVALID, "")
    assert answer.reason
    with pytest.raises(UnitRefused):
        terminology.dimension_of(code)
    assert not terminology.commensurable(code, code)


@pytest.mark.parametrize(
    ("code", "preferred"),
    [
        ("mg/dl", "mg/dL"),
        ("[IU]/l", "[iU]/L"),
        ("10^3/uL", "10*3/uL"),
        ("m+2", "m2"),
        ("m1", "m"),
        ("uL", "uL"),
    ],
)
def test_validate_prefers_one_of_two_spellings(code, preferred):
    assert terminology.validate_unit(code).answer == preferred


def test_validate_says_what_was_meant():
    assert "[iU]/L" in terminology.validate_unit("IU/L").reason
    assert "kelvin per microliter" in terminology.validate_unit("K/uL").reason
    assert terminology.validate_unit("mg/dL").reason == ""


def test_the_table_is_the_published_one_and_its_package_is_not_loaded():
    assert essence.load().version == "2.2"
    assert "ucumvert" not in sys.modules
    assert "pint" not in sys.modules
