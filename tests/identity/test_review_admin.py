"""Matches to review in the admin: seen with an audit row, decided through the service."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client

from steadwell.accounts import service as accounts
from steadwell.actor import Role
from steadwell.identity import service as identity
from steadwell.identity.models import MatchReview, PersonLink
from steadwell.ids import PersonId, SiteId, new_id
from tests.identity.people import NOW, enter, said
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db
QUEUE = "/admin/identity/matchreview/"


def staff(*roles: Role) -> Client:
    user_id = accounts.create_user(
        email=f"{roles[0]}@example.org",
        password=None,
        roles=list(roles),
        site_ids=[SiteId(new_id())],
        now=NOW,
    )
    return sign_in(Client(), user_id)


@pytest.fixture
def pair() -> tuple[PersonId, PersonId]:
    return enter(said("Okafor", "Ada")), enter(said("Okafor", "Ada"), source="south")


def page() -> str:
    return f"{QUEUE}{MatchReview.objects.get().pk}/change/"


def test_a_decision_is_taken_and_can_be_undone(pair: tuple[PersonId, PersonId]) -> None:
    desk = staff(Role.MANAGER)
    assert "Okafor, Ada" in desk.get(page()).content.decode()

    answer = desk.post(page(), {"same_as": str(pair[0]), "reason": "passport seen"}, follow=True)

    assert answer.status_code == 200
    assert identity.same_person(*pair)
    link = PersonLink.objects.get()
    desk.post(
        "/admin/identity/personlink/", {"action": "undo", "_selected_action": [str(link.pk)]}, follow=True
    )
    assert not identity.same_person(*pair)


def test_another_person_is_a_decision_too(pair: tuple[PersonId, PersonId]) -> None:
    staff(Role.MANAGER).post(page(), {"same_as": "new", "reason": "twins"})

    assert not identity.same_person(*pair)
    assert MatchReview.objects.get().state == "new"


@pytest.mark.parametrize(
    "form", [{}, {"same_as": "new"}, {"reason": "x"}, {"same_as": "nonsense", "reason": "x"}]
)
def test_half_a_decision_is_none(pair: tuple[PersonId, PersonId], form: dict[str, str]) -> None:
    staff(Role.MANAGER).post(page(), form)

    assert MatchReview.objects.get().state == "open"


def test_looking_is_recorded(pair: tuple[PersonId, PersonId]) -> None:
    staff(Role.MANAGER).get(page())

    with connection.cursor() as cursor:
        cursor.execute("SELECT subject_id FROM audit_auditentry WHERE action = 'person.view'")
        assert {row[0] for row in cursor.fetchall()} == set(pair)


def test_the_queue_is_not_for_clinicians(pair: tuple[PersonId, PersonId]) -> None:
    answer = staff(Role.CLINICIAN).get(page())

    assert "Okafor" not in answer.content.decode()
    assert answer.status_code in {302, 403, 404}


def test_looking_at_merges_is_recorded(pair: tuple[PersonId, PersonId]) -> None:
    desk = staff(Role.MANAGER)
    desk.post(page(), {"same_as": str(pair[0]), "reason": "passport seen"})
    link = PersonLink.objects.get()

    desk.get("/admin/identity/personlink/")
    desk.get(f"/admin/identity/personlink/{link.pk}/change/")

    with connection.cursor() as cursor:
        cursor.execute("SELECT subject_id FROM audit_auditentry WHERE action = 'person.view-merge'")
        assert cursor.fetchall() == [(link.person_id,)] * 2
