from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from steadwell.actor import Actor, Role, system
from steadwell.audit import service as audit
from steadwell.audit.models import AuditEntry, AuditSeal
from steadwell.errors import NotFound
from steadwell.events import AppointmentBooked
from steadwell.ids import PersonId, UserId, new_id
from steadwell.observability.service import bound, span
from steadwell.outbox import service as outbox
from steadwell.outbox.models import OutboxEvent


def see(actor, now, subject_id=None, **fields):
    audit.record(
        actor=actor, action="visit.read", category="appointment", subject_id=subject_id, now=now, **fields
    )


@pytest.mark.django_db
def test_record_keeps_who_what_whose_why_and_when(clerk, now):
    subject, entity = PersonId(new_id()), new_id()

    with bound(request_id="0123456789abcdef01234567"), span("request", traceparent="") as current:
        see(clerk, now, subject, entity_id=entity, reason="phone call", detail={"site": "s1"})

    row = AuditEntry.objects.get()
    assert (row.user_id, row.roles, row.capacity) == (clerk.user_id, "front-desk", "staff")
    assert (row.action, row.category, row.subject_id, row.entity_id) == (
        "visit.read", "appointment", subject, entity
    )  # fmt: skip
    assert (row.reason, row.detail, row.at) == ("phone call", {"site": "s1"}, now)
    assert row.request_id == "0123456789abcdef01234567"
    assert row.trace_id == f"{current.get_span_context().trace_id:032x}"


@pytest.mark.django_db
def test_record_is_one_statement_however_many_entries(clerk, now, django_assert_num_queries):
    connection.ensure_connection()
    entries = [audit.Entry(action="visit.read", category="appointment") for _ in range(50)]

    with django_assert_num_queries(1):
        audit.record_many(entries, actor=clerk, now=now)

    assert AuditEntry.objects.count() == 50


@pytest.mark.django_db
def test_record_says_for_whom_the_actor_acted(patient, clerk, now):
    child = PersonId(new_id())
    mother = Actor(user_id=UserId(new_id()), roles=frozenset({Role.PROXY}), proxy_for=frozenset({child}))

    see(patient, now, patient.person_id)
    see(mother, now, child)
    see(clerk, now, child)
    see(system("poller"), now, child)

    assert list(AuditEntry.objects.order_by("id").values_list("capacity", "actor_name")) == [
        ("self", ""), ("proxy", ""), ("staff", ""), ("system", "poller")
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", ["audit_auditentry", "audit_auditseal"])
@pytest.mark.parametrize("change", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
def test_trail_is_append_only_for_the_role_and_for_the_owner(owner_connection, table, change):
    statement = change.format(table).replace("id = id", "id = id" if "entry" in table else "number = number")

    with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute(statement)
    with pytest.raises(psycopg.Error, match="append-only"):
        owner_connection.execute(statement)


@pytest.fixture
def broken_trail(owner_connection, transactional_db):
    owner_connection.execute('REVOKE INSERT ON audit_auditentry FROM "steadwell_app"')
    yield
    owner_connection.execute('GRANT INSERT ON audit_auditentry TO "steadwell_app"')


def test_broken_trail_rolls_back_the_write(broken_trail, clerk, now):
    def book():
        with transaction.atomic():
            outbox.publish(AppointmentBooked(appointment_id=new_id(), person_id=new_id(), version=1), now=now)
            see(clerk, now)

    with pytest.raises(audit.AuditUnavailable):
        book()

    assert not OutboxEvent.objects.exists()


def test_broken_trail_shows_nothing(broken_trail, patient, now):
    with pytest.raises(audit.AuditUnavailable):
        audit.list_for_person(actor=patient, person_id=patient.person_id, now=now)


@pytest.mark.django_db
def test_patient_sees_who_looked_newest_first(patient, clerk, now):
    see(clerk, now, patient.person_id)
    see(clerk, now, PersonId(new_id()))
    see(clerk, now + timedelta(minutes=1), patient.person_id, reason="called us")

    seen = audit.list_for_person(actor=patient, person_id=patient.person_id, now=now)

    assert [(each.action, each.roles, each.reason) for each in seen] == [
        ("visit.read", ("front-desk",), "called us"), ("visit.read", ("front-desk",), "")
    ]  # fmt: skip
    older = audit.list_for_person(actor=patient, person_id=patient.person_id, now=now, before=seen[0].id)
    assert [each.id for each in older] == [seen[1].id]


@pytest.mark.django_db
def test_somebody_else_finds_no_trail(patient, clerk, now):
    with pytest.raises(NotFound):
        audit.list_for_person(actor=clerk, person_id=patient.person_id, now=now)


@pytest.mark.django_db
def test_looking_at_the_trail_is_in_the_trail_within_two_statements(patient, now, django_assert_num_queries):
    connection.ensure_connection()

    with django_assert_num_queries(2):
        audit.list_for_person(actor=patient, person_id=patient.person_id, now=now)

    assert AuditEntry.objects.get().action == "audit.read"


@pytest.fixture
def heads(settings, tmp_path):
    settings.AUDIT_HEADS_FILE = str(tmp_path / "elsewhere" / "heads")
    return tmp_path / "elsewhere" / "heads"


@pytest.fixture
def sealed(transactional_db, heads, clerk, now):
    """Three sealed batches of four entries, and one entry that waits."""
    for minute in range(3):
        for _ in range(4):
            see(clerk, now, PersonId(new_id()))
        audit.seal(now=now + timedelta(minutes=minute))
    see(clerk, now)
    return list(AuditEntry.objects.order_by("id").values_list("id", flat=True))


def test_untouched_trail_is_intact(sealed, heads):
    verdict = audit.verify()

    assert (verdict.intact, verdict.entries, verdict.batches, verdict.unsealed) == (True, 12, 3, 1)
    assert len(heads.read_text().splitlines()) == 3


def test_entry_that_commits_late_is_sealed_with_the_next_batch(sealed, clerk, now, owner_connection):
    owner_connection.execute("ALTER SEQUENCE audit_auditentry_id_seq RESTART WITH 1000")
    see(clerk, now)
    audit.seal(now=now + timedelta(minutes=30))
    owner_connection.execute("ALTER SEQUENCE audit_auditentry_id_seq RESTART WITH 500")
    see(clerk, now)

    assert audit.seal(now=now + timedelta(minutes=31)) == 1

    assert (audit.verify().intact, audit.verify().unsealed) == (True, 0)


def _as_superuser(owner, *statements):
    owner.execute("SET session_replication_role = replica")
    for statement in statements:
        owner.execute(statement)


def test_verify_names_the_edited_entry(sealed, owner_connection):
    _as_superuser(owner_connection, f"UPDATE audit_auditentry SET action = 'nothing' WHERE id = {sealed[6]}")

    verdict = audit.verify()

    assert (verdict.fault, verdict.batch, verdict.entry_id) == ("entry-changed", 2, sealed[6])


def test_verify_names_the_deleted_entry(sealed, owner_connection):
    _as_superuser(owner_connection, f"DELETE FROM audit_auditentry WHERE id = {sealed[9]}")

    verdict = audit.verify()

    assert (verdict.fault, verdict.batch, verdict.entry_id) == ("entry-missing", 3, sealed[9])


def test_verify_names_the_first_of_two_entries_that_changed_places(sealed, owner_connection):
    first, second = sealed[1], sealed[2]
    _as_superuser(
        owner_connection,
        f"UPDATE audit_auditentry SET id = -1 WHERE id = {first}",
        f"UPDATE audit_auditentry SET id = {first} WHERE id = {second}",
        f"UPDATE audit_auditentry SET id = {second} WHERE id = -1",
    )

    verdict = audit.verify()

    assert (verdict.fault, verdict.entry_id) == ("entry-changed", first)


@pytest.mark.parametrize(("number", "fault"), [(1, "batch-missing"), (2, "batch-missing"), (3, "tail-cut")])
def test_verify_notices_a_removed_batch_the_last_included(sealed, owner_connection, number, fault):
    _as_superuser(owner_connection, f"DELETE FROM audit_auditseal WHERE number = {number}")

    verdict = audit.verify()

    assert (verdict.fault, verdict.batch) == (fault, number)


def test_verify_notices_a_chain_made_with_another_key(sealed, owner_connection, settings, now):
    settings.AUDIT_SEAL_KEY = "another-key"

    assert audit.verify().fault == "signature-wrong"


def test_verify_notices_a_chain_that_was_sealed_again(sealed, owner_connection, settings, heads, now):
    kept = heads.read_text()
    _as_superuser(
        owner_connection, "DELETE FROM audit_auditseal",
        f"UPDATE audit_auditentry SET action = 'nothing' WHERE id = {sealed[0]}",
    )  # fmt: skip
    heads.write_text("")
    audit.seal(now=now)
    heads.write_text(kept)

    assert audit.verify().fault == "heads-differ"


def test_command_names_the_fault_and_fails(sealed, owner_connection, capsys):
    call_command("audit", "verify")
    assert "Intact: 12 entries in 3 batches" in capsys.readouterr().out

    _as_superuser(owner_connection, f"DELETE FROM audit_auditentry WHERE id = {sealed[0]}")

    with pytest.raises(CommandError, match=f"entry-missing: batch 1, entry {sealed[0]}"):
        call_command("audit", "verify")


def test_seals_belong_to_one_chain_without_gaps(sealed):
    assert list(AuditSeal.objects.order_by("number").values_list("number", flat=True)) == [1, 2, 3]


@pytest.mark.django_db
def test_viewers_of_a_thing_are_those_who_saw_it_before_a_moment(clerk, patient, now):
    thing = new_id()
    for actor, at in ((clerk, now), (patient, now + timedelta(minutes=1)), (clerk, now + timedelta(hours=1))):
        audit.record(actor=actor, action="note.read", category="note", now=at, entity_id=thing)
    audit.record(actor=system("worker"), action="note.file", category="note", now=now, entity_id=thing)

    everybody = audit.viewers_of(entity_id=thing)
    early = audit.viewers_of(entity_id=thing, before=now + timedelta(minutes=1))

    assert [viewer.user_id for viewer in everybody] == [clerk.user_id, patient.user_id]
    assert everybody[0].last_at == now + timedelta(hours=1)
    assert [viewer.user_id for viewer in early] == [clerk.user_id]
    assert audit.viewers_of(entity_id=new_id()) == []
