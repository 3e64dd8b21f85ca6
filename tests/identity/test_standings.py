"""Where a record stands, and that those who keep rows by person hear of a change."""

from __future__ import annotations

import pytest
from django.db import connection

from steadwell.errors import Forbidden
from steadwell.identity import service as identity
from tests.identity.people import DESK, IMPORT, NOW, enter, number, said

pytestmark = pytest.mark.django_db


def told() -> list[str]:
    """Whom the changes are about that were told so far."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT payload->>'person_id' FROM outbox_outboxevent WHERE name = 'identity.person_changed.v1'"
        )
        return [person_id for (person_id,) in cursor.fetchall()]


def standing(external_id: str, source: str = "lab:x") -> identity.RecordStanding:
    found = identity.find_standing(source=source, external_id=external_id)
    assert found is not None
    return found


def test_record_that_nobody_else_knows_stands_alone():
    person_id = enter(source="lab:x", external_id="1")

    found = standing("1")

    assert (found.person_id, found.sources, found.decided) == (person_id, frozenset(), False)
    assert told() == []


def test_record_that_links_to_a_known_person_names_who_knows_them():
    ada = enter(said(), number("48213"))
    enter(said(), number("48213"), source="lab:x", external_id="1")

    assert (standing("1").person_id, standing("1").sources) == (ada, frozenset({"north"}))
    assert told() == [str(ada)]


def test_standing_follows_a_merge_and_its_undoing():
    ada, other = enter(), enter(said("Nowak", "Eva"), source="lab:x", external_id="1")

    identity.merge(actor=DESK, survivor_id=ada, duplicate_id=other, reason="same", now=NOW)

    assert (standing("1").person_id, standing("1").current_id) == (other, ada)
    assert standing("1").sources == frozenset({"north"})
    assert set(told()) == {str(ada), str(other)}
    identity.unmerge(actor=DESK, duplicate_id=other, reason="not the same", now=NOW)
    assert standing("1").sources == frozenset()


def test_confirmed_record_is_decided_once():
    enter(source="lab:x", external_id="1")
    record_id = standing("1").record_id

    for _ in range(2):
        identity.confirm_record(actor=DESK, record_id=record_id, reason="seen", now=NOW)

    assert standing("1").decided
    assert len(told()) == 1


def test_machine_confirms_nothing():
    enter(source="lab:x", external_id="1")

    with pytest.raises(Forbidden):
        identity.confirm_record(actor=IMPORT, record_id=standing("1").record_id, reason="", now=NOW)


def test_standings_of_a_person_are_those_linked_to_them():
    ada = enter(said(), number("48213"))
    enter(said(), number("48213"), source="lab:x", external_id="1")

    assert len(identity.list_standings(person_ids=[ada])) == 2


def test_unknown_record_has_no_standing():
    assert identity.find_standing(source="lab:x", external_id="none") is None


def test_same_words_again_cost_one_statement(django_assert_num_queries):
    enter(said(), number("48213"), external_id="1")

    with django_assert_num_queries(1):
        enter(said(), number("48213"), external_id="1")
