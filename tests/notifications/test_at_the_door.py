"""What is asked once more when a message leaves: the reader's clock, their choices, their language, their
rights; and that what went together, or by a call, is not lost in silence.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from notifications import contact_points, ports, promising
from notifications import service as notifications
from notifications.models import Channel, DemoMail, Message
from notifications.service import Choice, Kind, Times
from steadwell import clock
from steadwell.accounts import granting
from steadwell.accounts import service as accounts
from steadwell.accounts.models import Proxy
from steadwell.actor import Actor, Role
from steadwell.ids import MessageId, PersonId, SiteId, UserId, new_id
from steadwell.outbox import poller
from tests.notifications.house import IMPORT, NOW, Somebody, carry, patient, person, proxy_of, tell
from tests.notifications.phones import code_sent, phone_of
from tests.notifications.test_choosing import choose, device_of, living_in, sent, wake

pytestmark = pytest.mark.django_db
DAY = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)  # 16:00 in Chicago, 23:00 in Madrid
NIGHT = datetime(2026, 3, 3, 4, 0, tzinfo=UTC)  # 22:00 in Chicago
MORNING = datetime(2026, 3, 3, 14, 0, tzinfo=UTC)  # 08:00 in Chicago


def texts() -> list[str]:
    found = Message.objects.filter(channel="sms").exclude(template="contact.code")
    return list(found.values_list("state", flat=True))


def at(now: datetime) -> None:
    """What falls due by then is carried, also what waited for a provider or for its time."""
    poller.fire(now=now)
    for _ in range(3):
        carry(now)


# The reader's clock


def test_a_text_message_in_place_of_a_notice_keeps_its_readers_night() -> None:
    somebody = living_in("America/Chicago")
    phone_of(somebody)
    device_of(somebody)
    choose(somebody, push=True, sms=True)
    evening = datetime(2026, 3, 3, 1, 30, tzinfo=UTC)  # 19:30 there; unread after three hours
    tell(somebody.person_id, now=evening)

    at(evening + timedelta(hours=3, minutes=5))
    in_the_night = texts()
    at(MORNING + timedelta(minutes=1))

    assert (in_the_night, texts()) == (["due"], ["delivered"])


def test_what_a_provider_held_up_until_night_waits_for_the_morning() -> None:
    somebody = living_in("America/Chicago")
    phone_of(somebody)
    choose(somebody, sms=True)
    tell(somebody.person_id, now=DAY)

    at(NIGHT)
    in_the_night = texts()
    at(MORNING)

    assert (in_the_night, texts()) == (["due"], ["delivered"])


def test_who_moved_while_it_waited_is_not_woken_by_their_former_morning() -> None:
    somebody = living_in("Europe/Madrid")
    phone_of(somebody)
    choose(somebody, sms=True)
    tell(somebody.person_id, now=DAY)  # waits until 08:00 in Madrid, 01:00 in Chicago
    living_in("America/Chicago", somebody)

    at(datetime(2026, 3, 3, 7, 0, tzinfo=UTC))
    in_the_night = texts()
    at(MORNING)

    assert (in_the_night, texts()) == (["due"], ["delivered"])


@pytest.mark.parametrize(
    ("template", "urgency"), [("visit.booked", "urgent"), ("visit.reminder", "standard")]
)
def test_what_is_urgent_or_of_no_use_in_the_morning_leaves_at_night(template: str, urgency: str) -> None:
    somebody = living_in("America/Chicago")
    phone_of(somebody)
    choose(somebody, sms=True)
    starts = {"starts_at": MORNING.isoformat(), "zone": "America/Chicago", "place": "Harbour Street"}
    tell(somebody.person_id, template=template, urgency=urgency, now=DAY, params=starts)

    at(NIGHT)

    assert texts() == ["delivered"]


def test_news_without_a_place_comes_by_the_clinics_clock_where_the_reader_gave_none() -> None:
    somebody = patient()
    phone_of(somebody)
    choice = Choice(
        person_id=somebody.person_id, reader_id=somebody.user_id, kind=Kind.MESSAGES, email=False, sms=True
    )
    notifications.choose(
        actor=somebody.actor, person_id=somebody.person_id, choices=[choice],
        offsets=notifications.OFFSETS, now=NOW,
    )  # fmt: skip
    before = ports.clinic()
    ports.bind_clinic(_InChicago())
    try:
        tell(
            somebody.person_id,
            template="conversation.answered",
            params={"path": "/conversations/"},
            now=NIGHT - timedelta(minutes=30),
        )  # 21:30 there, and by the clock of UTC half past three
        waits = list(
            Message.objects.filter(template="conversation.answered", channel="sms").values_list(
                "not_before", flat=True
            )
        )
    finally:
        ports.bind_clinic(before)

    assert waits == [MORNING]


class _InChicago:
    def zone_of(self, *, site_id: SiteId | None, now: datetime) -> str:
        return "America/Chicago"


# Their choices


def test_a_way_that_was_declined_while_it_waited_is_not_taken() -> None:
    somebody = living_in("America/Chicago")
    phone_of(somebody)
    choose(somebody, sms=True)
    tell(somebody.person_id, now=NIGHT)
    choose(somebody, email=False)

    at(MORNING)

    found = Message.objects.filter(channel="sms", key__startswith="k").values_list("state", "cause")
    assert list(found) == [("superseded", "declined")]


def test_who_wants_mail_instead_gets_mail_instead() -> None:
    somebody = living_in("America/Chicago")
    phone_of(somebody)
    choose(somebody, sms=True)
    tell(somebody.person_id, now=NIGHT)
    choose(somebody, email=True)

    at(MORNING)
    at(MORNING + timedelta(minutes=1))

    assert sent() == [("email", "delivered"), ("sms", "superseded")]
    assert DemoMail.objects.get().address == somebody.email


def test_a_mail_of_the_day_is_not_sent_to_one_who_said_no_meanwhile() -> None:
    somebody = living_in("America/Chicago")
    choose(somebody, email=True, digest=True)
    for _ in range(3):
        tell(somebody.person_id, now=NOW)
    choose(somebody, email=False)

    wake(datetime(2026, 3, 3, 0, 0, tzinfo=UTC))

    assert not DemoMail.objects.exists()
    assert {state for _, state in sent()} == {"superseded"}


def test_what_cannot_be_declined_comes_in_the_morning_all_the_same() -> None:
    somebody = living_in("America/Chicago")
    phone_of(somebody)
    choose(somebody, sms=True)
    tell(somebody.person_id, now=NIGHT, template="visit.cancelled-by-clinic")
    choose(somebody, email=False)

    at(MORNING)

    assert texts() == ["delivered"]


# Their language


def test_a_message_of_the_night_speaks_the_language_of_the_morning() -> None:
    somebody = living_in("America/Chicago")
    choose(somebody, times=Times(
        quiet_from=time(21), quiet_until=time(8), quiet_email=True, digest_at=time(18), most_per_day=0
    ))  # fmt: skip
    tell(somebody.person_id, now=NIGHT)
    accounts.set_preferences(
        actor=IMPORT, user_id=somebody.user_id, language="es", time_zone="America/Chicago", now=NOW
    )

    at(MORNING)

    assert "Su cita" in DemoMail.objects.get().subject
    assert Message.objects.get(channel="email").language == "es"


# A day's news together


def evening_of(actor: Actor, person_id: PersonId) -> None:
    """Two messages about a person that wait for the actor's evening."""
    assert actor.user_id is not None
    choice = Choice(person_id=person_id, reader_id=actor.user_id, kind=Kind.VISITS, email=True, digest=True)
    notifications.choose(
        actor=actor, person_id=person_id, choices=[choice], offsets=notifications.OFFSETS, now=NOW
    )
    for _ in range(2):
        tell(person_id, now=NOW)


def test_a_days_news_goes_to_the_address_that_its_reader_confirmed() -> None:
    somebody = living_in("America/Chicago")
    added = notifications.add_contact(
        actor=somebody.actor, channel="email", address="further@example.org", now=NOW
    )
    confirm(somebody, added.contact_id)
    evening_of(somebody.actor, somebody.person_id)

    wake(datetime(2026, 3, 3, 0, 0, tzinfo=UTC))

    assert [each.address for each in DemoMail.objects.all()] == ["further@example.org"]


def confirm(somebody: Somebody, contact_id: Any) -> None:
    notifications.confirm_contact(actor=somebody.actor, contact_id=contact_id, code=code_sent(), now=NOW)
    DemoMail.objects.all().delete()


def test_a_days_news_comes_at_the_hour_that_was_chosen_also_where_mail_is_quiet() -> None:
    somebody = living_in("America/Chicago")
    choose(somebody, times=Times(
        quiet_from=time(17), quiet_until=time(8), quiet_email=True, digest_at=time(18), most_per_day=0
    ))  # fmt: skip
    evening_of(somebody.actor, somebody.person_id)

    wake(datetime(2026, 3, 3, 0, 0, tzinfo=UTC))

    assert "2 new messages" in DemoMail.objects.get().subject


def test_a_days_news_to_a_dead_address_shows_to_staff() -> None:
    somebody = living_in("America/Chicago")
    evening_of(somebody.actor, somebody.person_id)
    contact_points.note_bounce(
        reader_id=somebody.user_id, channel="email", address=somebody.email, cause="mail-bounced", now=NOW
    )

    wake(datetime(2026, 3, 3, 0, 0, tzinfo=UTC))

    manager = Actor(user_id=UserId(new_id()), roles=frozenset({Role.MANAGER}))
    assert not DemoMail.objects.exists()
    assert [(each.person_id, each.cause) for each in notifications.list_untold(actor=manager, now=NOW)] == [
        (somebody.person_id, "no-address")
    ]


def test_a_days_news_is_not_sent_to_one_who_acts_for_the_patient_no_more() -> None:
    somebody = patient()
    proxy = proxy_of(somebody.person_id)
    acting = Actor(
        user_id=proxy.user_id, roles=frozenset({Role.PROXY}), proxy_for=frozenset({somebody.person_id})
    )
    evening_of(acting, somebody.person_id)
    granting.end_proxy(actor=IMPORT, proxy_id=Proxy.objects.get(user_id=proxy.user_id).pk, now=NOW)

    wake(NOW + timedelta(days=1))

    assert not DemoMail.objects.filter(address=proxy.email).exists()


def test_news_about_two_patients_is_a_mail_about_each() -> None:
    first, second = patient(), person()
    user_id = first.user_id
    accounts.add_proxy(actor=IMPORT, user_id=user_id, person_id=second, relationship="parent", now=NOW)
    acting = Actor(
        user_id=user_id, roles=frozenset({Role.PATIENT, Role.PROXY}), person_id=first.person_id,
        proxy_for=frozenset({second}),
    )  # fmt: skip
    for person_id in (first.person_id, second):
        evening_of(acting, person_id)

    wake(NOW + timedelta(days=1))

    digests = Message.objects.filter(template="digest.daily")
    assert {each.person_id for each in digests} == {first.person_id, second}
    assert DemoMail.objects.filter(address=first.email).count() == 2


# A call that is to be made again


def test_a_call_that_staff_want_made_again_is_on_their_list_again() -> None:
    site = SiteId(new_id())
    desk = Actor(user_id=UserId(new_id()), roles=frozenset({Role.FRONT_DESK}), site_ids=frozenset({site}))
    somebody = person(phone="+15550100")
    message = Message.objects.create(
        key="call", person_id=somebody, channel=Channel.VOICE, template="visit.booked", language="en",
        template_version=1, urgency="urgent", state="due", told_at=NOW, site_id=site,
        params={"starts_at": MORNING.isoformat(), "zone": "UTC"},
    )  # fmt: skip
    promising.promise([message], now=NOW)
    carry(NOW)
    message_id = MessageId(message.pk)
    notifications.close_call(actor=desk, message_id=message_id, outcome="unreachable", now=NOW)

    notifications.replay_message(actor=desk, message_id=message_id, now=NOW)
    carry(NOW)

    listed = notifications.list_calls(actor=desk, now=clock.now())
    assert [each.message_id for each in listed] == [message_id]
    notifications.close_call(actor=desk, message_id=message_id, outcome="reached", now=NOW)
    message.refresh_from_db()
    assert message.state == "read"
