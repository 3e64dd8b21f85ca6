"""Messages on their way to simulated providers: once, by whoever is well, and known when nobody answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from notifications import promising
from notifications.carrying import calls, health
from notifications.models import Attempt, Message, ProviderAccount, ProviderChange, PushSubscription
from steadwell import clock
from steadwell.ids import new_id
from steadwell.outbox import batches, deliveries, handover
from steadwell.outbox.models import OutboxDelivery
from tests.killing import wait_until
from tests.notifications.house import patient, person_with_phone
from tests.notifications.mean import http, listening
from tests.notifications.simulated import UNHURRIED, Simulator

pytestmark = pytest.mark.django_db(transaction=True)


def text(person_id: Any, count: int = 1, **more: Any) -> list[Message]:
    """Text messages that are due."""
    now = clock.now()
    made = [
        Message(
            key=f"k{new_id()}", person_id=person_id, channel="sms", template="visit.booked", language="en",
            template_version=1, urgency="standard", state="due", told_at=now,
            params={"starts_at": "2027-03-03T18:30:00+00:00", "zone": "UTC"},
        )
        for _ in range(count)
    ]  # fmt: skip
    for each in made:
        for name, value in more.items():
            setattr(each, name, value)
    with transaction.atomic():
        Message.objects.bulk_create(made)
        promising.promise(made, now=now)
    return made


def carry(after: timedelta = timedelta(0)) -> None:
    """What relay and workers do once, in this thread."""
    now = clock.now() + after
    for message in handover.messages(handover.claim(now=now)):
        if message.together:
            batches.deliver_together(delivery_ids=message.ids, now=now)
        else:
            for each in message.ids:
                deliveries.deliver(delivery_id=each, now=now)


def states() -> set[str]:
    return set(Message.objects.values_list("state", flat=True))


def carry_to_the_end() -> None:
    """As often as it takes. On a busy machine an answer can come when its batch has stopped waiting, and a
    provider that failed three times is tried again only after some seconds.
    """
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        carry(later())
        if not states() & {"due", "claimed", "handed", "uncertain"}:
            return
        time.sleep(0.25)


def later() -> timedelta:
    return timedelta(hours=1)


@pytest.fixture
def phone() -> Any:
    return person_with_phone("+15550100")


@pytest.fixture
def two(settings: Any, simulator: Simulator) -> Callable[..., None]:
    def use(**more: Any) -> None:
        settings.NOTIFICATION_PROVIDERS = [simulator.sms("sms-a", **more), simulator.sms("sms-b", **more)]

    use()
    return use


def test_text_messages_arrive_once_each_by_both_providers(two: Any, simulator: Simulator, phone: Any) -> None:
    text(phone, 40)

    carry()
    carry_to_the_end()

    arrivals = simulator.arrivals()
    assert states() == {"accepted"}
    assert len({each["key"] for each in arrivals}) == len(arrivals) == 40
    assert {each["provider"] for each in arrivals} == {"sms-a", "sms-b"}
    assert {each["to"] for each in arrivals} == {"+15550100"}
    assert list(Attempt.objects.values_list("step", flat=True)).count("accepted") == 40


def test_a_batch_costs_few_statements(
    two: Any, phone: Any, django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    text(phone, 30)
    now = clock.now()
    (message,) = handover.messages(handover.claim(now=now))
    monkeypatch.setattr(health, "LOOK_SECONDS", 3600)
    health.standings(now=now)

    with django_assert_max_num_queries(24):
        batches.deliver_together(delivery_ids=message.ids, now=now)

    assert states() == {"accepted"}


@pytest.mark.parametrize("mode", ["refuse", "error"])
def test_what_one_does_not_take_the_other_takes(
    two: Any, simulator: Simulator, phone: Any, mode: str
) -> None:
    simulator.behave("sms-a", mode=mode)
    text(phone, 30)

    carry_to_the_end()

    assert states() == {"accepted"}
    assert {each["provider"] for each in simulator.arrivals()} == {"sms-b"}
    assert len(simulator.arrivals()) == 30
    assert ProviderAccount.objects.get(pk="sms-a").breaker != "closed"
    assert ProviderChange.objects.filter(provider="sms-a", what="opened", cause="failing").exists()


def test_a_provider_that_hangs_holds_up_its_own_calls_only(
    two: Any, simulator: Simulator, phone: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "PATIENCE", 2.5)
    monkeypatch.setattr(health, "PROBE_SECONDS", 3600)
    simulator.behave("sms-a", mode="hang")
    text(phone, 40)

    carry()
    wait_until(lambda: among("sms-b") == {"accepted"}, seconds=30, what="the other took its own")
    hanging = among("sms-a")
    simulator.behave("sms-a", mode="refuse")  # its lines break
    wait_until(is_left_alone, seconds=60, what="it is left alone")
    more = text(phone, 20)
    carry()

    assert hanging == {"handed"}
    wait_until(
        lambda: accepted_by("sms-b", more) == len(more), seconds=60, what="the other takes all that comes"
    )


def among(provider: str) -> set[str]:
    """The states of what this one was called for."""
    begun = Attempt.objects.filter(step="began", provider=provider).values("message_id")
    return set(Message.objects.filter(pk__in=begun, provider=provider).values_list("state", flat=True))


def is_left_alone() -> bool:
    health.forget()
    health.standings(now=clock.now())
    return ProviderAccount.objects.get(pk="sms-a").breaker == "open"


def accepted_by(provider: str, messages: list[Message]) -> int:
    keys = [each.pk for each in messages]
    return Message.objects.filter(pk__in=keys, state="accepted", provider=provider).count()


def test_an_answer_that_is_lost_is_asked_for_again_under_the_same_key(
    two: Any, simulator: Simulator, settings: Any, phone: Any
) -> None:
    settings.NOTIFICATION_PROVIDERS = [simulator.sms("sms-a", finds=False)]
    simulator.behave("sms-a", lost_answers=1)
    text(phone)

    carry()
    assert states() == {"uncertain"}
    carry_to_the_end()

    assert states() == {"accepted"}
    assert len(simulator.arrivals()) == 1
    assert simulator.state()["asked"]["sms-a"] >= 2


def test_without_keys_the_provider_is_asked_and_nothing_is_sent_twice(
    two: Any, simulator: Simulator, phone: Any
) -> None:
    two(honours_keys=False)
    for name in ("sms-a", "sms-b"):
        simulator.behave(name, lost_answers=1, honours_keys=False)
    text(phone)

    carry()
    carry_to_the_end()

    assert states() == {"accepted"}
    assert len(simulator.arrivals()) == 1
    steps = list(Attempt.objects.values_list("step", "cause").order_by("id"))
    assert steps[-1] == ("asked", "taken")


def test_what_the_provider_never_took_is_sent_after_asking(
    two: Any, simulator: Simulator, settings: Any, phone: Any
) -> None:
    settings.NOTIFICATION_PROVIDERS = [simulator.sms("sms-a", honours_keys=False)]
    (message,) = text(phone)
    an_hour_ago = clock.now() - later()
    # A worker died in the call: the message is handed over, the promise has its call on record.
    Message.objects.update(state="handed", provider="sms-a", handed_at=an_hour_ago)
    OutboxDelivery.objects.update(called=True, attempts=1)

    carry_to_the_end()

    assert [each["key"] for each in simulator.arrivals()] == [str(message.pk)]
    assert states() == {"accepted"}


def test_nobody_else_gets_what_a_provider_of_earlier_may_have(
    two: Any, simulator: Simulator, phone: Any
) -> None:
    text(phone)
    Message.objects.update(state="uncertain", provider="sms-of-last-year", handed_at=clock.now())

    carry()

    message = Message.objects.get()
    assert (message.state, message.cause) == ("failed", "uncertain")
    assert simulator.arrivals() == []


def test_a_provider_switched_off_gets_nothing(two: Any, simulator: Simulator, phone: Any) -> None:
    text(phone)
    carry()
    ProviderAccount.objects.filter(pk="sms-a").update(switch="off", switched_by=new_id(), reason="test")
    health.forget()
    before = len(simulator.arrivals())

    text(phone, 20)
    carry()

    assert {each["provider"] for each in simulator.arrivals(before)} == {"sms-b"}


def test_a_message_that_is_not_to_go_yet_waits(two: Any, simulator: Simulator, phone: Any) -> None:
    text(phone, not_before=clock.now() + later())
    carry()

    assert states() == {"due"}
    assert simulator.arrivals() == []
    assert not OutboxDelivery.objects.exists()


def test_what_is_too_late_is_not_sent(two: Any, simulator: Simulator, phone: Any) -> None:
    text(phone, expires_at=clock.now() - timedelta(seconds=1))

    carry()

    assert states() == {"expired"}
    assert simulator.arrivals() == []


def test_a_number_that_is_none_fails_for_good(two: Any, simulator: Simulator) -> None:
    text(person_with_phone("call my son"))

    carry()

    message = Message.objects.get()
    assert (message.state, message.cause) == ("failed", "sms-21211")


def test_no_more_than_its_rate_goes_to_a_provider(settings: Any, simulator: Simulator, phone: Any) -> None:
    settings.NOTIFICATION_PROVIDERS = [simulator.sms("sms-a", rate=10)]
    text(phone, 40)

    carry()

    waiting = Message.objects.filter(state="due").count()
    assert 40 - waiting <= 2 * 9  # the share of the standard lane, in at most two seconds
    assert not OutboxDelivery.objects.filter(state="waiting").exclude(attempts=0).exists()


def test_mail_by_http_and_by_smtp(settings: Any, simulator: Simulator) -> None:
    settings.NOTIFICATION_PROVIDERS = [simulator.mail("mail-a"), simulator.smtp("smtp-a")]
    somebody = patient()
    text(somebody.person_id, 20, channel="email", reader_id=somebody.user_id)

    carry()

    assert states() == {"accepted"}
    arrivals = simulator.arrivals()
    assert {each["provider"] for each in arrivals} == {"mail-a", "smtp-a"}
    assert {each["to"] for each in arrivals} == {somebody.email}
    assert len(arrivals) == 20


def test_a_push_arrives_sealed_and_a_device_that_is_gone_is_forgotten(
    settings: Any, simulator: Simulator
) -> None:
    settings.NOTIFICATION_PROVIDERS = [simulator.push()]
    somebody, device = patient(), simulator.state()["device"]
    for path in ("phone", "gone"):
        PushSubscription.objects.create(
            reader_id=somebody.user_id, endpoint=f"http://127.0.0.1:{simulator.ports['push']}/{path}",
            public_key=device["public_key"], auth=device["auth"], created_at=clock.now(),
        )  # fmt: skip
    # Urgent: these tests run at whatever hour it is, and a device is told nothing at night.
    text(somebody.person_id, channel="push", reader_id=somebody.user_id, urgency="urgent")

    carry()

    (arrival,) = simulator.arrivals()
    assert (arrival["to"], arrival["subject"]) == (
        "/phone", "Your visit on Wednesday, March 3, 2027 is booked",
    )  # fmt: skip
    assert states() == {"accepted"}
    assert PushSubscription.objects.get(ended_at__isnull=False).endpoint.endswith("/gone")


def test_a_provider_comes_back_by_one_message_that_tries_it(
    two: Any, simulator: Simulator, phone: Any
) -> None:
    text(phone)
    carry()
    simulator.forget()
    past = clock.now() - timedelta(seconds=1)
    ProviderAccount.objects.filter(pk="sms-a").update(
        breaker="open", cause="failing", changed_at=past, probe_at=past
    )
    health.forget()
    text(phone, 20)

    carry()

    assert [each["provider"] for each in simulator.arrivals()].count("sms-a") == 1
    assert ProviderAccount.objects.get(pk="sms-a").breaker == "closed"


def test_no_connection_to_the_database_is_held_while_a_provider_takes_its_time(
    settings: Any, phone: Any
) -> None:
    answering = threading.Event()

    def answer(*_: str) -> bytes:
        answering.wait(UNHURRIED)
        return http(201, b'{"sid": "%s", "status": "queued"}' % new_id().hex.encode())

    with listening() as slow:
        slow.answer = answer
        settings.NOTIFICATION_PROVIDERS = [
            {"code": "slow", "channel": "sms", "kind": "sms-form", "url": slow.url, "user": "u",
             "secret": "s", "deadline": 2 * UNHURRIED},
        ]  # fmt: skip
        text(phone, 4)
        before = moment()
        worker = threading.Thread(target=carry_and_leave, daemon=True)

        worker.start()
        try:
            wait_until(lambda: len(slow.asked) == 4, seconds=60, what="it is called")
            # One that was closed takes a moment to end in Postgres.
            wait_until(lambda: not connected_since(before), seconds=30, what="the connection is given back")
            waiting = states()
        finally:
            answering.set()
            worker.join(60)

    assert waiting == {"handed"}
    assert states() == {"accepted"}


def carry_and_leave() -> None:
    try:
        carry()
    finally:
        connection.close()


def moment() -> datetime:
    """Now, by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
        return found


def connected_since(when: datetime) -> int:
    """How many connections were made since then, and are still there; a vacuum's is nobody's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend' AND backend_start > %s AND pid <> pg_backend_pid()",
            [when],
        )
        return int(cursor.fetchone()[0])
