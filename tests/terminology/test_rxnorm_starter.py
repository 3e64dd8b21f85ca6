"""The set that ships with the product: each name says what it is said to be, and each can be found."""

from __future__ import annotations

import pytest

from steadwell.terminology.labcodes import DATA
from steadwell.terminology.rxnorm import current, names_file, official
from steadwell.terminology.rxnorm.building import SYNONYMS
from steadwell.terminology.rxnorm.catalogue import BRANDED, CLINICAL, PRODUCTS
from steadwell.terminology.rxnorm.normalising import Normaliser

ROWS = [*names_file.read(DATA / "rxnorm_starter.tsv")]
DRUGS = [row for row in ROWS if row.term_type in PRODUCTS]
CATALOGUE = current.starter()
READER = Normaliser(CATALOGUE)


def test_there_are_enough_of_each_kind():
    kinds = [row.term_type for row in ROWS]

    assert len(DRUGS) >= 600
    assert kinds.count("IN") >= 300
    assert min(kinds.count("PIN"), kinds.count("BN"), kinds.count("SBD")) >= 10


def test_codes_and_names_come_once():
    concepts = [row for row in ROWS if row.term_type not in SYNONYMS]
    assert len({row.rxcui for row in concepts}) == len(concepts)
    assert len({(row.term_type, row.name.casefold()) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", DRUGS, ids=lambda row: row.rxcui)
def test_name_parses_to_ingredient_strength_and_form(row):
    parts = official.read(row.name)

    assert parts is not None
    assert all(each.name and each.strength and each.strength.value > 0 for each in parts.components)
    assert parts.form.stated
    assert bool(parts.brand) == (row.term_type in BRANDED)
    assert CATALOGUE.bases[row.rxcui]


def test_official_names_lead_to_their_own_code_and_to_no_other():
    readings = {row: READER.read(row.name) for row in DRUGS}
    open_ones = {row.name for row, reading in readings.items() if reading.rxcui is None}

    assert [row for row, reading in readings.items() if reading.rxcui not in {None, row.rxcui}] == []
    assert open_ones <= {"aspirin 81 MG Oral Tablet", "aspirin 325 MG Oral Tablet"}


def test_packs_are_one_drug_each_and_count_no_inert_pills():
    packs = [row for row in ROWS if row.term_type == "BPCK"]
    readings = {row.name: READER.read(row.name) for row in packs}

    assert len(packs) >= 10
    assert all(official.read(row.name).parts for row in packs)
    assert {row.name: row.rxcui for row in packs} == {name: each.rxcui for name, each in readings.items()}
    assert not any("inert" in one.name for each in readings.values() for one in each.ingredients)


@pytest.mark.parametrize(
    ("text", "rxcui", "grade"),
    [
        ("Yaz 28 Day Pack", "748856", "exact"),
        ("ERRIN 28 DAY PACK", "831533", "exact"),
        ("norethindrone 0.35 mg tablet", None, "ingredient-only"),  # of three brands' packs it may be any
        ("ethinyl estradiol / norgestimate", None, "ingredient-only"),
    ],
)
def test_a_pack_is_named_by_its_own_name_alone(text, rxcui, grade):
    reading = READER.read(text)

    assert (reading.grade, reading.rxcui if reading.term_type == "BPCK" else None) == (grade, rxcui)


def test_most_ingredients_have_their_code():
    used = {base for bases in CATALOGUE.groups for base in bases}
    without = {base for base in used if not CATALOGUE.ingredients[base].rxcui}

    assert len(without) * 10 < len(used)


def test_brands_lead_to_the_clinical_drug_of_the_same_name():
    for branded, drug in CATALOGUE.generic.items():
        name, _ = official.without_brand(CATALOGUE.concepts[branded].name)
        assert CATALOGUE.concepts[drug].name.casefold() == name.casefold()
        assert CATALOGUE.concepts[drug].term_type in CLINICAL


def test_shipped_tables_have_no_repeats():
    for name in ("drug_words.tsv", "drug_salts.tsv", "drug_abbreviations.tsv", "drug_brands.tsv"):
        lines = (DATA / name).read_text(encoding="utf-8").splitlines()
        first = [line.split("\t")[0].casefold() for line in lines]
        assert sorted(word for word in set(first) if first.count(word) > 1) == [], name


@pytest.mark.parametrize(
    ("prefix", "first"),
    [("lipi", "Lipitor"), ("IBUP", "ibuprofen"), ("advil", "ibuprofen 200 MG Oral Tablet"), ("blorb", None)],
)
def test_suggestions_begin_with_what_is_typed_or_are_of_that_brand(prefix, first):
    found = [CATALOGUE.concepts[code].name for code in CATALOGUE.starting_with(prefix, 8)]

    assert first in found if first else found == []
    assert len(set(found)) == len(found) <= 8
