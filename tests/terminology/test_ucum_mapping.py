"""What senders write: synonyms, traps, other capitals, and the word that the code of the test has."""

from __future__ import annotations

import pytest

from steadwell.terminology import service as terminology
from steadwell.terminology.service import Status
from steadwell.terminology.ucum import synonyms, traps, units

HAEMOGLOBIN, LEUKOCYTES, ERYTHROCYTES, ALT, TSH, GLUCOSE = (
    "718-7",
    "6690-2",
    "789-8",
    "1742-6",
    "3016-3",
    "2345-7",
)

# Strings that are UCUM as written, where the other meaning is so absurd and the string so usual that it
# counts as what it looks like. Whoever adds one has thought about it.
DELIBERATE = {
    "nG/mL", "nG/ML", "uG/dL", "uG/mL", "uG/ML", "uG/L", "pG/mL", "mG/dL", "G/dL", "mmol/L/pH74",
    "mmol/l/ph74", "mg/TV", "g/TV", "mL/TV", "mmol/TV", "mL/min/1.73", "mL/min/1.73.m2", "/cu.mm",
    "K/cu.mm", "Geq/mL", "ng/mL/H", "AU", "AU/mL", "au/ml", "AU/L", "EL.U/mL", "uU/ML", "mU/ML", "U/ML",
    "ng/ML", "pg/ML", "ug/ML", "mg/ML",
}  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("mg/dL", "mg/dL"), ("MG/DL", "mg/dL"), ("mg/dl", "mg/dL"), ("GM/DL", "g/dL"), ("mEq/L", "meq/L"),
        ("IU/L", "[iU]/L"), ("iu/ml", "[iU]/mL"), ("uIU/mL", "u[iU]/mL"), ("µIU/mL", "u[iU]/mL"),
        ("mIU/mL", "m[iU]/mL"), ("mcg/mL", "ug/mL"), ("μg/L", "ug/L"), ("mm Hg", "mm[Hg]"),
        ("MM HG", "mm[Hg]"), ("x10E3/uL", "10*3/uL"), ("10E3/uL", "10*3/uL"), ("X10(3)/uL", "10*3/uL"),
        ("10^3/µL", "10*3/uL"), ("×10⁹/L", "10*9/L"), ("10⁹/L", "10*9/L"), ("10**12/l", "10*12/L"),
        ("x 10^6 / mm3", "10*6/mm3"), ("x10E3/mcL", "10*3/uL"), ("10 3/uL", "10*3/uL"),
        ("e6/l", "10*6/L"), ("10x3/uL", "10*3/uL"), ("mg/dL (calc)", "mg/dL"), ("IE/l", "[iU]/L"),
        ("1e3/uL", "10*3/uL"), ("thou/mm3", "10*3/uL"), ("M/uL", "10*6/uL"), ("cells/uL", "{cells}/uL"),
        ("#/uL", "{cells}/uL"), ("/HPF", "/[HPF]"), ("sec", "s"), ("hr", "h"), ("units/L", "U/L"),
        ("mL/min/1.73_m2", "mL/min/{1.73_m2}"), ("mL/min/1.73 m²", "mL/min/{1.73_m2}"),
        ("copies/mL", "{copies}/mL"), ("ratio", "{ratio}"), ("FL", "fL"), ("cc", "mL"), ("°C", "Cel"),
        ("deg F", "[degF]"), ("mmol / L", "mmol/L"), ("mmHg.", "mm[Hg]"), ("log10 IU/mL", "{Log_IU}/mL"),
        ("mg/24 hrs", "mg/(24.h)"), ("mg/g creat", "mg/g{creat}"), ("mM", "mmol/L"),
        ("ng/mL FEU", "ng{FEU}/mL"), ("vol%", "%"), ("‰", "[ppth]"), ("  mg/dL  ", "mg/dL"),
        ("10*3/uL", "10*3/uL"), ("1x10^3/uL", "10*3/uL"), ("10X6/UL", "10*6/uL"),
    ],
)  # fmt: skip
def test_map_knows_what_is_meant(raw, code):
    found = terminology.map_unit(raw)

    assert (found.answer, found.status) == (code, Status.OK)


@pytest.mark.parametrize(
    ("raw", "literal", "meant"),
    [
        ("K/uL", "kelvin per microliter", "10*3/uL"),
        ("m/uL", "meter per microliter", "10*6/uL"),
        ("MG/L", "megagauss per liter", "mg/L"),
        ("G/L", "gauss per liter", "10*9/L"),
        ("u/L", "dalton per liter", "U/L"),
        ("u/l", "dalton per liter", "U/L"),
        ("EU/dL", "exaenzyme unit per deciliter", "Ehrlich"),
        ("C", "coulomb", "Cel"),
        ("S", "siemens", "s"),
        ("pH", "picohenry", "[pH]"),
        ("ph", "phot", "[pH]"),
        ("PG/mL", "petagauss per milliliter", "pg/mL"),
        ("Mmol/L", "megamole per liter", "mmol/L"),
        ("MU/L", "megaenzyme unit per liter", "mU/L"),
        ("Mg/dL", "megagram per deciliter", "mg/dL"),
        ("109/L", "109 per liter", "10*9/L"),
        ("A/G", "ampère per gauss", "{ratio}"),
        ("t", "tonne", "hour"),
    ],
)
def test_map_says_what_a_trap_is_and_what_was_probably_meant(raw, literal, meant):
    found = terminology.map_unit(raw)

    assert (found.answer, found.status) == ("", Status.TRAP)
    assert literal in found.reason
    assert meant in found.reason


@pytest.mark.parametrize("raw", ["units", "Pos/Neg", "N/A", "nmol/", "mil/mm3", "c", "MM", "eu/ml", "/campo"])
def test_map_refuses_what_may_mean_two_things_or_nothing(raw):
    found = terminology.map_unit(raw)

    assert (found.answer, found.status) == ("", Status.REFUSED)


@pytest.mark.parametrize(
    "raw", ["", "   ", "foo", "blorbs/L", "x" * 500, "mg/dL extra words", "\x00", "\ud800"]
)
def test_map_does_not_guess(raw):
    found = terminology.map_unit(raw)

    assert (found.answer, found.status) == ("", Status.UNKNOWN)
    assert found.reason


def test_map_asks_the_sender_first_and_the_operator_before_that():
    assert terminology.map_unit("t", sender="kanta").answer == "h"
    assert terminology.map_unit("t", sender="KANTA").answer == "h"
    assert terminology.map_unit("t", sender="elsewhere").status is Status.TRAP
    assert terminology.map_unit("K/uL", sender="LAB", extra={"K/uL": "10*3/uL"}).answer == "10*3/uL"
    assert terminology.map_unit("t", sender="kanta", extra={"t": "t"}).answer == "t"
    assert terminology.map_unit("blorbs", extra={"blorbs": "not ucum"}).status is Status.INVALID


@pytest.mark.parametrize(
    ("raw", "loinc", "code"),
    [
        ("K/uL", LEUKOCYTES, "10*3/uL"),
        ("m/uL", ERYTHROCYTES, "10*6/uL"),
        ("G/L", HAEMOGLOBIN, "g/L"),
        ("G/L", LEUKOCYTES, "10*9/L"),
        ("u/L", ALT, "U/L"),
        ("MG/L", GLUCOSE, "mg/L"),
        ("mmol/L", GLUCOSE, "mmol/L"),
        ("IU/L", ALT, "[iU]/L"),
        ("mU/L", TSH, "m[iU]/L"),
        ("uU/mL", TSH, "u[iU]/mL"),
        ("foo/L", "", ""),
    ],
)
def test_the_code_of_the_test_decides(raw, loinc, code):
    found = terminology.map_unit(raw, loinc=loinc)

    assert found.answer == code
    if found.code == "resolved":
        assert found.reason  # and says so


@pytest.mark.parametrize(
    ("raw", "loinc"),
    [
        ("mg/dL", LEUKOCYTES),
        ("mmol/L", ALT),
        ("10*3/uL", GLUCOSE),
        ("%", GLUCOSE),
        ("mg/dL", TSH),
        ("sec", GLUCOSE),
        ("mmol/mol", "4548-4"),
    ],
)
def test_map_refuses_what_the_test_is_not_measured_in(raw, loinc):
    assert terminology.map_unit(raw, loinc=loinc).status is Status.REFUSED


@pytest.mark.parametrize(("raw", "loinc"), [("K/uL", GLUCOSE), ("pH", ALT), ("C", GLUCOSE)])
def test_a_trap_stays_one_where_the_code_does_not_decide(raw, loinc):
    assert terminology.map_unit(raw, loinc=loinc).status is Status.TRAP


def test_each_shipped_synonym_is_sound():
    table = synonyms.table()

    assert len(table["*"].exact) > 1000
    for words in table.values():
        for raw, synonym in words.exact.items():
            if synonym.code:
                unit = units.read(synonym.code)
                assert unit.code == synonym.code, raw
                assert traps.find(unit) is None, raw
            else:
                assert synonym.note, raw


def test_no_synonym_shadows_a_code_by_accident():
    shadowing = set()
    for raw, synonym in synonyms.table()["*"].exact.items():
        found = terminology.validate_unit(raw)
        if synonym.code and found.ok:
            ours, theirs = units.read(synonym.code), units.read(raw)
            if (ours.factor, ours.dimension) != (theirs.factor, theirs.dimension):
                shadowing.add(raw)

    assert shadowing <= DELIBERATE


def test_no_two_rows_differ_in_capitals_only():
    seen: dict[tuple[str, str], str] = {}
    for sender, raw, code, case, _note in synonyms.rows():
        if case != "exact":
            key = (sender, synonyms.tidy(raw).casefold())
            assert seen.setdefault(key, code) == code, raw


def test_each_listed_trap_is_ucum_and_what_was_meant_is_another_unit():
    for code, (meant, _note) in traps.table().items():
        literal = units.read(code)
        for each in meant:
            unit = units.read(each)
            assert unit.code == each
            assert (unit.factor, unit.dimension) != (literal.factor, literal.dimension) or unit.special
