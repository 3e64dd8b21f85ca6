"""What is said to the patient alone is not there for those who act for them: no line, no number, no mail."""

from __future__ import annotations

from typing import Any

import house
import pytest
from house import NOW, Somebody

from notifications import service as notifications
from notifications.models import Message
from steadwell.actor import Actor, Role
from steadwell.errors import NotFound

pytestmark = pytest.mark.django_db
READY: dict[str, Any] = {"template": "result.ready", "params": {"path": "/results/"}}


def parent_of(child: Somebody) -> Actor:
    proxy = house.proxy_of(child.person_id)
    actor = Actor(
        user_id=proxy.user_id, roles=frozenset({Role.PROXY}), proxy_for=frozenset({child.person_id})
    )
    notifications.set_preferences(
        actor=actor, person_id=child.person_id, email=True, results_email=True, offsets=[], now=NOW
    )
    return actor


def seen_by(actor: Actor, child: Somebody) -> int:
    page = notifications.list_inbox(actor=actor, person_id=child.person_id, now=NOW)
    return len(page.messages)


def test_a_proxy_finds_no_trace_of_it():
    child = house.patient()
    parent = parent_of(child)

    hidden = house.tell(child.person_id, only_patient=True, **READY)

    assert seen_by(child.actor, child) == notifications.unread_count(child.actor, [child.person_id]) == 1
    assert seen_by(parent, child) == notifications.unread_count(parent, [child.person_id]) == 0
    with pytest.raises(NotFound):
        notifications.open_notice(actor=parent, token=Message.objects.get(pk=hidden).token, now=NOW)
    assert set(Message.objects.filter(channel="email").values_list("reader_id", flat=True)) == {child.user_id}


def test_a_proxy_who_reads_all_does_not_read_what_is_hidden():
    child = house.patient()
    parent = parent_of(child)
    house.tell(child.person_id, only_patient=True, **READY)

    notifications.mark_all_read(actor=parent, person_id=child.person_id, now=NOW)

    assert notifications.unread_count(child.actor, [child.person_id]) == 1
    assert Message.objects.get(channel="in-app").state == "delivered"


def test_everybody_is_told_of_the_rest():
    child = house.patient()
    parent = parent_of(child)

    house.tell(child.person_id, **READY)

    assert seen_by(parent, child) == notifications.unread_count(parent, [child.person_id]) == 1
    assert Message.objects.filter(channel="email").count() == 2


def test_without_an_account_nothing_goes_to_an_address_that_may_be_a_parent_s():
    child = house.person(email="family@example.org")

    house.tell(child, only_patient=True, **READY)

    assert not Message.objects.filter(channel="email").exists()


def test_a_correction_takes_the_place_of_what_was_said_before():
    somebody, about = house.patient(), house.person()
    house.tell(somebody.person_id, about=about, **READY)

    house.tell(somebody.person_id, about=about, template="result.corrected", params={"path": "/results/"})

    page = notifications.list_inbox(actor=somebody.actor, person_id=somebody.person_id, now=NOW)
    assert [m.words.subject for m in page.messages] == ["A result that you have seen was corrected"]


def test_results_by_mail_are_a_choice_of_their_own():
    somebody = house.patient()
    notifications.set_preferences(
        actor=somebody.actor,
        person_id=somebody.person_id,
        email=True,
        results_email=False,
        offsets=[],
        now=NOW,
    )

    house.tell(somebody.person_id, **READY)
    house.tell(somebody.person_id)

    assert list(Message.objects.filter(channel="email").values_list("template", flat=True)) == [
        "visit.booked"
    ]
