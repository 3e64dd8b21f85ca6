"""A person's messages in the admin: found by id, read only, each look recorded."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client

from notifications.models import Message
from steadwell.accounts import service as accounts
from steadwell.actor import Role
from steadwell.ids import SiteId, new_id
from tests.notifications.house import NOW, carry, patient, tell
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db
LIST = "/admin/notifications/message/"


@pytest.fixture
def manager() -> Client:
    user_id = accounts.create_user(
        email="manager@example.org", password=None, roles=[Role.MANAGER], site_ids=[SiteId(new_id())], now=NOW
    )
    return sign_in(Client(), user_id)


def looks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_auditentry WHERE action = 'message.view'")
        return int(cursor.fetchone()[0])


def test_a_patients_messages_are_found_and_the_look_is_recorded(manager: Client) -> None:
    somebody = patient()
    tell(somebody.person_id)
    tell(patient().person_id)
    carry()

    found = manager.get(LIST, {"q": str(somebody.person_id)})

    assert found.content.decode().count("visit.booked") == 2
    assert looks() == 2
    mail = Message.objects.get(channel="email", person_id=somebody.person_id)
    one = manager.get(f"{LIST}{mail.pk}/change/").content.decode()
    assert "demo-mailbox" in one
    assert "accepted" in one
    assert looks() == 3


def test_a_search_that_is_no_id_finds_nothing(manager: Client) -> None:
    assert manager.get(LIST, {"q": "Smith"}).status_code in {200, 302}


def test_nothing_can_be_changed(manager: Client) -> None:
    tell(patient().person_id)
    message = Message.objects.get(channel="email")

    assert manager.post(f"{LIST}{message.pk}/change/", {"state": "read"}).status_code == 403
    assert manager.post(f"{LIST}{message.pk}/delete/", {"post": "yes"}).status_code == 403
