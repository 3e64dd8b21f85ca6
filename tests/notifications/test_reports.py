"""What providers report: signed, once, in any order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings as django_settings

from notifications import reports
from notifications.carrying import health
from notifications.models import Attempt, DeliveryReport, Message, ProviderAccount
from steadwell import clock
from steadwell.outbox.models import OutboxDelivery
from tests.killing import wait_until
from tests.notifications.house import person_with_phone
from tests.notifications.simulated import SECRET, Simulator
from tests.notifications.test_carrying import carry, text

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def message(settings: Any, simulator: Simulator) -> Message:
    settings.NOTIFICATION_PROVIDERS = [simulator.sms("sms-a", report_secret=SECRET)]
    (made,) = text(person_with_phone("+15550100"))
    carry()
    made.refresh_from_db()
    assert made.state == "accepted"
    return made


def report(client: Any, message: Message, status: str = "delivered", **more: Any) -> int:
    body = urlencode(
        {"MessageSid": message.provider_ref, "MessageStatus": status, "To": "+15550100"}
    ).encode()
    path = f"/providers/{more.get('provider', 'sms-a')}/reports/{message.pk}/"
    at = int((more.get("at", clock.now()) - more.get("age", timedelta(0))).timestamp())
    signature = reports.sign(
        more.get("secret", SECRET), at=at, url=f"{django_settings.REPORTS_URL}{path}", body=body
    )
    answer = client.post(
        path, more.get("body", body), content_type="application/x-www-form-urlencoded",
        headers={"X-Signature": more.get("signature", signature)},
    )  # fmt: skip
    return int(answer.status_code)


def now_is(message: Message) -> str:
    message.refresh_from_db()
    return message.state


def test_a_delivery_is_taken_in(client: Any, message: Message) -> None:
    assert report(client, message) == 204
    carry()

    assert now_is(message) == "delivered"
    assert Attempt.objects.filter(message=message, step="delivered").count() == 1


def test_a_report_that_comes_twice_counts_once(client: Any, message: Message) -> None:
    at = clock.now()
    assert [report(client, message, at=at) for _ in range(2)] == [204, 204]
    carry()

    assert DeliveryReport.objects.count() == 1
    assert Attempt.objects.filter(message=message, step="delivered").count() == 1


def test_one_that_took_it_and_said_no_is_believed_when_it_reports(
    client: Any, settings: Any, simulator: Simulator
) -> None:
    settings.NOTIFICATION_PROVIDERS = [
        simulator.sms("sms-a", report_secret=SECRET), simulator.sms("sms-b", report_secret=SECRET),
    ]  # fmt: skip
    for name in ("sms-a", "sms-b"):
        simulator.behave(name, mode="error")
    (made,) = text(person_with_phone("+15550100"))
    carry()
    tried = Attempt.objects.get(message=made, step="began").provider
    other = "sms-b" if tried == "sms-a" else "sms-a"
    assert now_is(made) == "due"
    # Not again before its end: else the other would be asked as well.
    OutboxDelivery.objects.filter(state="waiting").update(available_at=clock.now() + timedelta(minutes=30))

    report(client, made, provider=other)  # which was never asked
    carry()
    before = now_is(made)
    report(client, made, provider=tried)
    carry()
    for name in ("sms-a", "sms-b"):
        simulator.behave(name, mode="ok")
    carry(timedelta(hours=1))

    assert (before, now_is(made)) == ("due", "delivered")
    assert simulator.arrivals() == []


def test_what_failed_is_not_delivered_by_a_late_report(client: Any, message: Message) -> None:
    report(client, message, "undelivered")
    carry()
    report(client, message, "delivered")
    carry()

    assert now_is(message) == "failed"
    assert message.cause == "sms-undelivered"


@pytest.mark.parametrize(
    "forged",
    [
        {"secret": "another"},
        {"signature": ""},
        {"signature": "t=99999999999999999999,v1=00"},
        {"signature": "t=1,v1=\u00e9"},
        {"body": b"MessageStatus=delivered"},
        {"provider": "nobody"},
        {"age": timedelta(minutes=6)},
        {"age": -timedelta(minutes=6)},
    ],
)
def test_an_unsigned_report_finds_nothing(client: Any, message: Message, forged: dict[str, Any]) -> None:
    assert report(client, message, **forged) == 404

    assert not DeliveryReport.objects.exists()
    assert now_is(message) == "accepted"


def test_a_report_that_is_quicker_than_the_answer_is_not_lost(client: Any, message: Message) -> None:
    Message.objects.update(state="handed", accepted_at=None, provider_ref="")

    report(client, message)
    carry()

    assert now_is(message) == "delivered"


def test_a_provider_that_accepts_and_drops_is_left_alone(
    settings: Any, simulator: Simulator, live_server: Any
) -> None:
    settings.REPORTS_URL = live_server.url
    settings.NOTIFICATION_PROVIDERS = [
        simulator.sms(name, report_secret=SECRET, report_seconds=1) for name in ("sms-a", "sms-b")
    ]
    simulator.behave("sms-a", mode="drop")
    simulator.behave("sms-b", report="once")
    text(person_with_phone("+15550100"), 40)

    carry()
    taken = sum(each["provider"] == "sms-b" for each in simulator.arrivals())
    wait_until(lambda: DeliveryReport.objects.count() == taken, seconds=60, what="all reports have come")
    carry()
    accepted_at = Message.objects.latest("accepted_at").accepted_at
    assert accepted_at is not None
    health.forget()
    health.standings(now=accepted_at + timedelta(seconds=3))  # later than they usually report

    account = ProviderAccount.objects.get(breaker="open")
    assert (account.code, account.cause) == ("sms-a", "silent")
    health.close(["sms-a"], now=clock.now())
    assert ProviderAccount.objects.get(pk="sms-a").breaker == "open"  # an answer is no delivery
