"""Whatever a text holds, it gets one honest answer on one line."""

from __future__ import annotations

import json

from drug_list import names, normaliser
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from steadwell.terminology.rxnorm import current, official
from steadwell.terminology.rxnorm.batch import as_cells, as_object
from steadwell.terminology.rxnorm.catalogue import CLINICAL
from steadwell.terminology.rxnorm.normalising import Normaliser
from steadwell.terminology.rxnorm.types import Grade

READER = normaliser()
SHIPPED = Normaliser(current.starter())
OF_ONE_MASS = sorted(
    (parts.components[0].name, parts.components[0].strength.value, parts.form_name)
    for concept in SHIPPED.catalogue.concepts.values()
    if concept.term_type in CLINICAL and (parts := concept.parts) and len(parts.components) == 1
    if parts.components[0].strength and parts.components[0].strength.kind in {"mass", "mass/ml"}
)
# How an amount is written, and what it is then: its kind, and mg (per mL) of the number as it stands.
WRITINGS = {
    "{name} {value} mg": ("mass", 1), "{name} {value}MG {form}": ("mass", 1),
    "{name} {value} mcg": ("mass", 0.001), "{name} {value} g {form}": ("mass", 1000),
    "{name} {value} mg/ml": ("mass/ml", 1), "{name} {value}MG/ML {form}": ("mass/ml", 1),
    "{name} {value} mcg/ml": ("mass/ml", 0.001), "{name} {value} mg/5 ml": ("mass/ml", 0.2),
    "{name} {value} %": ("mass/ml", 10),
}  # fmt: skip
PIECES = (
    "lisinopril", "hctz", "metformin", "hcl", "5", "0.5", "mg", "mcg", "%", "/", "-", "(", ")", "[", "tab",
    "cap", "er", "sa", ",", "ml", "inj", "unt", "20MG", "10-20", "5/325", "apap", "100MG/5ML", "1,000", ".5",
    "Lipitor", "ud", "100", "µg", "½", "٣", "blorbs", "aspirin", "insulin", "regular", "human", "hydralazine",
    "0", "999999999999999999999", "mg/0ml", "/0",
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=600),
    st.binary(max_size=200).map(lambda raw: raw.decode("utf-8", "replace")),
    st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join),
    st.lists(st.sampled_from(PIECES), max_size=14).map("".join),
)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_reading_never_raises_and_keeps_to_its_grade(text):
    reading = READER.read(text)

    assert reading.text == text
    assert reading.reason
    if reading.grade in {Grade.EXACT, Grade.CLINICAL_DRUG}:
        assert reading.rxcui in READER.catalogue.concepts
        assert reading.ingredients
    if reading.grade in {Grade.AMBIGUOUS, Grade.NONE}:
        assert reading.rxcui is None
    if reading.grade is Grade.AMBIGUOUS:
        assert reading.candidates
    if reading.grade is Grade.NONE:
        assert reading.ingredients == ()


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_answer_is_one_line_of_seven_cells(text):
    reading = READER.read(text)

    cells, line = as_cells(reading), as_object(reading)

    assert cells.splitlines(keepends=True) == [cells]
    assert cells.count("\t") == 6
    assert line.splitlines(keepends=True) == [line]
    assert json.loads(line)["grade"] == reading.grade


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([each for each in names() if each.term_type == "SCD"]),
    st.sampled_from([str.upper, str.lower, str.title]),
    st.sampled_from([" ", "  ", "\t"]),
)
def test_official_name_in_any_case_and_spacing_is_never_another_drug(row, case, space):
    reading = READER.read(case(row.name).replace(" ", space))

    assert reading.rxcui in {row.rxcui, None}
    assert {each.name for each in reading.ingredients} == {
        each.name for each in READER.read(row.name).ingredients
    }


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([each for each in names() if each.term_type == "SCD"]), st.data())
def test_one_wrong_letter_is_never_another_ingredient(row, data):
    place = data.draw(st.integers(0, len(row.name) - 1))
    letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz "))
    right = {each.name for each in READER.read(row.name).ingredients}

    found = {each.name for each in READER.read(row.name[:place] + letter + row.name[place + 1 :]).ingredients}

    assert found <= right


@settings(max_examples=1500, deadline=None)
@given(
    st.sampled_from(OF_ONE_MASS), st.sampled_from([1, 10, 0.1, 1000, 0.001, 2, 5]),
    st.sampled_from([*WRITINGS]), st.booleans(),
)  # fmt: skip
def test_a_drug_that_is_named_has_the_strength_that_is_said(drug, factor, writing, comma):
    name, has, form = drug
    value = f"{has * factor:.6f}".rstrip("0").rstrip(".")
    assume(float(value) > 0 and not (comma and len(value.partition(".")[2]) > 2))
    kind, unit = WRITINGS[writing]

    reading = SHIPPED.read(
        writing.format(name=name, value=value.replace(".", ",") if comma else value, form=form)
    )

    if reading.grade in {Grade.EXACT, Grade.CLINICAL_DRUG}:
        named = official.read(SHIPPED.catalogue.concepts[reading.rxcui].name)
        (strength,) = (each.strength for each in named.components)
        amounts = {(strength.kind, strength.value)}
        if named.quantity is not None and strength.kind == "mass/ml":
            amounts.add(("mass", strength.value * named.quantity.value))  # the whole of a vial
        said = float(value) * unit
        assert any(kind == k and abs(v - said) <= 0.012 * max(v, said) for k, v in amounts), reading
