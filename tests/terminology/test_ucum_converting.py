"""Known conversions, to the digit, and the refusals that keep a patient safe."""

from __future__ import annotations

from decimal import Decimal

import pytest

from steadwell.terminology import service as terminology
from steadwell.terminology.service import Status

GLUCOSE, CREATININE, CALCIUM, ALT, TSH = "2345-7", "2160-0", "17861-6", "1742-6", "3016-3"


@pytest.mark.parametrize(
    ("value", "source", "target", "answer"),
    [
        ("7.10", "g/dL", "g/L", "71.0"),
        ("5", "10*3/uL", "10*9/L", "5"),
        ("5.0", "10*3/uL", "/uL", "5000"),
        ("250", "10*9/L", "10*3/uL", "250"),
        ("0.45", "L/L", "%", "45"),
        ("45", "%", "1", "0.45"),
        ("45.0", "%", "1", "0.450"),
        ("90", "U/L", "ukat/L", "1.5"),
        ("1", "ukat/L", "U/L", "60"),
        ("25", "U/L", "ukat/L", "0.417"),
        ("120", "mm[Hg]", "kPa", "15.99864"),
        ("98.6", "[degF]", "Cel", "37.0"),
        ("37.0", "Cel", "[degF]", "98.6"),
        ("100.2", "[degF]", "Cel", "37.89"),
        ("0", "Cel", "K", "273.15"),
        ("-40", "[degF]", "Cel", "-40"),
        ("80", "[degRe]", "Cel", "100"),
        ("37000", "mCel", "Cel", "37.000"),
        ("70", "[in_i]", "cm", "177.8"),
        ("1", "[lb_av]", "g", "453.59237"),
        ("5.5", "m[iU]/L", "u[iU]/mL", "5.5"),
        ("5", "[IU]/L", "m[iU]/mL", "5"),
        ("1.5", "g/(24.h)", "mg/min", "1.04"),
        ("90", "mL/min/{1.73_m2}", "mL/s/{1.73_m2}", "1.5"),
        ("3", "mg/g{creat}", "ug/mg", "3"),
        ("1", "[Cal]", "kcal", "1"),
        ("1", "atm", "mm[Hg]", "760"),
        ("1", "eV", "J", "1.602176634e-19"),
        ("180", "deg", "rad", "3.14"),
        ("0.00", "mg/dL", "g/L", "0.00"),
        ("-2.5", "mmol/L", "umol/L", "-2500"),
        ("1e3", "g", "kg", "1"),
        ("+.5", "g", "mg", "500"),
        ("007.10", "g", "g", "7.10"),
        (Decimal("7.10"), "mg/dL", "mg/dL", "7.10"),
    ],
)  # fmt: skip
def test_convert_within_a_dimension(value, source, target, answer):
    found = terminology.convert(value, source, target)

    assert (found.answer, found.status, found.reason) == (answer, Status.OK, "")


@pytest.mark.parametrize(
    ("value", "source", "target", "answer"),
    [
        ("7.40", "[pH]", "nmol/L", "39.8"),
        ("40", "nmol/L", "[pH]", "7.40"),
        ("30", "dB", "B", "3.0"),
        ("1", "Np", "dB", "4.34"),
        ("2", "B", "1", "100"),
        ("8", "bit_s", "1", "256"),
        ("60", "dB[SPL]", "mPa", "20.0"),
        ("60", "dB[uV]", "dB[mV]", "0.00"),
        ("4", "[m/s2/Hz^(1/2)]", "m2/s4/Hz", "16.0"),
    ],
)
def test_convert_a_logarithm_or_a_root(value, source, target, answer):
    found = terminology.convert(value, source, target)

    assert found.status is Status.OK
    assert Decimal(found.answer) == pytest.approx(Decimal(answer), abs=Decimal("1e-30"))


@pytest.mark.parametrize(
    ("value", "source", "target", "loinc", "answer"),
    [
        ("100", "mg/dL", "mmol/L", GLUCOSE, "5.55"),
        ("5.55", "mmol/L", "mg/dL", GLUCOSE, "100"),
        ("1.0", "mg/dL", "umol/L", CREATININE, "88.4"),
        ("88.4", "umol/L", "mg/dL", CREATININE, "1.00"),
        ("10.0", "mg/dL", "mmol/L", CALCIUM, "2.50"),
        ("5.0", "meq/L", "mmol/L", "2000-8", "2.5"),
        ("140", "mmol/L", "meq/L", "2951-2", "140"),
        ("25", "[iU]/L", "U/L", ALT, "25"),
        ("25", "U/L", "[iU]/L", ALT, "25"),
    ],
)
def test_convert_by_the_analyte(value, source, target, loinc, answer):
    found = terminology.convert(value, source, target, loinc=loinc)

    assert (found.answer, found.status) == (answer, Status.OK)
    assert found.reason  # it says what was used


@pytest.mark.parametrize(
    ("source", "target", "loinc"),
    [
        ("[iU]/mL", "10*3/uL", ""),
        ("[iU]/L", "U/L", ""),
        ("[iU]/L", "U/L", TSH),
        ("mol", "g", ""),
        ("mg/dL", "mmol/L", ""),
        ("mg/dL", "mmol/L", "99999-9"),
        ("meq/L", "mmol/L", ""),
        ("meq/L", "mmol/L", GLUCOSE),
        ("osm", "mol", GLUCOSE),
        ("mmol/L", "10*3/uL", GLUCOSE),
        ("mol", "10*23", ""),
        ("[iU]", "[arb'U]", ""),
        ("[EU]/mL", "[ELU]/mL", ""),
        ("/[HPF]", "/[LPF]", ""),
        ("/[HPF]", "/uL", ""),
        ("U/L", "mg/L", GLUCOSE),
        ("mg/g", "mg/mmol", CREATININE),
        ("%", "mmol/mol", ""),
        ("%", "mmol/mol", "4548-4"),
        ("ng{FEU}/mL", "ng{DDU}/mL", ""),
        ("{INR}", "%", ""),
        ("{copies}/mL", "{Log_copies}/mL", ""),
        ("{Log_copies}/mL", "{Log_copies}/L", ""),
        ("{titer}", "{index}", ""),
        ("Cel", "[pH]", ""),
        ("[p'diop]", "deg", ""),
        ("[hp'_X]", "1", ""),
    ],
)
def test_convert_refuses_what_is_not_the_same(source, target, loinc):
    for one, other in ((source, target), (target, source)):
        found = terminology.convert("5.5", one, other, loinc=loinc)

        assert (found.answer, found.status) == ("", Status.REFUSED), (one, other)
        assert found.reason.endswith(".")


@pytest.mark.parametrize(
    ("source", "target"),
    [("K/uL", "10*3/uL"), ("MG/L", "G/L"), ("u/L", "g/L"), ("mL/min/1.73", "mL/min"), ("C", "A.s")],
)
def test_convert_never_takes_a_trap_at_its_word_unless_told(source, target):
    found = terminology.convert("5", source, target)

    assert (found.answer, found.status, found.code) == ("", Status.TRAP, "trap")


def test_convert_takes_a_code_literally_when_told():
    assert terminology.convert("5", "C", "A.s", literally=True).answer == "5"
    assert terminology.convert("5", "K/uL", "10*3/uL", literally=True).status is Status.REFUSED


@pytest.mark.parametrize(
    "value",
    [
        "", " ", "abc", "<5", "1,000", "5,4", "NaN", "Infinity", "1e400", "1e999999999", "5 4", "5..4", ".",
        "-", "٣", "5_0", "0x1", "1" * 60,
    ],
)  # fmt: skip
def test_convert_wants_a_number(value):
    found = terminology.convert(value, "g", "mg")

    assert (found.answer, found.status) == ("", Status.INVALID)
    assert found.reason


@pytest.mark.parametrize(
    ("source", "target"), [("IU/L", "[iU]/L"), ("g", ""), ("Cel/min", "K/min"), ("mg/dL", "MG/DL")]
)
def test_convert_wants_ucum(source, target):
    assert terminology.convert("1", source, target).status is Status.INVALID


@pytest.mark.parametrize(
    ("value", "source", "target"),
    [("0", "mol/L", "[pH]"), ("-1", "1", "dB"), ("-4", "m2/s4/Hz", "[m/s2/Hz^(1/2)]"), ("400", "B", "1")],
)
def test_convert_refuses_a_value_outside_the_scale(value, source, target):
    assert terminology.convert(value, source, target).status is Status.REFUSED
