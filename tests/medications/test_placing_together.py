"""Several statements put to their lines with one decision: all or none, each to be taken back by itself."""

from __future__ import annotations

import pytest
from medicine_house import DOCTOR, IBUPROFEN, NOW, STRANGER, file, key, listed, only, patient, person, said
from test_medicine_access import statements

from medications import service as medications
from medications.models import DecisionVersion
from medications.presenters import clinic_lines as words
from medications.types import Placement, Source
from steadwell.errors import Invalid

pytestmark = pytest.mark.django_db
B, PHARMACY = Source.EHR_B, Source.PHARMACY


def doubled() -> tuple[object, list[Placement]]:
    """Two medicines, each of them named by another source without a strength, or misspelt."""
    who = person()
    file(who, said())
    file(who, said("lisinopril", source=B, system="ehr-b"))
    file(who, said("carvedilol 25 MG Oral Tablet"))
    file(who, said("carvedlol 25 mg tab", source=PHARMACY, system="rx"))
    return who, [words.placement(each.value) for each in words.proposals(listed(who))]


def together(who, placements, **more):
    return medications.place_statements(
        **{"actor": DOCTOR, "person_id": who, "placements": placements, "reason": "Asked the patient",
           "request_key": key(), "now": NOW} | more
    )  # fmt: skip


def test_one_decision_puts_each_to_its_line():
    who, placements = doubled()
    assert (len(listed(who)), len(placements)) == (4, 2)

    together(who, placements)

    assert {line.name: len(line.evidence) for line in listed(who)} == {
        "carvedilol 25 MG Oral Tablet": 2, "lisinopril 10 MG Oral Tablet": 2,
    }  # fmt: skip
    moments = set(DecisionVersion.objects.values_list("recorded_at", flat=True))
    assert len(moments) == DecisionVersion.objects.count() == 2  # one order of all that is recorded


def test_each_is_taken_back_by_itself():
    who, placements = doubled()
    together(who, placements)

    medications.revert_decision(
        actor=DOCTOR, entity_id=placements[0].statement_id, seen_version=1, reason="Another drug",
        request_key=key(), now=NOW,
    )  # fmt: skip

    assert len(listed(who)) == 3


def test_where_two_lines_fit_nothing_is_proposed():
    who = person()
    for drug in ("lisinopril 10 MG Oral Tablet", "lisinopril 20 MG Oral Tablet"):
        file(who, said(drug))
    file(who, said("lisinopril", source=B, system="ehr-b"))

    assert words.proposals(listed(who)) == []


def test_what_was_seen_otherwise_stops_all_of_them():
    who, placements = doubled()
    late = [placements[0], Placement(
        statement_id=placements[1].statement_id, seen_version=9, seen_decision=0, rxcui=placements[1].rxcui,
    )]  # fmt: skip

    with pytest.raises(medications.StaleFact):
        together(who, late)

    assert not DecisionVersion.objects.exists()
    assert len(listed(who)) == 4


def test_a_repeat_answers_the_same():
    who, placements = doubled()
    once = key()

    first = together(who, placements, request_key=once)
    again = together(who, placements, request_key=once)

    assert [line.line_id for line in first] == [line.line_id for line in again]
    assert DecisionVersion.objects.count() == 2


def test_who_may_not_decide_finds_nothing_and_no_statement_of_another_patient_is_placed():
    who, placements = doubled()
    other = person("Vance")
    file(other, said(IBUPROFEN))

    for actor, about in ((STRANGER, who), (patient(who), who), (DOCTOR, other)):
        with pytest.raises(medications.MedicineNotFound):
            together(about, placements, actor=actor)
    assert not DecisionVersion.objects.exists()
    assert len(only(other).evidence) == 1


@pytest.mark.parametrize("count", [0, 51])
def test_none_and_too_many_are_refused(count):
    who, placements = doubled()

    with pytest.raises(Invalid):
        together(who, placements[:1] * count)


@pytest.mark.parametrize("text", ["", "x:1:0:2", "::: ", "6f1c8f0e-0000-7000-8000-000000000000:1:-1:5"])
def test_a_form_of_other_words_is_no_placement(text):
    assert words.placement(text) is None


def test_what_it_asks_of_the_database_grows_by_the_statement_alone():
    who, placements = doubled()

    one = statements(lambda: together(who, placements[:1]))
    other, more = doubled()
    two = statements(lambda: together(other, more))

    assert one <= 36
    assert two - one <= 24
