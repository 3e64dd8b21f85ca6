"""Unread becomes another message, by time and importance; the last is a call that staff make."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifications import service as notifications
from notifications.models import Channel, Message, PushSubscription, Reading, StaffCall
from steadwell import clock
from steadwell.actor import Actor, Role
from steadwell.audit.models import AuditEntry
from steadwell.errors import Forbidden, NotFound
from steadwell.ids import MessageId, SiteId, UserId, new_id
from steadwell.outbox import poller
from tests.notifications.house import Somebody, patient, person_with_phone, tell
from tests.notifications.test_carrying import carry, text

pytestmark = pytest.mark.django_db(transaction=True)
SITE = SiteId(new_id())


@pytest.fixture(autouse=True)
def _daytime(time_machine: Any) -> None:
    """At night a device is told in the morning only, whenever these tests run."""
    time_machine.move_to(datetime(2027, 3, 1, 18, 0, tzinfo=UTC), tick=True)


def desk(*sites: SiteId) -> Actor:
    return Actor(user_id=UserId(new_id()), roles=frozenset({Role.FRONT_DESK}), site_ids=frozenset(sites))


def push(somebody: Somebody, urgency: str) -> Message:
    """A notice with a push to its reader's device."""
    PushSubscription.objects.create(
        reader_id=somebody.user_id, endpoint=f"https://push.example/{new_id()}", public_key="", auth="",
        created_at=clock.now(),
    )  # fmt: skip
    tell(somebody.person_id, now=clock.now(), urgency=urgency)
    return Message.objects.get(channel=Channel.PUSH)


def pass_time(**by: int) -> None:
    poller.fire(now=clock.now() + timedelta(**by))
    carry(timedelta(**by))


def channels() -> list[str]:
    found = Message.objects.exclude(channel__in=["in-app", "email"]).order_by("id")
    return list(found.values_list("channel", flat=True))


def test_an_unread_push_becomes_a_text_message() -> None:
    message = push(patient(), "standard")

    pass_time(hours=2)
    before = channels()
    pass_time(hours=4)

    assert before == ["push"]
    assert channels() == ["push", "sms"]
    assert Message.objects.get(channel="sms").fallback_of_id == message.pk


def test_a_push_that_was_read_becomes_nothing() -> None:
    somebody = patient()
    message = push(somebody, "urgent")
    Reading.objects.create(message_id=message.notice_id, user_id=somebody.user_id, read_at=clock.now())

    pass_time(hours=5)

    assert channels() == ["push"]


def test_it_goes_on_once_whoever_looks() -> None:
    push(patient(), "urgent")

    for _ in range(3):
        pass_time(hours=1)

    assert channels().count("sms") == 1


def test_what_is_urgent_and_failed_becomes_a_call() -> None:
    text(person_with_phone(""), urgency="urgent", site_id=SITE)

    carry()  # there is no number
    carry(timedelta(minutes=1))

    assert channels() == ["sms", "voice"]


@pytest.fixture
def call() -> Message:
    (made,) = text(person_with_phone("+15550100"), channel=Channel.VOICE, urgency="urgent", site_id=SITE)
    carry()
    made.refresh_from_db()
    return made


def test_a_call_is_on_the_list_of_its_site(call: Message) -> None:
    now = clock.now()

    (found,) = notifications.list_calls(actor=desk(SITE), now=now)

    assert call.state == "accepted"
    assert found.message_id == call.pk
    assert AuditEntry.objects.filter(action="message.view-call", subject_id=call.person_id).exists()
    assert notifications.list_calls(actor=desk(SiteId(new_id())), now=now) == []
    with pytest.raises(Forbidden):
        notifications.list_calls(actor=patient().actor, now=now)


def test_one_of_two_takes_a_call_and_says_how_it_ended(call: Message) -> None:
    now, first, second = clock.now(), desk(SITE), desk(SITE)
    message_id = MessageId(call.pk)
    notifications.take_call(actor=first, message_id=message_id, now=now)

    with pytest.raises(NotFound):
        notifications.take_call(actor=second, message_id=message_id, now=now)
    notifications.close_call(actor=first, message_id=message_id, outcome="reached", now=now)

    call.refresh_from_db()
    assert call.state == "read"
    assert notifications.list_calls(actor=first, now=now) == []
    with pytest.raises(NotFound):
        notifications.close_call(actor=first, message_id=message_id, outcome="reached", now=now)


def test_a_call_that_met_a_machine_shows_again_later(call: Message) -> None:
    now, actor = clock.now(), desk(SITE)
    notifications.close_call(actor=actor, message_id=MessageId(call.pk), outcome="voicemail", now=now)

    assert notifications.list_calls(actor=actor, now=now) == []
    assert len(notifications.list_calls(actor=actor, now=now + timedelta(hours=2))) == 1


def test_somebody_who_cannot_be_reached_is_told_of_as_not_reached(call: Message) -> None:
    now = clock.now()
    notifications.close_call(actor=desk(SITE), message_id=MessageId(call.pk), outcome="unreachable", now=now)

    assert [each.message_id for each in notifications.list_untold(actor=desk(SITE), now=now)] == [call.pk]
    assert StaffCall.objects.get().outcome == "unreachable"


def test_a_failure_that_was_mended_is_sent_again(settings: Any) -> None:
    person_id = person_with_phone("")
    (made,) = text(person_id, site_id=SITE)
    carry()

    notifications.replay_message(actor=desk(SITE), message_id=MessageId(made.pk), now=clock.now())

    made.refresh_from_db()
    assert made.state == "due"
    with pytest.raises(NotFound):
        notifications.replay_message(actor=desk(SITE), message_id=MessageId(made.pk), now=clock.now())
