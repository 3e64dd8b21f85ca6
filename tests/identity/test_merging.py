"""Merge and un-merge: the identity when done and undone, in any order, whatever arrives in between."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from steadwell.actor import Actor, Role
from steadwell.errors import Forbidden, NotFound
from steadwell.identity import service as identity
from steadwell.ids import PersonId, UserId, new_id
from tests.identity.people import DESK, IMPORT, NOW, enter, number, said

pytestmark = pytest.mark.django_db


def merge(survivor: PersonId, duplicate: PersonId) -> None:
    identity.merge(actor=DESK, survivor_id=survivor, duplicate_id=duplicate, reason="seen", now=NOW)


def unmerge(duplicate: PersonId) -> None:
    identity.unmerge(actor=DESK, duplicate_id=duplicate, reason="mistake", now=NOW)


def five() -> list[PersonId]:
    return [enter(said("Family" + "abcde"[i], "Ada", date(1980, 1, i + 1))) for i in range(5)]


def partition(people: list[PersonId]) -> set[frozenset[PersonId]]:
    return {frozenset(identity.person_ids_of(p)) for p in people}


def details(people: list[PersonId]) -> dict[PersonId, identity.PersonDetail]:
    return {p: identity.get_detail(actor=DESK, person_id=p, now=NOW) for p in people}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4), st.integers(0, 4)), max_size=12))
def test_merges_and_unmerges_in_any_order_keep_a_forest(steps: list[tuple[bool, int, int]]) -> None:
    people = five()
    parent: dict[PersonId, PersonId] = {}

    def root(person: PersonId) -> PersonId:
        while person in parent:
            person = parent[person]
        return person

    for is_merge, i, j in steps:
        if is_merge and root(people[i]) != root(people[j]):
            merge(people[i], people[j])
            parent[root(people[j])] = root(people[i])
        elif not is_merge and people[i] in parent:
            unmerge(people[i])
            del parent[people[i]]

    assert {p: identity.current_person(p) for p in people} == {p: root(p) for p in people}
    for person in people:
        same = [p for p in people if root(p) == root(person)]
        assert identity.person_ids_of(person) == (root(person), *sorted(p for p in same if p != root(person)))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=5),
    st.integers(0, 4), st.integers(0, 4), st.booleans(),
)  # fmt: skip
def test_unmerge_after_merge_is_the_identity(
    before: list[tuple[int, int]], i: int, j: int, arrives: bool
) -> None:
    people = five()
    for a, b in before:
        if not identity.same_person(people[a], people[b]):
            merge(people[a], people[b])
    if identity.same_person(people[i], people[j]):
        return
    was, seen = partition(people), details(people)

    top = identity.current_person(people[j])
    merge(people[i], people[j])
    if arrives:
        enter(said("Other", "Tom", date(1999, 1, 1)), source="south")
    unmerge(top)

    assert partition(people) == was
    assert details(people) == seen


def test_what_arrives_between_merge_and_unmerge_stays_with_its_own() -> None:
    one = enter(said("Okafor", "Ada", date(1980, 1, 1)), number("1234"))
    two = enter(said("Okafor", "Ada", date(1980, 1, 2)), number("9876"))
    merge(one, two)
    arrived = enter(said("Okafor", "Ada", date(1980, 1, 2)), number("9876"), source="south", external_id="s1")
    assert identity.same_person(arrived, one)

    unmerge(two)

    records = {r.external_id for r in identity.get_detail(actor=DESK, person_id=two, now=NOW).records}
    assert "s1" in records
    assert "s1" not in {
        r.external_id for r in identity.get_detail(actor=DESK, person_id=one, now=NOW).records
    }


def test_names_follow_a_merge_and_keep_the_ids_asked_for() -> None:
    one, two = enter(said("Okafor", "Ada")), enter(said("Marsh", "Tom"))
    merge(one, two)

    found = identity.names(actor=DESK, person_ids=[two], now=NOW)

    assert (found[two].person_id, found[two].family_name) == (two, "Okafor")


def test_a_patient_keeps_access_through_either_id() -> None:
    one, two = enter(said("Okafor", "Ada")), enter(said("Okafore", "Ada"))
    merge(one, two)

    for own, asked in ((one, two), (two, one)):
        patient = Actor(user_id=UserId(new_id()), roles=frozenset({Role.PATIENT}), person_id=own)
        assert identity.get_person(actor=patient, person_id=asked, now=NOW).given_name == "Ada"


def test_merge_refusals() -> None:
    one, two = enter(said("Okafor", "Ada")), enter(said("Marsh", "Tom"))
    patient = Actor(user_id=UserId(new_id()), roles=frozenset({Role.PATIENT}), person_id=one)

    with pytest.raises(identity.NotMerged), transaction.atomic():
        unmerge(two)
    merge(one, two)
    with pytest.raises(identity.AlreadyOne), transaction.atomic():
        merge(two, one)
    with pytest.raises(NotFound), transaction.atomic():
        merge(one, PersonId(new_id()))
    for actor in (patient, IMPORT):
        with pytest.raises(Forbidden):
            identity.unmerge(actor=actor, duplicate_id=two, reason="", now=NOW)


def test_as_known_answers_with_the_words_links_and_merges_of_then() -> None:
    one = enter(said("Okafor", "Ada"), external_id="a")
    two = enter(said("Marsh", "Ada"), external_id="b", now=NOW + timedelta(hours=1))
    day = NOW + timedelta(days=1)
    identity.merge(actor=DESK, survivor_id=one, duplicate_id=two, reason="", now=day)
    enter(said("Okafor-Lind", "Ada"), external_id="a", now=day + timedelta(hours=1))
    identity.unmerge(actor=DESK, duplicate_id=two, reason="", now=day + timedelta(days=1))

    def known(person: PersonId, at: timedelta) -> list[str]:
        views = identity.as_known(actor=DESK, person_id=person, recorded=NOW + at, now=day)
        return sorted(v.demographics.family_name for v in views)

    assert known(one, -timedelta(hours=1)) == []
    assert known(one, timedelta(hours=2)) == ["Okafor"]
    assert known(two, timedelta(days=1, minutes=5)) == ["Marsh", "Okafor"]
    assert known(two, timedelta(days=1, hours=2)) == ["Marsh", "Okafor-Lind"]
    assert known(one, timedelta(days=3)) == ["Okafor-Lind"]


def test_relink_moves_one_record_by_hand_and_the_machine_leaves_it() -> None:
    one = enter(said("Okafor", "Ada"), number("1234"), external_id="a")
    enter(said("Okafor", "Ada"), number("1234"), source="south", external_id="b")
    record = next(
        r for r in identity.get_detail(actor=DESK, person_id=one, now=NOW).records if r.external_id == "b"
    )

    other = identity.relink(
        actor=DESK, record_id=record.record_id, person_id=None, reason="her twin", now=NOW
    )
    again = enter(said("Okafor", "Ada", phone="5550001"), number("1234"), source="south", external_id="b")

    assert again == other != one
    assert len(identity.get_detail(actor=DESK, person_id=one, now=NOW).records) == 1
    with pytest.raises(Forbidden):
        identity.relink(actor=IMPORT, record_id=record.record_id, person_id=one, reason="", now=NOW)


def test_update_demographics_adds_our_own_words_and_refuses_a_stale_writer() -> None:
    person_id = enter(said("Okafor", "Ada", phone="5550000"))
    enter(said("Okafor", "Ada"), number("77777"), external_id="z", source="south")
    patient = Actor(user_id=UserId(new_id()), roles=frozenset({Role.PATIENT}), person_id=person_id)

    def change(phone: str, expected: int) -> int:
        return identity.update_demographics(
            actor=patient, person_id=person_id, demographics=said("Okafor", "Ada", phone=phone),
            expected_version=expected, reason="new number", now=NOW + timedelta(hours=1),
        )  # fmt: skip

    assert change("5550001", 1) == 1  # the first version of our own record
    assert change("5550002", 1) == 2
    with pytest.raises(identity.StaleDemographics), transaction.atomic():
        change("5550003", 1)

    later = NOW + timedelta(days=1)
    detail = identity.get_detail(actor=patient, person_id=person_id, now=later)
    assert detail.summary.phone == "5550002"
    assert [r.source for r in detail.records] == ["steadwell", "north"]
    assert [p.given_name for p in identity.search(actor=DESK, text="5550002", now=later)] == ["Ada"]


def test_get_person_looks_the_same_for_nobody_and_for_somebody_elses() -> None:
    mine, other = enter(said("Okafor", "Ada")), enter(said("Marsh", "Tom"))
    patient = Actor(user_id=UserId(new_id()), roles=frozenset({Role.PATIENT}), person_id=mine)

    for person_id in (other, PersonId(new_id())):
        with pytest.raises(NotFound):
            identity.get_person(actor=patient, person_id=person_id, now=NOW)
