"""Who reads and writes medicines; what each read leaves in the audit trail; no canary anywhere else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from medicine_house import (
    DESK,
    DOCTOR,
    FEED,
    IBUPROFEN,
    MANAGER,
    NOW,
    SITE,
    STRANGER,
    file,
    key,
    only,
    patient,
    person,
    proxy,
    said,
    settled,
)

from medications import following
from medications import service as medications
from medications.models import Line
from medications.types import IncomingAllergy, Source, Status, Taken
from steadwell.actor import ANONYMOUS
from steadwell.errors import Forbidden, NotFound
from steadwell.identity import service as identity
from steadwell.ids import new_id

pytestmark = pytest.mark.django_db
CANARY = "zanzibarol canary 7"


def reads(actor, who, line_id, statement_id):
    """Every read there is, as (name, call)."""
    return {
        "list": lambda: medications.get_list(actor=actor, person_id=who, now=NOW),
        "as-known": lambda: medications.as_known(actor=actor, person_id=who, at=NOW, now=NOW),
        "line": lambda: medications.get_line(actor=actor, line_id=line_id, now=NOW),
        "statement": lambda: medications.get_statement(actor=actor, statement_id=statement_id, now=NOW),
        "versions": lambda: medications.list_versions(actor=actor, statement_id=statement_id, now=NOW),
        "decisions": lambda: medications.list_decisions(actor=actor, line_id=line_id, now=NOW),
        "refills": lambda: medications.list_refills(actor=actor, person_id=who, now=NOW),
        "refillable": lambda: medications.list_refillable(actor=actor, person_id=who, now=NOW),
        "reminders": lambda: medications.list_reminders(actor=actor, person_id=who, now=NOW),
        "diary": lambda: medications.list_diary(
            actor=actor, person_id=who, since=NOW - timedelta(days=9), until=NOW, now=NOW
        ),
        "check": lambda: medications.get_check(actor=actor, person_id=who, drug_text=IBUPROFEN, now=NOW),
        "pharmacy": lambda: medications.find_pharmacy_of(actor=actor, person_id=who, now=NOW),
    }


@pytest.fixture
def somebody():
    who = person()
    filed = file(who, said(CANARY))
    return who, only(who).line_id, filed.entity_id


def test_their_own_side_and_their_clinic_read_and_each_read_is_on_record(somebody):
    who = somebody[0]
    for actor in (patient(who), proxy(who), DOCTOR):
        for name, call in reads(actor, *somebody).items():
            before = _audited(who)
            call()
            assert _audited(who) > before, name


@pytest.mark.parametrize("reader", ["stranger", "desk", "manager", "other patient", "other proxy", "nobody"])
def test_anybody_else_finds_the_same_as_nothing(somebody, reader):
    other = person("Vance")
    actor = {
        "stranger": STRANGER, "desk": DESK, "manager": MANAGER, "other patient": patient(other),
        "other proxy": proxy(other), "nobody": ANONYMOUS,
    }[reader]  # fmt: skip
    for name, call in reads(actor, *somebody).items():
        missing = reads(actor, somebody[0], new_id(), new_id())[name]
        with pytest.raises(NotFound) as refused:
            call()
        with pytest.raises(NotFound) as not_there:
            missing()
        assert (refused.value.code, refused.value.text) == (not_there.value.code, not_there.value.text), name


def writes(actor, who, line_id, statement_id):
    more = {"actor": actor, "request_key": key(), "now": NOW}
    return [
        lambda: medications.add_medicine(person_id=who, drug_text=IBUPROFEN, **more),
        lambda: medications.add_allergy(person_id=who, substance_text="penicillin", **more),
        lambda: medications.report_stopped(
            line_id=line_id, seen_revision=1, stopped_on=None, reason="", **more
        ),
        lambda: medications.settle_line(
            line_id=line_id,
            seen_revision=1,
            status=Status.STOPPED,
            dosage_text="",
            reason="x",
            overrides={},
            **more,
        ),
        lambda: medications.keep_apart(statement_id=statement_id, seen_version=1, reason="x", **more),
        lambda: medications.prescribe(
            person_id=who,
            site_id=SITE,
            drug_text=IBUPROFEN,
            dosage_text="1 tablet daily",
            overrides={},
            **more,
        ),
        lambda: medications.request_refill(line_id=line_id, **more),
        lambda: medications.note_dose(
            line_id=line_id, planned_at=None, taken=Taken.TAKEN, taken_at=NOW, **more
        ),
    ]


def test_a_stranger_writes_nothing(somebody):
    for actor in (STRANGER, DESK, MANAGER, patient(person("Vance"))):
        for call in writes(actor, *somebody):
            with pytest.raises(NotFound):
                call()
    assert Line.objects.get(pk=somebody[1]).revision == 1


def test_a_patient_decides_and_prescribes_nothing(somebody):
    _add, _allergy, _stop, settle, apart, prescribe, _refill, _dose = writes(patient(somebody[0]), *somebody)
    for call in (settle, apart, prescribe):
        with pytest.raises(NotFound):
            call()


def test_only_the_platform_files_what_sources_say():
    who = person()
    with pytest.raises(Forbidden):
        medications.file_statement(actor=DOCTOR, person_id=who, said=said(), now=NOW)


def test_another_systems_words_are_not_changed_by_hand(somebody):
    with pytest.raises(medications.NotYoursToChange):
        medications.change_medicine(
            actor=patient(somebody[0]), statement_id=somebody[2], seen_version=1, drug_text="x",
            dosage_text="", status=Status.ACTIVE, started_on=None, ended_on=None, reason_text="",
            request_key=key(), now=NOW,
        )  # fmt: skip


def test_a_statement_does_not_move_to_another_patient_by_a_message(somebody):
    words = said(CANARY, external_id="known")
    file(somebody[0], words)
    with pytest.raises(NotFound):
        file(person("Vance"), words)


def test_no_clinical_word_leaves_by_audit_or_event(somebody):
    who = somebody[0]
    line = only(who)
    medications.file_allergy(
        actor=FEED, person_id=who, now=NOW,
        said=IncomingAllergy(
            source=Source.EHR_A, system="ehr-a", external_id="al", substance_text=CANARY, said_at=NOW
        ),
    )  # fmt: skip
    settled(line, status=Status.STOPPED, dosage_text=CANARY, reason="Asked")
    for _name, call in reads(DOCTOR, *somebody).items():
        call()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM audit_auditentry a WHERE a::text ILIKE %(c)s UNION ALL"
            " SELECT count(*) FROM outbox_outboxevent e WHERE e::text ILIKE %(c)s UNION ALL"
            " SELECT count(*) FROM outbox_outboxdue d WHERE d::text ILIKE %(c)s UNION ALL"
            " SELECT count(*) FROM outbox_requestkey r WHERE r::text ILIKE %(c)s",
            {"c": "%zanzibarol%"},
        )
        assert [row[0] for row in cursor.fetchall()] == [0, 0, 0, 0]


def test_a_merge_shows_both_lists_as_one_and_an_unmerge_gives_each_their_own():
    one, other = person(), person()
    file(one, said(dosage_text="Take 1 tablet daily"))
    settled(only(one))
    file(other, said(source=Source.EHR_B, system="ehr-b", dosage_text="Take 2 tablets daily"))
    before = (only(one), only(other))

    identity.merge(actor=DOCTOR, survivor_id=one, duplicate_id=other, reason="Same", now=NOW)
    _follow(one)
    merged = medications.get_list(actor=DOCTOR, person_id=other, now=NOW).lines
    assert [c.what for c in merged[0].conflicts] == ["dose"]
    assert (len(merged), merged[0].reopened) == (1, True)

    identity.unmerge(actor=DOCTOR, duplicate_id=other, reason="Not the same", now=NOW)
    _follow(one)
    _follow(other)
    after = (only(one), only(other))
    assert [(a.state, a.status, a.dosage_text, a.evidence) for a in after] == [
        (b.state, b.status, b.dosage_text, b.evidence) for b in before
    ]


def _follow(who) -> None:
    """As the consumer of the event does."""
    with transaction.atomic():
        following.person_changed(who, now=NOW)


def _audited(who) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_auditentry WHERE subject_id = %s", [who])
        return cursor.fetchone()[0]


def statements(call) -> int:
    with CaptureQueriesContext(connection) as asked:
        call()
    return sum("SAVEPOINT" not in each["sql"] for each in asked)


def test_statement_budgets():
    """Exact, and the same for a list of any length."""
    who, counts = person(), {}
    file(who, said())
    actor = patient(who)
    counts["list"] = statements(lambda: medications.get_list(actor=actor, person_id=who, now=NOW))
    counts["list by a clinician"] = statements(
        lambda: medications.get_list(actor=DOCTOR, person_id=who, now=NOW)
    )
    line = only(who)
    counts["settle, stopped"] = statements(lambda: settled(line, status=Status.STOPPED))
    settled_again = only(who)
    counts["settle, checked"] = statements(lambda: settled(settled_again))
    counts["feed"] = statements(lambda: file(who, said(IBUPROFEN)))
    repeated = said(IBUPROFEN, external_id="twice")
    file(who, repeated)
    counts["the same again"] = statements(lambda: file(who, repeated))
    for drug in ("metformin 500 MG Oral Tablet", "atorvastatin 20 MG Oral Tablet", CANARY):
        file(who, said(drug))
    counts["longer list"] = statements(lambda: medications.get_list(actor=actor, person_id=who, now=NOW))

    assert counts == BUDGET


BUDGET = {
    "list": 7,
    "list by a clinician": 8,  # and whether the patient is one of their site's
    "settle, stopped": 17,
    "settle, checked": 25,  # age, kidney function, allergies; the run of the checks
    "feed": 20,
    "the same again": 5,
    "longer list": 7,
}
