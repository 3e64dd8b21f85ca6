"""Preferences at work: by channel, at the right hour, together, few a day; and what nobody can switch off."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection

from notifications import service as notifications
from notifications.models import Deferred, DemoMail, Message, PushSubscription
from notifications.service import Choice, Kind, Times
from steadwell.accounts import service as accounts
from steadwell.errors import Invalid, NotFound
from steadwell.outbox import poller
from tests.notifications.house import IMPORT, NOW, Somebody, carry, patient, proxy_of, tell, visit
from tests.notifications.phones import phone_of

pytestmark = pytest.mark.django_db
NIGHT = datetime(2026, 3, 3, 5, 30, tzinfo=UTC)  # 23:30 in Chicago
MORNING = datetime(2026, 3, 3, 14, 0, tzinfo=UTC)  # 08:00 there
USUAL = Times(quiet_from=time(21), quiet_until=time(8), quiet_email=True, digest_at=time(18), most_per_day=0)


def living_in(zone: str, somebody: Somebody | None = None) -> Somebody:
    somebody = somebody or patient()
    accounts.set_preferences(actor=IMPORT, user_id=somebody.user_id, language="en", time_zone=zone, now=NOW)
    return somebody


def choose(somebody: Somebody, times: Times | None = None, **ways: bool) -> None:
    choices = [
        Choice(person_id=somebody.person_id, reader_id=somebody.user_id, kind=Kind.VISITS,
               email=ways.get("email", False), sms=ways.get("sms", False), push=ways.get("push", False),
               digest=ways.get("digest", False))
    ] if ways else []  # fmt: skip
    notifications.choose(
        actor=somebody.actor, person_id=somebody.person_id, choices=choices, offsets=notifications.OFFSETS,
        times=times, now=NOW,
    )  # fmt: skip


def device_of(somebody: Somebody) -> None:
    PushSubscription.objects.create(
        reader_id=somebody.user_id,
        endpoint="https://push.example/1",
        public_key="k",
        auth="a",
        created_at=NOW,
    )


def sent() -> list[tuple[str, str]]:
    rows = (
        Message.objects.exclude(channel="in-app").exclude(template="contact.code").order_by("channel", "id")
    )
    return list(rows.values_list("channel", "state"))


def wake(now: datetime) -> None:
    poller.fire(now=now)
    carry(now)
    carry(now)


@pytest.mark.parametrize(
    ("ways", "urgency", "channels"),
    [
        ({"email": True}, "standard", ["email"]),
        ({"sms": True}, "standard", ["sms"]),
        ({"push": True, "sms": True}, "standard", ["push"]),
        ({"push": True, "sms": True}, "urgent", ["push", "sms"]),
        ({"push": True, "email": True}, "standard", ["email", "push"]),
        ({"email": False}, "standard", []),
    ],
)
def test_news_goes_the_ways_its_reader_chose(
    ways: dict[str, bool], urgency: str, channels: list[str]
) -> None:
    somebody = patient()
    phone_of(somebody)
    device_of(somebody)
    choose(somebody, **ways)

    tell(somebody.person_id, urgency=urgency)

    assert [channel for channel, _ in sent()] == channels


@pytest.mark.parametrize(
    ("chosen", "then"), [(True, ["push", "sms"]), (False, ["push"]), (None, ["push", "sms"])]
)
def test_an_unread_notice_becomes_a_text_message_unless_its_reader_said_no(
    chosen: bool | None, then: list[str]
) -> None:
    somebody = patient()
    phone_of(somebody)
    device_of(somebody)
    if chosen is not None:
        choose(somebody, push=True, sms=chosen, email=False)

    tell(somebody.person_id)
    for hours in (8, 12):  # it is night there at NOW: the device is told in the morning
        poller.fire(now=NOW + timedelta(hours=hours))
        carry(NOW + timedelta(hours=hours))

    assert [channel for channel, _ in sent() if channel != "email"] == then


def test_a_telephone_that_is_not_confirmed_gets_nothing() -> None:
    somebody = patient()
    notifications.add_contact(actor=somebody.actor, channel="sms", address="+1 202 555 0123", now=NOW)
    choose(somebody, sms=True)

    tell(somebody.person_id, key="told")

    assert not Message.objects.filter(key="told", channel="sms").exists()


@pytest.mark.parametrize("template", ["visit.cancelled-by-clinic", "visit.alternatives", "visit.declined"])
def test_what_the_clinic_cancels_reaches_one_who_wants_nothing(template: str) -> None:
    somebody = patient()
    choose(somebody, email=False)

    tell(somebody.person_id, template=template)

    assert sent() == [("email", "due")]


def test_nobody_switches_safety_off() -> None:
    somebody = patient()
    safety = Choice(person_id=somebody.person_id, reader_id=somebody.user_id, kind=Kind.SAFETY, email=False)

    with pytest.raises(Invalid):
        notifications.choose(
            actor=somebody.actor, person_id=somebody.person_id, choices=[safety], offsets=(), now=NOW
        )
    with pytest.raises(NotFound):
        notifications.choose(
            actor=patient().actor, person_id=somebody.person_id, choices=[], offsets=(), now=NOW
        )


def test_a_message_of_the_night_waits_for_the_readers_own_morning() -> None:
    somebody = living_in("America/Chicago")
    choose(somebody, times=USUAL)

    tell(somebody.person_id, now=NIGHT)

    mail = Message.objects.get(channel="email")
    assert (mail.state, mail.not_before) == ("due", MORNING)
    assert carry(NIGHT) == 0
    wake(MORNING - timedelta(seconds=1))
    assert DemoMail.objects.count() == 0
    wake(MORNING)
    assert DemoMail.objects.count() == 1
    assert not Deferred.objects.exists()


def test_urgent_news_and_what_would_come_too_late_do_not_wait() -> None:
    somebody = living_in("America/Chicago")
    choose(somebody, times=USUAL)

    tell(somebody.person_id, now=NIGHT, urgency="urgent")
    early = visit(starts_at=(MORNING - timedelta(minutes=30)).isoformat())
    tell(somebody.person_id, now=NIGHT, template="visit.reminder", params=early)

    assert list(Message.objects.filter(channel="email").values_list("not_before", flat=True)) == [None, None]


def test_a_reader_who_said_nothing_about_where_they_are_has_the_clinics_clock() -> None:
    somebody = patient()
    choose(somebody, times=USUAL)

    tell(somebody.person_id, now=NIGHT, params=visit(zone="America/Los_Angeles"))

    assert Message.objects.get(channel="email").not_before == MORNING + timedelta(hours=2)


def test_what_was_read_or_superseded_in_the_night_is_not_sent_in_the_morning() -> None:
    somebody = living_in("America/Chicago")
    choose(somebody, times=USUAL)
    tell(somebody.person_id, now=NIGHT)
    token = Message.objects.get(channel="in-app").token

    notifications.open_notice(actor=somebody.actor, token=str(token), now=NIGHT)
    wake(MORNING)

    assert DemoMail.objects.count() == 0
    assert Message.objects.get(channel="email").cause == "read-already"


def test_each_reader_has_their_own_night() -> None:
    somebody = living_in("America/Chicago")
    proxy = living_in("Europe/Madrid", proxy_of(somebody.person_id))
    choose(somebody, times=USUAL)
    actor = accounts.actor_for_user(user_id=proxy.user_id, now=NOW)
    wanted = Choice(person_id=somebody.person_id, reader_id=proxy.user_id, kind=Kind.VISITS, email=True)
    notifications.choose(
        actor=actor, person_id=somebody.person_id, choices=[wanted], offsets=notifications.OFFSETS,
        times=USUAL, now=NOW,
    )  # fmt: skip

    tell(somebody.person_id, now=NIGHT)  # 06:30 in Madrid

    due = dict(Message.objects.filter(channel="email").values_list("reader_id", "not_before"))
    assert due == {somebody.user_id: MORNING, proxy.user_id: datetime(2026, 3, 3, 7, 0, tzinfo=UTC)}


def test_the_news_of_a_day_comes_in_one_mail() -> None:
    somebody = living_in("America/Chicago")
    choose(somebody, email=True, digest=True)
    evening = datetime(2026, 3, 3, 0, 0, tzinfo=UTC)  # 18:00 of the day before, there

    for _ in range(3):
        tell(somebody.person_id, now=NOW)
    assert carry(NOW) == 0
    wake(evening)

    (mail,) = DemoMail.objects.all()
    assert mail.subject == "You have 3 new messages"
    assert "/inbox/" in mail.text
    states = Message.objects.filter(channel="email").values_list("state", flat=True)
    assert sorted(states) == ["delivered", "superseded", "superseded", "superseded"]


def test_one_message_of_a_day_comes_as_itself() -> None:
    somebody = living_in("America/Chicago")
    choose(somebody, email=True, digest=True)

    tell(somebody.person_id, now=NOW)
    wake(NOW + timedelta(days=1))

    assert "is booked" in DemoMail.objects.get().subject


def test_after_enough_messages_a_day_the_rest_comes_together() -> None:
    somebody = living_in("America/Chicago")
    choose(somebody, times=Times(
        quiet_from=None, quiet_until=None, quiet_email=False, digest_at=time(18), most_per_day=3
    ))  # fmt: skip

    for _ in range(5):
        tell(somebody.person_id, now=NOW)
    tell(somebody.person_id, now=NOW, urgency="urgent")
    carry(NOW)

    assert DemoMail.objects.count() == 4
    assert list(Deferred.objects.values_list("why", flat=True)) == ["cap", "cap"]


@pytest.mark.parametrize(("start", "end"), [(time(21), None), (None, time(8)), (time(8), time(8))])
def test_half_a_quiet_night_is_refused(start: time | None, end: time | None) -> None:
    with pytest.raises(Invalid):
        choose(patient(), times=Times(
            quiet_from=start, quiet_until=end, quiet_email=False, digest_at=time(18), most_per_day=0
        ))  # fmt: skip


def test_telling_asks_a_fixed_number_of_questions(django_assert_max_num_queries: Any) -> None:
    somebody = living_in("America/Chicago")
    for _ in range(3):
        proxy_of(somebody.person_id)
    choose(somebody, times=USUAL)

    with django_assert_max_num_queries(12):
        tell(somebody.person_id, now=NIGHT)
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind, key FROM outbox_outboxdue WHERE kind LIKE 'notifications.%%'")
        (row,) = cursor.fetchall()
    assert row == ("notifications.due.standard", str(Message.objects.get(channel="email").pk))
