"""The patient search finds people as clinics look for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from steadwell.actor import ANONYMOUS, Actor, Role
from steadwell.errors import Forbidden
from steadwell.identity import service as identity
from tests.identity.people import DESK, NOW, enter, number, said

pytestmark = pytest.mark.django_db
Find = Callable[[str], list[str]]


@pytest.fixture
def people(db: None) -> None:
    for family, given, born, phone in (
        ("García López", "María José", date(1980, 3, 12), "(206) 555-0134"),
        ("O'Brien", "Seán", date(1971, 12, 1), "+1 360 555 0199"),
        ("Smith", "John", date(1990, 1, 31), None),
        ("Smithson", "Joan", date(1955, 7, 4), None),
        ("Nguyễn", "Thị Hương", date(2001, 2, 3), "206 555 0188"),
    ):
        enter(said(family, given, born, phone=phone))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("garcia", ["María José"]),
        ("GARCÍA lópez maria", ["María José"]),
        ("maria jose garcia lopez", ["María José"]),
        ("lopez, jose", ["María José"]),
        ("jose lopez", ["María José"]),
        ("obrien", ["Seán"]),
        ("O'Brien sean", ["Seán"]),
        ("smi jo", ["John", "Joan"]),
        ("smith", ["John", "Joan"]),
        ("nguyen huong", ["Thị Hương"]),
        ("smiht jonh", ["John", "Joan"]),
        ("gacria", ["María José"]),
        ("jhon smith", ["John", "Joan"]),
        ("nguyan", ["Thị Hương"]),
        ("1980-03-12", ["María José"]),
        ("3/12/1980", ["María José"]),
        ("3/12/80 garcia", ["María José"]),
        ("12 Mar 1980", ["María José"]),
        ("March 12, 1980", ["María José"]),
        ("12 de marzo de 1980", ["María José"]),
        ("03121980", ["María José"]),
        ("19800312", ["María José"]),
        ("31/1/1990", ["John"]),
        ("smyth 1990-01-31", ["John"]),
        ("smith 1990-02-01", ["John", "Joan"]),
        ("smith 1955-07-04", ["Joan"]),
        ("206-555-0134", ["María José"]),
        ("+1 (206) 555 0134", ["María José"]),
        ("555-0199", ["Seán"]),
        ("zzzzz", []),
        ("99/99/9999", []),
        ("", []),
        ("%_'; --", []),
    ],
)
def test_search_finds(people: None, find: Find, text: str, found: list[str]) -> None:
    assert find(text) == found


def test_search_finds_by_clinic_number_and_by_any_systems_number(people: None, find: Find) -> None:
    person_id = enter(said("Haddad", "Noor"), number("MRN-0044 11"))
    mine = identity.get_person(actor=DESK, person_id=person_id, now=NOW).number

    assert find(mine) == ["Noor"]
    assert find("mrn-004411") == ["Noor"]


def test_search_finds_a_former_name(find: Find) -> None:
    enter(said("Lindqvist", "Åsa", former_names=("Bergström",)))

    assert find("bergstrom asa") == ["Åsa"]


def test_search_shows_one_person_for_two_merged_ones(find: Find) -> None:
    one = enter(said("Haddad", "Noor", date(1980, 1, 1)))
    other = enter(said("Hadad", "Nour", date(1980, 1, 2)))
    identity.merge(actor=DESK, survivor_id=one, duplicate_id=other, reason="same passport", now=NOW)

    assert find("hadad nour") == ["Noor"]
    assert find("1980-01-02") == ["Noor"]


@pytest.mark.parametrize(
    ("text", "most"),
    [("smith john", 2), ("1980-03-12", 2), ("206-555-0134", 2), ("smiht jonh", 3), ("nobody", 3)],
)
def test_search_takes_one_statement_one_more_for_what_was_nearly_meant_and_one_for_the_audit(
    people: None, text: str, most: int
) -> None:
    with CaptureQueriesContext(connection) as statements:
        identity.search(actor=DESK, text=text, now=NOW)

    assert len(statements) == most


def test_search_records_each_person_seen_and_not_what_was_typed(people: None) -> None:
    identity.search(actor=DESK, text="smith", now=NOW)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT subject_id) FROM audit_auditentry WHERE action = 'person.search'"
        )
        assert cursor.fetchone() == (2,)
        cursor.execute("SELECT count(*) FROM audit_auditentry a WHERE a::text ILIKE '%%smith%%'")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("actor", [ANONYMOUS, Actor(roles=frozenset({Role.PATIENT}))])
def test_search_refuses_whoever_is_not_staff(people: None, actor: Actor) -> None:
    with pytest.raises(Forbidden):
        identity.search(actor=actor, text="smith", now=NOW)
