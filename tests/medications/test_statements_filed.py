"""What sources say is kept, whatever its age and however often it comes; what is odd waits for a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import small_clinic
from django.db import DatabaseError, transaction
from medicine_house import (
    DOCTOR,
    ELSEWHERE,
    FEED,
    NOW,
    SITE,
    STRANGER,
    clinician,
    file,
    key,
    listed,
    only,
    patient,
    person,
    said,
)

from medications import following
from medications import service as medications
from medications.models import Allergy, AllergyVersion, Line, Statement, StatementVersion
from medications.types import IncomingAllergy, LineState, Source, Status
from steadwell.identity import service as identity

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def test_the_same_again_is_one_version_and_an_older_word_does_not_count():
    who, words = person(), said(said_at=NOW - HOUR)
    assert file(who, words).effect == "new"
    assert file(who, words).effect == "same"
    older = file(who, replace(words, said_at=NOW - 2 * HOUR, dosage_text="Take 3 tablets daily"))
    newer = file(who, replace(words, said_at=NOW, dosage_text="Take 2 tablets daily", is_correction=True))

    assert (older.effect, newer.effect) == ("older", "version")
    assert only(who).dosage_text == "Take 2 tablets daily"
    history = medications.list_versions(actor=DOCTOR, statement_id=newer.entity_id, now=NOW)
    assert [(v.version, v.standing, v.reason) for v in history] == [
        (1, "replaced", ""), (2, "older", ""), (3, "current", "correction"),
    ]  # fmt: skip
    assert [v.supersedes for v in history] == [None, 1, 1]


def test_a_sender_that_saw_less_is_refused_with_both_versions():
    who, words = person(), said(said_at=NOW - HOUR)
    file(who, words)
    file(who, replace(words, said_at=NOW, dosage_text="Take 2 tablets daily"))

    with pytest.raises(medications.StaleFact) as refused:
        file(who, replace(words, said_at=NOW + HOUR, dosage_text="Take 4 tablets daily", seen_version=1))

    assert refused.value.seen.dosage.text == words.dosage_text
    assert refused.value.current.dosage.text == "Take 2 tablets daily"
    assert refused.value.current.version == 2


def test_the_list_as_it_was_known_at_each_moment():
    who, words = person(), said(said_at=NOW - 3 * HOUR)
    file(who, words, now=NOW - 3 * HOUR)
    file(who, replace(words, said_at=NOW - HOUR, status_word="held"), now=NOW - HOUR)
    seen = [
        [(line.status, line.dosage_text) for line in _then(who, at)]
        for at in (NOW - 4 * HOUR, NOW - 2 * HOUR, NOW)
    ]

    dosage = words.dosage_text
    assert seen == [[], [(Status.ACTIVE, dosage)], [(Status.ON_HOLD, dosage)]]


def _then(who, at):
    return medications.as_known(actor=DOCTOR, person_id=who, at=at, now=NOW).lines


@pytest.mark.parametrize(
    ("more", "needs"),
    [
        ({"drug_text": "a pill of no name"}, "drug-unknown"),
        ({"drug_text": "aspirin 81 mg"}, "drug-ambiguous"),
        ({"status_word": "zz-legacy"}, "status-unknown"),
    ],
)
def test_what_cannot_be_understood_is_kept_and_queued(more, needs):
    who = person()
    filed = file(who, said(**more))

    assert filed.needs == needs
    (item,) = medications.list_not_understood(actor=DOCTOR, site_id=SITE, now=NOW)
    assert (item.what, item.state) == ((needs,), LineState.AMBIGUOUS)
    kept = Statement.objects.get(pk=filed.entity_id)
    expected = said(**more)
    assert (kept.drug_text, kept.status_word) == (expected.drug_text, expected.status_word)


def _typed(who, drug="the white heart pill", now=NOW):
    medications.add_medicine(actor=patient(who), person_id=who, drug_text=drug, request_key=key(), now=now)


@pytest.mark.parametrize("drug", ["the white heart pill", "aspirin 81 mg"])
@pytest.mark.parametrize("first", ["patient", "clinic"])
def test_what_the_patient_alone_said_waits_at_the_sites_that_know_the_patient(drug, first):
    who = person()
    for step in ("patient", "clinic") if first == "patient" else ("clinic", "patient"):
        if step == "patient":
            _typed(who, drug)
        else:
            file(who, said())

    (item,) = medications.list_not_understood(actor=DOCTOR, site_id=SITE, now=NOW)
    assert (item.person_id, item.state) == (who, LineState.AMBIGUOUS)
    assert medications.list_not_understood(actor=STRANGER, site_id=ELSEWHERE, now=NOW) == ()
    assert Line.objects.get(pk=item.line_id).revision == 1  # a site that came to know of it is no news of it


def test_what_the_patient_alone_said_waits_where_they_have_a_visit():
    who, clinic = person(), small_clinic.Clinic()
    clinic.book(patient(who))

    _typed(who, now=small_clinic.NOW)

    doctor = clinician(clinic.site)
    (item,) = medications.list_not_understood(actor=doctor, site_id=clinic.site, now=small_clinic.NOW)
    assert item.person_id == who


def test_a_code_that_contradicts_its_words_is_ambiguous():
    who = person()
    file(who, said("ibuprofen 200 MG Oral Tablet"))
    code = only(who).rxcui
    filed = file(who, said("lisinopril 10 MG Oral Tablet", rxcui=code, source=Source.EHR_B, system="ehr-b"))

    assert filed.needs == "code-contradicts"
    line = next(line for line in listed(who) if line.state is LineState.AMBIGUOUS)
    assert {name for _, name in line.evidence[0].statement.reading.candidates} == {
        "ibuprofen 200 MG Oral Tablet", "lisinopril 10 MG Oral Tablet",
    }  # fmt: skip


def allergy(**more) -> IncomingAllergy:
    return IncomingAllergy(
        **{
            "source": Source.EHR_A, "system": "ehr-a", "external_id": "a1", "substance_text": "penicillin G",
            "said_at": NOW - HOUR, "reaction_text": "Rash", "severity": "mild", "site_id": SITE,
        }
        | more
    )  # fmt: skip


def test_allergies_are_versions_too():
    who = person()
    filed = medications.file_allergy(actor=FEED, person_id=who, said=allergy(), now=NOW)
    assert medications.file_allergy(actor=FEED, person_id=who, said=allergy(), now=NOW).effect == "same"
    older = allergy(said_at=NOW - 2 * HOUR, severity="severe")
    assert medications.file_allergy(actor=FEED, person_id=who, said=older, now=NOW).effect == "older"
    assert Allergy.objects.get(pk=filed.entity_id).severity == "mild"
    own = medications.add_allergy(
        actor=patient(who), person_id=who, substance_text="shrimp", request_key=key(), now=NOW
    )
    changed = medications.change_allergy(
        actor=patient(who), allergy_id=own.allergy_id, seen_version=1, substance_text="shrimps",
        reaction_text="Hives", severity="severe", status="active", request_key=key(), now=NOW,
    )  # fmt: skip
    with pytest.raises(medications.StaleFact) as refused:
        medications.change_allergy(
            actor=patient(who), allergy_id=own.allergy_id, seen_version=1, substance_text="prawns",
            reaction_text="", severity="", status="active", request_key=key(), now=NOW,
        )  # fmt: skip
    assert (refused.value.seen.substance_text, refused.value.current) == ("shrimp", changed)
    with pytest.raises(medications.NotYoursToChange):
        medications.change_allergy(
            actor=patient(who), allergy_id=filed.entity_id, seen_version=2, substance_text="none",
            reaction_text="", severity="", status="resolved", request_key=key(), now=NOW,
        )  # fmt: skip


@pytest.mark.parametrize("model", [StatementVersion, AllergyVersion])
def test_nobody_rewrites_a_version(model):
    who = person()
    file(who, said())
    with pytest.raises(DatabaseError), transaction.atomic():
        model.objects.update(reason="rewritten")


def test_what_arrives_while_two_are_merged_stays_with_whom_it_came():
    one, other = person(), person()
    words = said(source=Source.EHR_B, system="ehr-b", external_id="of-other", said_at=NOW - HOUR)
    file(one, said())
    file(other, words)
    identity.merge(actor=DOCTOR, survivor_id=one, duplicate_id=other, reason="Same", now=NOW)
    following.person_changed(one, now=NOW)

    file(one, replace(words, said_at=NOW, dosage_text="Take 2 tablets daily"))

    assert Line.objects.get(person_id=other).state == "empty"
    identity.unmerge(actor=DOCTOR, duplicate_id=other, reason="Not the same", now=NOW)
    for each in (one, other):
        following.person_changed(each, now=NOW)
    assert only(other).dosage_text == "Take 2 tablets daily"
    assert [len(only(each).evidence) for each in (one, other)] == [1, 1]
    assert _then(other, NOW + HOUR)[0].dosage_text == "Take 2 tablets daily"
