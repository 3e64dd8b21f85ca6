"""One line per clinical drug, its conflicts, and decisions that hold, reopen and are taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction
from medicine_house import DOCTOR, NOW, SITE, file, key, listed, only, patient, person, said, settled

from medications import following
from medications import service as medications
from medications.models import DecisionVersion, Line
from medications.types import Source, Status
from steadwell.identity import service as identity

pytestmark = pytest.mark.django_db
A, B, PHARMACY = Source.EHR_A, Source.EHR_B, Source.PHARMACY


def test_one_drug_in_five_spellings_is_one_line():
    who = person()
    file(who, said("Ibuprofen 200 MG Oral Tablet"))
    file(who, said("IBU 200", source=B, system="ehr-b", status_word="A"))
    file(who, said("ibuprofen 200mg tab", source=PHARMACY, system="rx", status_word="Filled"))
    medications.add_medicine(
        actor=patient(who), person_id=who, drug_text="Ibuprofen 200 mg tablets",
        dosage_text="1 tablet daily", request_key=key(), now=NOW,
    )  # fmt: skip
    line = only(who)

    assert (line.name, line.state) == ("ibuprofen 200 MG Oral Tablet", medications.LineState.AGREED)
    assert [e.statement.drug_text for e in line.evidence][1] == "IBU 200"
    assert {e.statement.reading.release for e in line.evidence} != {""}


def test_brands_whose_unbranded_drug_is_not_on_the_list_are_never_joined():
    who = person()
    for drug in (
        "nebivolol 10 MG Oral Tablet [Bystolic]",
        "sacubitril 24 MG / valsartan 26 MG Oral Tablet [Entresto]",
    ):
        file(who, said(drug))
        file(who, said(drug, source=B, system="ehr-b"))

    assert [(line.rxcui, len(line.evidence)) for line in listed(who)] == [("751616", 2), ("1656346", 2)]


def test_two_strengths_and_what_names_neither_are_never_joined():
    who = person()
    file(who, said("lisinopril 10 MG Oral Tablet"))
    file(who, said("lisinopril 20 MG Oral Tablet", source=B, system="ehr-b"))
    file(who, said("lisinopril", source=PHARMACY, system="rx"))

    lines = {line.name: line for line in listed(who)}

    assert len(lines) == 3
    unsure = lines["lisinopril"]
    assert unsure.state is medications.LineState.AMBIGUOUS
    assert set(unsure.possible) == {line.line_id for name, line in lines.items() if name != "lisinopril"}


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ({"dosage_text": "Take 2 tablets daily"}, ["dose"]),
        ({"dosage_text": "Take 1 tablet twice daily"}, ["frequency"]),
        ({"status_word": "discontinued"}, ["status"]),
        ({"dosage_text": "as the leaflet says"}, ["dosage"]),
        ({"dosage_text": "1 tab po qd"}, []),
        ({"status_word": "entered-in-error", "dosage_text": "Take 2 tablets daily"}, []),
    ],
)
def test_conflicts_stand_side_by_side(other, what):
    who = person()
    file(who, said())
    file(who, said(source=B, system="ehr-b", **other))

    assert [conflict.what for conflict in only(who).conflicts] == what


def test_a_decision_holds_until_what_it_stands_on_changes():
    who = person()
    first, other = said(), said(source=B, system="ehr-b", dosage_text="Take 2 tablets daily")
    file(who, first)
    file(who, other)
    file(who, said("ibuprofen 200 MG Oral Tablet", status_word="held"))
    ibuprofen = next(line for line in listed(who) if line.name.startswith("ibuprofen"))
    settled(ibuprofen, status=Status.STOPPED)
    line = next(line for line in listed(who) if line.name.startswith("lisinopril"))

    decided = settled(line)

    assert (decided.state, decided.conflicts) == (medications.LineState.DECIDED, ())
    file(who, replace(other, dosage_text="Take 3 tablets daily", said_at=NOW, is_correction=True))
    lines = {line.name.split()[0]: line for line in listed(who)}
    assert (lines["lisinopril"].state, lines["lisinopril"].reopened) == (medications.LineState.CONFLICT, True)
    assert [e.is_new for e in lines["lisinopril"].evidence] == [False, True]
    assert lines["ibuprofen"].state is medications.LineState.DECIDED
    assert Line.objects.get(pk=lines["ibuprofen"].line_id).revision == lines["ibuprofen"].revision


def test_a_new_word_that_says_what_was_decided_does_not_reopen():
    who = person()
    file(who, said())
    file(who, said(source=B, system="ehr-b", dosage_text="Take 2 tablets daily"))
    settled(only(who), dosage_text="Take 1 tablet daily")

    file(who, said(source=PHARMACY, system="rx", status_word="filled", dosage_text="1 tab QD"))

    assert only(who).state is medications.LineState.DECIDED


def test_a_single_source_that_contradicts_the_decision_is_a_conflict():
    who, only_one = person(), said()
    file(who, only_one)
    settled(only(who), status=Status.STOPPED)

    file(who, replace(only_one, dosage_text="Take 2 tablets daily", said_at=NOW))

    assert [conflict.what for conflict in only(who).conflicts] == ["decision"]
    assert only(who).status is Status.ACTIVE


def test_a_decision_is_taken_back_and_both_stay_reachable():
    who = person()
    file(who, said())
    file(who, said(source=B, system="ehr-b", dosage_text="Take 2 tablets daily"))
    decided = settled(only(who))

    back = medications.revert_decision(
        actor=DOCTOR, entity_id=decided.line_id, seen_version=decided.decision_version, reason="Too early",
        request_key=key(), now=NOW,
    )  # fmt: skip

    assert back.state is medications.LineState.CONFLICT
    history = medications.list_decisions(actor=DOCTOR, line_id=decided.line_id, now=NOW)
    assert [v.content["outcome"] for v in history] == ["settled", "reverted"]
    with pytest.raises(medications.NothingDecided):
        medications.revert_decision(
            actor=DOCTOR,
            entity_id=decided.line_id,
            seen_version=2,
            reason="Again",
            request_key=key(),
            now=NOW,
        )


def test_who_saw_less_is_refused_with_what_they_saw_and_what_is_there():
    who = person()
    file(who, said())
    seen = only(who)
    file(who, said(source=B, system="ehr-b", dosage_text="Take 2 tablets daily"))

    with pytest.raises(medications.StaleFact) as refused:
        settled(seen)

    assert refused.value.seen == seen
    assert len(refused.value.current.evidence) == 2
    assert not DecisionVersion.objects.exists()


def test_what_was_seen_is_not_made_up_once_patients_were_merged():
    one, other = person(), person()
    file(one, said())
    seen = only(one)
    file(other, said(source=B, system="ehr-b"))
    identity.merge(actor=DOCTOR, survivor_id=one, duplicate_id=other, reason="Same", now=NOW)
    with transaction.atomic():
        following.person_changed(one, now=NOW)

    with pytest.raises(medications.StaleFact) as refused:
        settled(seen)

    assert refused.value.seen is None
    assert refused.value.current.revision == 2


def test_an_ambiguous_statement_is_placed_and_reopens_when_its_words_change():
    who, unclear = person(), said("lisinopril", source=B, system="ehr-b")
    file(who, said())
    filed = file(who, unclear)
    rxcui = next(line.rxcui for line in listed(who) if line.name.endswith("Tablet"))

    placed = medications.place_statement(
        actor=DOCTOR, statement_id=filed.entity_id, seen_version=1, rxcui=rxcui, reason="Saw the box",
        overrides={}, request_key=key(), now=NOW,
    )  # fmt: skip

    assert len(only(who).evidence) == 2
    assert placed.line_id == only(who).line_id
    file(who, replace(unclear, dosage_text="Take 1 tablet twice daily", said_at=NOW))
    assert len(only(who).evidence) == 2  # other words about the dosage do not change which drug it is
    file(who, replace(unclear, drug_text="lisinopril tabs", said_at=NOW + timedelta(hours=1)))
    assert len(listed(who)) == 2


def test_kept_apart_stays_apart_and_asks_no_more():
    who = person()
    file(who, said())
    filed = file(who, said("lisinopril", source=B, system="ehr-b"))

    medications.keep_apart(
        actor=DOCTOR, statement_id=filed.entity_id, seen_version=1, reason="Another drug", request_key=key(),
        now=NOW,
    )  # fmt: skip

    assert [line.state for line in listed(who)] == [medications.LineState.AGREED] * 2


def test_two_who_place_the_same_statement_do_not_overwrite_each_other():
    who = person()
    file(who, said())
    filed = file(who, said("lisinopril", source=B, system="ehr-b"))
    medications.keep_apart(
        actor=DOCTOR, statement_id=filed.entity_id, seen_version=1, reason="Another drug", request_key=key(),
        now=NOW,
    )  # fmt: skip

    with pytest.raises(medications.StaleFact) as refused:
        medications.place_statement(
            actor=DOCTOR, statement_id=filed.entity_id, seen_version=1,
            rxcui=next(line.rxcui for line in listed(who) if line.name.endswith("Tablet")),
            reason="Saw the box", overrides={}, request_key=key(), now=NOW,
        )  # fmt: skip

    assert refused.value.seen.state is medications.LineState.AMBIGUOUS
    assert refused.value.current.state is medications.LineState.AGREED


def test_i_stopped_is_a_conflict_for_the_clinic_and_leaves_the_order_as_it_is():
    who = person()
    order = file(who, said())
    line = only(who)

    medications.report_stopped(
        actor=patient(who), line_id=line.line_id, seen_revision=line.revision, stopped_on=NOW.date(),
        reason="A cough", request_key=key(), now=NOW,
    )  # fmt: skip

    found = only(who)
    assert [conflict.what for conflict in found.conflicts] == ["status"]
    assert (found.status, found.evidence[0].statement.statement_id) == (Status.ACTIVE, order.entity_id)
    queue = medications.list_to_reconcile(actor=DOCTOR, site_id=SITE, now=NOW)
    assert [(item.line_id, item.what) for item in queue] == [(line.line_id, ("status",))]


def test_a_repeat_changes_nothing_and_answers_the_same():
    who, once = person(), key()
    file(who, said())
    line = only(who)

    first = settled(line, request_key=once)
    again = settled(line, request_key=once)

    assert (first, DecisionVersion.objects.count()) == (again, 1)
