"""Registering: one person once, and nobody linked who only may be the same."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from steadwell.actor import ANONYMOUS
from steadwell.errors import Forbidden, Invalid
from steadwell.identity import service as identity
from steadwell.ids import PersonId, new_id
from tests.identity.people import DESK, IMPORT, NOW, enter, number, said

pytestmark = pytest.mark.django_db


def waiting() -> list[identity.Review]:
    return identity.list_reviews(actor=DESK, now=NOW)


def test_register_makes_a_person_with_a_clinic_number() -> None:
    person_id = enter(said("Okafor", "Ada", phone="206 555 0100", email="ada@example.org"))

    found = identity.get_person(actor=DESK, person_id=person_id, now=NOW)

    assert (found.family_name, found.given_name, found.birth_date) == ("Okafor", "Ada", date(1980, 3, 12))
    assert (found.phone, found.email, found.language) == ("206 555 0100", "ada@example.org", "en")
    assert len(found.number) == 8
    assert waiting() == []


def test_register_repeated_is_the_same_person_and_adds_nothing() -> None:
    first = enter(external_id="7")

    again = enter(external_id="7", now=NOW + timedelta(hours=1))

    assert again == first
    assert identity.get_detail(actor=DESK, person_id=first, now=NOW + timedelta(hours=2)).shown.version == 1


def test_register_with_other_words_adds_a_version() -> None:
    person_id = enter(said("Okafor", "Ada"), external_id="7")

    enter(said("Okafor-Lind", "Ada"), external_id="7", now=NOW + timedelta(days=1))

    detail = identity.get_detail(actor=DESK, person_id=person_id, now=NOW + timedelta(days=2))
    assert (detail.shown.version, detail.summary.family_name) == (2, "Okafor-Lind")


def test_register_links_by_an_exact_identifier() -> None:
    first = enter(said("Okafor", "Ada"), number("55-01"))

    other = enter(said("Okafor", "Ada"), number("55 01"), source="south")

    assert other == first
    assert waiting() == []


@pytest.mark.parametrize(
    "other", [said("Lind", "Ada"), said("Okafor", "Adah"), said("Ada", "Okafor"), said("Okafor", "A")]
)
def test_register_links_when_only_the_spelling_differs(other: identity.Demographics) -> None:
    first = enter(said("Okafor", "Ada"), number("5501"))

    assert enter(other, number("5501"), source="south") == first


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (said("Okafor", "Ada", date(1980, 12, 3)), "conflict:birth-date"),
        (said("Okafor", "Chidi"), "conflict:given-name"),  # a twin
    ],
)
def test_register_leaves_a_contradiction_to_a_person(other: identity.Demographics, why: str) -> None:
    first = enter(said("Okafor", "Ada"), number("5501"))

    second = enter(other, number("5501"), source="south")

    assert second != first
    (review,) = waiting()
    assert (review.person_id, review.candidates[0].person_id) == (second, first)
    assert why in review.candidates[0].reasons


@pytest.mark.parametrize("value", ["000-00-0000", "999999999", "N/A", "UNKNOWN", "123-45-6789", "-"])
def test_register_gives_placeholders_no_weight(value: str) -> None:
    first = enter(said("Okafor", "Ada"), number(value, kind="SS"))

    second = enter(said("Marsh", "Ada", date(1990, 1, 1)), number(value, kind="SS"), source="south")

    assert second != first
    assert waiting() == []


def test_register_does_not_take_a_family_for_one_person() -> None:
    mother = enter(said("Okafor", "Ada"), number("M1234", kind="MB"))

    child = enter(said("Okafor", "Chidi", date(2015, 5, 5)), number("M1234", kind="MB"), source="south")

    assert child != mother
    assert waiting() == []


def test_register_with_two_certain_candidates_links_neither() -> None:
    one = enter(said("Okafor", "Ada", None), number("1112"))
    two = enter(said("Okafor", "Ada", None), number("3334", kind="NI"))

    third = enter(said("Okafor", "Ada"), number("1112"), number("3334", kind="NI"), source="south")

    assert third not in {one, two}
    (review,) = waiting()
    assert {c.person_id for c in review.candidates if c.certain} == {one, two}


def test_register_lets_a_person_look_at_the_same_name_and_birth_date() -> None:
    first = enter(said("Okafor", "Ada"))

    second = enter(said("Okafor", "Ada"), source="south")

    assert second != first
    (review,) = waiting()
    assert review.candidates[0].reasons == ("name-and-birth-date",)


def test_register_asks_a_bound_matcher() -> None:
    first = enter(said("Okafor", "Ada"))

    def engine(*, demographics: object, identifiers: object, now: object) -> Sequence[identity.Candidate]:
        return [identity.Candidate(person_id=first, reasons=("engine:1",), weight=21.5, certain=True)]

    identity.bind_matcher(engine)
    try:
        assert enter(said("Okafore", "Ada"), source="south") == first
    finally:
        identity.unbind_matcher()


def test_decide_same_makes_both_ids_one_person() -> None:
    first = enter(said("Okafor", "Ada"))
    second = enter(said("Okafor", "Ada"), source="south")

    now_is = identity.decide_review(
        actor=DESK, review_id=waiting()[0].review_id, same_as=first, reason="passport seen", now=NOW
    )

    assert now_is == first
    assert identity.person_ids_of(second) == (first, second)
    assert waiting() == []


def test_decide_other_keeps_both_and_is_not_asked_again() -> None:
    first = enter(said("Okafor", "Ada"))
    second = enter(said("Okafor", "Ada"), source="south", external_id="s1")
    identity.decide_review(
        actor=DESK, review_id=waiting()[0].review_id, same_as=None, reason="twins", now=NOW
    )

    enter(said("Okafor", "Ada"), number("5501"), source="south", external_id="s1")

    assert not identity.same_person(first, second)
    assert waiting() == []


def test_decide_refuses_twice_a_stranger_and_the_machine() -> None:
    first = enter(said("Okafor", "Ada"))
    stranger = enter(said("Marsh", "Tom", date(1990, 1, 1)))
    enter(said("Okafor", "Ada"), source="south")
    review_id = waiting()[0].review_id

    with pytest.raises(Invalid):
        identity.decide_review(actor=DESK, review_id=review_id, same_as=stranger, reason="", now=NOW)
    with pytest.raises(Forbidden):
        identity.decide_review(actor=IMPORT, review_id=review_id, same_as=first, reason="", now=NOW)
    identity.decide_review(actor=DESK, review_id=review_id, same_as=first, reason="", now=NOW)
    with pytest.raises(identity.ReviewDecided):
        identity.decide_review(actor=DESK, review_id=review_id, same_as=None, reason="", now=NOW)


@pytest.mark.parametrize(
    ("bad", "field"),
    [(said("", ""), "family_name"), (said("x" * 121, "y"), "family_name"), (said(sex="yes"), "sex")],
)
def test_register_refuses_what_makes_no_sense(bad: identity.Demographics, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        enter(bad)

    assert field in refused.value.fields


def test_register_refuses_whoever_is_not_staff() -> None:
    with pytest.raises(Forbidden):
        enter(actor=ANONYMOUS)


def test_register_is_undone_when_it_cannot_be_audited(monkeypatch: pytest.MonkeyPatch) -> None:
    from steadwell.audit import service as audit

    def broken(**_: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(audit, "record", broken)

    with pytest.raises(DatabaseError):
        enter(said("Vanished", "Nora"))
    monkeypatch.undo()

    assert identity.search(actor=DESK, text="vanished", now=NOW) == []


def test_versions_cannot_be_changed() -> None:
    enter()

    for statement in (
        "UPDATE identity_sourcerecordversion SET family_name = 'x'",
        "DELETE FROM identity_sourcerecordversion",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_register_raced_by_eight_makes_one_person() -> None:
    def one(serial: int) -> PersonId:
        try:
            return enter(
                said("Okafor", "Ada"), number("5501"), source=f"s{serial % 4}", external_id=str(serial % 4)
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(one, range(16)))

    assert len(found) == 1


def test_names_answers_many_in_one_query_and_one_audit_statement(django_assert_num_queries: object) -> None:
    ids = [enter(said("Okafor", f"Ada{'bcd'[i]}", date(1980, 3, i + 1))) for i in range(3)]

    with django_assert_num_queries(2):  # type: ignore[operator]
        found = identity.names(actor=DESK, person_ids=[*ids, PersonId(new_id())], now=NOW)

    assert list(found) == ids
