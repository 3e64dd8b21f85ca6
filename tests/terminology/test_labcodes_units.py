"""Units, masses and conversions of the shipped codes, against what is published."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from steadwell.terminology.labcodes import LabCode, lab_codes
from steadwell.terminology.labunits import check_unit
from steadwell.terminology.service import Status, convert, dimension_of, validate_unit

CODES = sorted(lab_codes().values(), key=lambda code: code.loinc)
WITH_UNIT = [code for code in CODES if code.unit]
WITH_FORMULA = [code for code in CODES if code.formula]

# Abridged standard atomic weights (IUPAC 2021).
WEIGHTS = {
    "H": "1.008", "C": "12.011", "N": "14.007", "O": "15.999", "S": "32.06", "P": "30.974", "I": "126.90",
    "Cl": "35.45", "Co": "58.933", "Na": "22.990", "K": "39.098", "Ca": "40.078", "Mg": "24.305",
    "Fe": "55.845",
    "Zn": "65.38", "Cu": "63.546", "Pb": "207.2", "Li": "6.94",
}  # fmt: skip


def _mass(formula: str) -> Decimal:
    assert re.fullmatch(r"(?:[A-Z][a-z]?[0-9]*)+", formula)
    return sum(
        (
            Decimal(WEIGHTS[atom]) * int(count or 1)
            for atom, count in re.findall(r"([A-Z][a-z]?)([0-9]*)", formula)
        ),
        Decimal(0),
    )


@pytest.mark.parametrize("code", WITH_UNIT, ids=lambda code: code.loinc)
def test_a_unit_is_ucum_and_fits_its_own_code(code: LabCode) -> None:
    dimension_of(code.unit)
    assert validate_unit(code.unit).ok
    assert check_unit(code.loinc, code.unit).ok


@pytest.mark.parametrize("code", WITH_FORMULA, ids=lambda code: code.loinc)
def test_a_molar_mass_is_that_of_its_formula(code: LabCode) -> None:
    assert code.molar_mass is not None
    assert abs(code.molar_mass - _mass(code.formula)) <= Decimal("0.02")


def test_no_code_has_a_mass_without_a_formula() -> None:
    assert [code.loinc for code in CODES if code.molar_mass and not code.formula] == []


# value, unit, other unit, published factor: Young DS, SI conversion tables (Ann Intern Med 1987;106:114; AMA
# Manual of Style, 11th ed., table 17.5-1), to the digits printed there.
PUBLISHED = [
    ("2345-7", "mg/dL", "mmol/L", "0.0555"), ("2160-0", "mg/dL", "umol/L", "88.4"),
    ("3094-0", "mg/dL", "mmol/L", "0.357"), ("22664-7", "mg/dL", "mmol/L", "0.1665"),
    ("2093-3", "mg/dL", "mmol/L", "0.0259"), ("2085-9", "mg/dL", "mmol/L", "0.0259"),
    ("2571-8", "mg/dL", "mmol/L", "0.0113"), ("17861-6", "mg/dL", "mmol/L", "0.25"),
    ("17861-6", "mg/dL", "meq/L", "0.499"), ("1975-2", "mg/dL", "umol/L", "17.1"),
    ("3084-1", "mg/dL", "umol/L", "59.48"), ("62292-8", "ng/mL", "nmol/L", "2.496"),
    ("1649-3", "pg/mL", "pmol/L", "2.4"), ("2132-9", "pg/mL", "pmol/L", "0.738"),
    ("2284-8", "ng/mL", "nmol/L", "2.266"), ("3026-2", "ug/dL", "nmol/L", "12.87"),
    ("3024-7", "ng/dL", "pmol/L", "12.87"), ("3053-6", "ng/dL", "nmol/L", "0.0154"),
    ("3051-0", "pg/mL", "pmol/L", "1.536"), ("2143-6", "ug/dL", "nmol/L", "27.59"),
    ("2986-8", "ng/dL", "nmol/L", "0.0347"), ("2243-4", "pg/mL", "pmol/L", "3.671"),
    ("2839-9", "ng/mL", "nmol/L", "3.18"), ("2191-5", "ug/dL", "umol/L", "0.027"),
    ("2498-4", "ug/dL", "umol/L", "0.179"), ("5763-8", "ug/dL", "umol/L", "0.153"),
    ("5631-7", "ug/dL", "umol/L", "0.157"), ("5671-3", "ug/dL", "umol/L", "0.0483"),
    ("19123-9", "mg/dL", "mmol/L", "0.411"), ("2777-1", "mg/dL", "mmol/L", "0.323"),
    ("2731-8", "pg/mL", "pmol/L", "0.106"), ("1986-9", "ng/mL", "nmol/L", "0.331"),
    ("2141-0", "pg/mL", "pmol/L", "0.22"), ("30934-4", "pg/mL", "pmol/L", "0.289"),
    ("10535-3", "ng/mL", "nmol/L", "1.281"), ("3968-5", "ug/mL", "umol/L", "3.96"),
    ("3432-2", "ug/mL", "umol/L", "4.23"), ("4086-5", "ug/mL", "umol/L", "6.93"),
    ("4049-3", "ug/mL", "umol/L", "5.55"), ("3948-7", "ug/mL", "umol/L", "4.31"),
    ("11253-2", "ng/mL", "nmol/L", "1.24"), ("3520-4", "ng/mL", "nmol/L", "0.832"),
    ("6948-4", "ug/mL", "umol/L", "3.905"), ("30471-7", "ug/mL", "umol/L", "5.88"),
    ("3298-7", "ug/mL", "umol/L", "6.62"), ("4024-6", "mg/dL", "mmol/L", "0.0724"),
    ("5643-2", "mg/dL", "mmol/L", "0.217"), ("16362-6", "ug/dL", "umol/L", "0.587"),
    ("2524-7", "mg/dL", "mmol/L", "0.111"), ("13965-9", "mg/L", "umol/L", "7.397"),
    ("2923-1", "ug/dL", "umol/L", "0.0349"), ("1763-2", "ng/dL", "pmol/L", "27.74"),
    ("20578-1", "ug/mL", "umol/L", "0.69"), ("1668-3", "ng/dL", "nmol/L", "0.0303"),
    ("2951-2", "meq/L", "mmol/L", "1"), ("14334-7", "meq/L", "mmol/L", "1"),
    ("19123-9", "meq/L", "mmol/L", "0.5"),
    ("718-7", "g/dL", "g/L", "10"), ("6690-2", "10*3/uL", "10*9/L", "1"),
    ("2019-8", "mm[Hg]", "kPa", "0.133"),
    ("1742-6", "U/L", "ukat/L", "0.0167"), ("3016-3", "m[IU]/L", "u[IU]/mL", "1"),
    ("1988-5", "mg/dL", "mg/L", "10"),
]  # fmt: skip


@pytest.mark.parametrize(("loinc", "unit", "other", "factor"), PUBLISHED)
def test_a_conversion_gives_the_published_value(loinc: str, unit: str, other: str, factor: str) -> None:
    one = convert("1.0000000", unit, other, loinc=loinc)

    assert one.ok, one.reason
    assert abs(Decimal(one.answer) / Decimal(factor) - 1) < Decimal("0.008")


@pytest.mark.parametrize(
    ("loinc", "unit", "meant"),
    [
        ("3016-3", "mU/L", "m[iU]/L"), ("3016-3", "uU/mL", "u[iU]/mL"), ("20448-7", "uU/mL", "u[iU]/mL"),
        ("15067-2", "U/L", "[iU]/L"), ("10334-1", "U/mL", "[arb'U]/mL"), ("31017-7", "U/mL", "[arb'U]/mL"),
        ("1742-6", "U/L", "U/L"), ("1742-6", "[iU]/L", "[iU]/L"), ("2345-7", "mmol/L", "mmol/L"),
        ("2951-2", "meq/L", "meq/L"), ("6690-2", "10*9/L", "10*9/L"), ("6301-6", "", "{INR}"),
        ("2744-1", "", "[pH]"),
        ("5811-5", "", "{specific_gravity}"), ("1759-0", "", "g/g"), ("18906-8", "", "ug/mL"),
        ("5778-6", "", ""),
        ("20454-5", "mg/dL", "mg/dL"),
    ],
)  # fmt: skip
def test_check_unit_takes_what_the_code_expects(loinc: str, unit: str, meant: str) -> None:
    answer = check_unit(loinc, unit)

    assert (answer.status, answer.answer) == (Status.OK, meant)


@pytest.mark.parametrize(
    ("loinc", "unit", "status"),
    [
        ("6690-2", "K/uL", Status.TRAP), ("2345-7", "g/g", Status.REFUSED), ("2345-7", "", Status.REFUSED),
        ("2345-7", "U/L", Status.REFUSED), ("3016-3", "mg/dL", Status.REFUSED),
        ("4548-4", "mmol/mol", Status.REFUSED),
        ("59261-8", "%", Status.REFUSED), ("4548-4", "", Status.REFUSED), ("718-7", "mmol/L", Status.REFUSED),
        ("48065-7", "ng/mL{DDU}", Status.REFUSED), ("6301-6", "%", Status.REFUSED),
        ("2345-7", "nonsense", Status.INVALID),
        ("99999-9", "mg/dL", Status.UNKNOWN), ("11572-5", "U/mL", Status.REFUSED),
        ("43583-4", "mg/dL", Status.REFUSED),
    ],
)  # fmt: skip
def test_check_unit_refuses_what_it_does_not(loinc: str, unit: str, status: Status) -> None:
    answer = check_unit(loinc, unit)

    assert (answer.status, answer.answer) == (status, "")
    assert answer.reason
