"""Whatever a text holds, it gets one honest answer on one line."""

from __future__ import annotations

import json

from drug_list import names, normaliser
from hypothesis import given, settings
from hypothesis import strategies as st

from steadwell.terminology.rxnorm.batch import as_cells, as_object
from steadwell.terminology.rxnorm.types import Grade

READER = normaliser()
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
