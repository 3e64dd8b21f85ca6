from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import DatabaseError, connection, models
from django.db.migrations.state import ModelState, ProjectState
from django.test.utils import isolate_apps
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from steadwell.history import service as history
from steadwell.ids import new_id

START = datetime(2026, 3, 3, tzinfo=UTC)


with isolate_apps("steadwell.history"):  # no other test meets this model

    class Fact(history.Version):
        """A fact for these tests. phi: none."""

        value = models.IntegerField()

        class Meta(history.Version.Meta):
            app_label = "history"


@pytest.fixture(scope="module")
def table(django_db_setup, django_db_blocker):
    """The table as a migration makes it: by the owner, append-only from its first moment."""
    with django_db_blocker.unblock(), connection.schema_editor(collect_sql=True) as editor:
        editor.create_model(Fact)
        state = ProjectState()
        state.add_model(ModelState.from_model(Fact))
        history.AppendOnly("history", "Fact").database_forwards("history", editor, state, state)
        statements = list(editor.collected_sql)
    where = {"conninfo": os.environ["DATABASE_OWNER_URL"], "dbname": os.environ["TEST_DATABASE"]}
    with psycopg.connect(**where, autocommit=True) as owner:
        for statement in statements:
            owner.execute(statement)
        yield
        owner.execute("DROP TABLE history_fact")


def add(entity, version, *, recorded, valid_from=START, valid_to=None, value=0):
    return Fact.objects.create(
        entity_id=entity, version=version, supersedes=version - 1 or None, valid_from=valid_from,
        valid_to=valid_to, recorded_at=recorded, recorded_role="clinician", value=value,
    )  # fmt: skip


def hours(number):
    return timedelta(hours=number)


@pytest.mark.django_db
def test_as_of_answers_with_what_was_known_then(table):
    entity = new_id()
    add(entity, 1, recorded=START, value=1)
    add(entity, 2, recorded=START + hours(5), value=2)

    known = [
        list(history.as_of(Fact.objects.all(), recorded=START + hours(at)).values_list("value", flat=True))
        for at in (-1, 0, 4, 5, 9)
    ]

    assert known == [[], [1], [1], [2], [2]]


@pytest.mark.django_db
def test_as_of_tells_apart_when_it_was_true_and_when_it_was_learnt(table):
    entity = new_id()
    add(entity, 1, recorded=START, valid_from=START, value=5)
    # On day 3 we learn that it was 10 from day 1 on.
    add(entity, 2, recorded=START + hours(72), valid_from=START + hours(24), value=10)

    def asked(recorded, valid):
        rows = history.as_of(Fact.objects.all(), recorded=START + hours(recorded), valid=START + hours(valid))
        return list(rows.values_list("value", flat=True))

    assert asked(48, 30) == [5]  # as it was known on day 2
    assert asked(80, 30) == [10]  # as it is known now
    assert asked(80, 12) == [5]
    assert asked(80, -1) == []


@pytest.mark.django_db
def test_filter_on_as_of_never_brings_an_older_version_back(table):
    entity = new_id()
    add(entity, 1, recorded=START, value=1)
    add(entity, 2, recorded=START, value=2)

    assert not history.as_of(Fact.objects.all(), recorded=START).filter(value=1).exists()
    assert not history.as_of(Fact.objects.filter(value=1), recorded=START).exists()


changes = st.lists(
    st.tuples(
        st.integers(0, 2),  # which entity
        st.integers(0, 30),  # hours since the version before
        st.integers(0, 40),  # true from
        st.one_of(st.none(), st.integers(1, 30)),  # for how long
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=changes, valid=st.integers(-1, 60))
@pytest.mark.django_db
def test_as_of_any_recorded_moment_is_what_was_true_then(table, transactional_db_rollback, changes, valid):
    with transactional_db_rollback():
        entities = [new_id() for _ in range(3)]
        at, versions, told = START, [0, 0, 0], []
        snapshots = []
        for value, (which, later, since, length) in enumerate(changes):
            at += hours(later)
            versions[which] += 1
            until = None if length is None else START + hours(since + length)
            told.append((which, START + hours(since), until, value))
            add(
                entities[which], versions[which], recorded=at, valid_from=START + hours(since),
                valid_to=until, value=value,
            )  # fmt: skip
            snapshots.append((at, list(told)))
        latest = dict(snapshots)

        for moment, known in latest.items():
            assert answers(moment, None) == expected(known, None)
            assert answers(moment, START + hours(valid)) == expected(known, START + hours(valid))


def answers(recorded, valid):
    rows = history.as_of(Fact.objects.all(), recorded=recorded, valid=valid)
    return sorted(rows.values_list("value", flat=True))


def expected(known, valid):
    """By the definition: of each entity the last that was told (and covers the moment)."""
    last = {}
    for which, since, until, value in known:
        if valid is None or (since <= valid and (until is None or valid < until)):
            last[which] = value
    return sorted(last.values())


@pytest.fixture
def transactional_db_rollback(db):
    """Each example starts from nothing: append-only tables cannot be emptied by the tests' role."""
    from contextlib import contextmanager

    from django.db import transaction

    @contextmanager
    def rolled_back():
        with transaction.atomic():
            yield
            transaction.set_rollback(True)

    return rolled_back


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change", [{"version": 0}, {"supersedes": 1}, {"valid_to": START}, {"valid_to": START - hours(1)}]
)
def test_impossible_versions_are_refused(table, change):
    values = {
        "entity_id": new_id(), "version": 1, "valid_from": START, "recorded_at": START, "recorded_role": "x",
        "value": 1, **change,
    }  # fmt: skip

    with pytest.raises(DatabaseError):
        Fact.objects.create(**values)


@pytest.mark.django_db
def test_second_writer_of_the_same_version_is_refused(table):
    entity = new_id()
    add(entity, 1, recorded=START)

    with pytest.raises(DatabaseError, match="history_fact_version"):
        add(entity, 1, recorded=START)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE history_fact SET value = 1",
        "DELETE FROM history_fact",
        "TRUNCATE history_fact",
        "ALTER TABLE history_fact DISABLE TRIGGER append_only",
        "DROP TABLE history_fact",
    ],
)
def test_app_role_may_only_add(table, statement):
    with (
        pytest.raises(DatabaseError, match=r"permission denied|must be owner"),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE history_fact SET value = 1",
        "UPDATE history_fact SET value = 1 WHERE false",
        "DELETE FROM history_fact",
        "TRUNCATE history_fact",
        "INSERT INTO history_fact SELECT * FROM history_fact ON CONFLICT (id) DO UPDATE SET value = 2",
    ],
)
def test_trigger_refuses_the_owner_too(table, owner_connection, statement):
    with pytest.raises(psycopg.Error, match="append-only"):
        owner_connection.execute(statement)


def test_migration_can_be_undone():
    operation = history.AppendOnly("history", "Fact")

    assert operation.reversible
    assert operation.deconstruct() == ("AppendOnly", ["history", "Fact"], {})
