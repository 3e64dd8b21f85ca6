"""Providers that answer with garbage, elsewhere, for ever or not at all: nobody hears twice, nobody waits for
ever, and what one says harms no other's message.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import repeat
from typing import Any

import pytest

from notifications.carrying import health
from notifications.channels import http as lines
from notifications.channels.mail_http import AnymailChannel
from notifications.channels.push import WebPush
from notifications.channels.sms import FormPostSms
from notifications.models import Attempt, ContactPoint, Message, ProviderAccount
from notifications.ports import Unreached, Unsure
from notifications.reports import sign
from notifications.types import Account, Device, Letter, Receipt
from steadwell import clock
from steadwell.accounts import granting
from steadwell.accounts.models import Proxy
from steadwell.ids import MessageId, new_id
from steadwell.outbox.models import OutboxDelivery
from tests.notifications.house import IMPORT, patient, proxy_of
from tests.notifications.mean import Mean, http, listening
from tests.notifications.simulated import SECRET, UNHURRIED, VAPID, Simulator
from tests.notifications.test_carrying import carry, phone, states, text

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["phone"]
DEADLINE = 5.0  # seconds for a call where a test waits for the end of it: what goes before has time


@pytest.fixture
def mean() -> Iterator[Mean]:
    with listening() as found:
        yield found


@pytest.fixture
def sms(mean: Mean) -> FormPostSms:
    return FormPostSms(sms_account(mean))


def sms_account(mean: Mean, deadline: float = UNHURRIED) -> Account:
    return Account(
        code="mean", channel="sms", kind="sms-form", url=mean.url, user="u", secret="s", deadline=deadline
    )


def entry(mean: Mean) -> dict[str, Any]:
    """The same in NOTIFICATION_PROVIDERS."""
    return {
        "code": "mean", "channel": "sms", "kind": "sms-form", "url": mean.url, "user": "u", "secret": "s",
        "deadline": UNHURRIED,
    }  # fmt: skip


def mail_account(mean: Mean, dialect: str = "resend", **more: Any) -> Account:
    return Account(
        code="mean", channel="email", kind="mail-http", dialect=dialect, url=mean.url, secret="s",
        **{"deadline": UNHURRIED} | more,
    )  # fmt: skip


@pytest.fixture
def mail(mean: Mean) -> AnymailChannel:
    return AnymailChannel(mail_account(mean))


def letter(**more: Any) -> Letter:
    said: dict[str, Any] = {
        "message_id": MessageId(new_id()), "attempt": 1, "address": "ada@example.org", "language": "en",
        "subject": "Your visit", "text": "It is booked.", "html": "<p>It is booked.</p>", "calendar": "",
        "is_last_attempt": False, "headers": {},
    }  # fmt: skip
    return Letter(**(said | more))


def drip() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
    yield from repeat(b" ")


# Answers to a message


@pytest.mark.parametrize("body", [b"<html>Welcome</html>", b"", b"[]", b"7", b'{"id": ', b"x" * 200_000])
@pytest.mark.parametrize("by", ["sms", "mail"])
def test_a_yes_that_nobody_understands_may_have_been_one(
    mean: Mean, request: Any, by: str, body: bytes
) -> None:
    mean.answer = lambda *_: http(200, body)

    with pytest.raises(Unsure):
        request.getfixturevalue(by).send(letter())

    assert len(mean.asked) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("by", ["sms", "mail"])
def test_a_message_is_not_carried_elsewhere(mean: Mean, request: Any, by: str, status: int) -> None:
    with listening() as elsewhere:
        elsewhere.answer = lambda *_: http(200, b'{"id": "1", "sid": "1", "status": "queued"}')
        mean.answer = lambda *_: http(status, Location=f"{elsewhere.url}/emails")

        with pytest.raises(Unreached) as told:
            request.getfixturevalue(by).send(letter())

        assert told.value.cause == f"http-{status}"
        assert elsewhere.asked == []


@pytest.mark.parametrize("by", ["sms", "mail"])
def test_one_that_says_where_to_read_what_it_did_may_have_done_it(mean: Mean, request: Any, by: str) -> None:
    mean.answer = lambda *_: http(303, Location="/what-became-of-it")

    with pytest.raises(Unsure):
        request.getfixturevalue(by).send(letter())

    assert len(mean.asked) == 1


@pytest.mark.parametrize("by", ["sms", "mail"])
def test_an_answer_that_drips_comes_to_its_end(mean: Mean, by: str) -> None:
    mean.answer = lambda *_: drip()
    carriers = {
        "sms": FormPostSms(sms_account(mean, DEADLINE)),
        "mail": AnymailChannel(mail_account(mean, deadline=DEADLINE)),
    }
    began = time.monotonic()

    with pytest.raises(Unsure):
        carriers[by].send(letter())

    assert time.monotonic() - began < DEADLINE + 60


def test_a_line_that_lay_unused_is_not_believed_to_be_there(
    mean: Mean, sms: FormPostSms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something on the way forgot the first connection and drops what comes by it, without a word."""
    forgotten: set[threading.Thread] = set()  # one serves each connection

    def answer(*_: str) -> bytes | Iterator[bytes]:
        if threading.current_thread() in forgotten:
            return repeat(b"")
        forgotten.add(threading.current_thread())
        return http(201, b'{"sid": "SM1", "status": "queued"}')

    mean.answer = answer
    sms.send(letter())
    monkeypatch.setattr(lines, "IDLE_SECONDS", 0.1)
    time.sleep(0.2)

    assert sms.send(letter()).accepted
    assert len(forgotten) == 2


@pytest.mark.parametrize("by", ["sms", "mail"])
def test_one_that_wants_to_be_left_alone_says_for_how_long(mean: Mean, request: Any, by: str) -> None:
    mean.answer = lambda *_: http(429, b"{}", Retry_After="90")

    with pytest.raises(Unreached) as told:
        request.getfixturevalue(by).send(letter())

    assert (told.value.cause, told.value.after) == ("http-429", 90.0)


@pytest.mark.parametrize(("lane", "least"), [("urgent", 15), ("standard", 90), ("bulk", 90)])
def test_it_is_left_alone_where_nobody_else_takes_the_message(
    settings: Any, mean: Mean, phone: Any, lane: str, least: int
) -> None:
    mean.answer = lambda *_: http(429, b"{}", Retry_After="90")
    settings.NOTIFICATION_PROVIDERS = [entry(mean)]
    text(phone, urgency=lane)
    before = clock.now()

    carry()

    assert OutboxDelivery.objects.get().available_at - before >= timedelta(seconds=least)


def test_an_address_that_is_refused_at_once_says_so(mean: Mean) -> None:
    refusal = (
        b'{"ErrorCode": 406, "Message": "Found inactive addresses: ada@example.org. Inactive recipients."}'
    )
    mean.answer = lambda *_: http(422, refusal)

    receipt = AnymailChannel(mail_account(mean, "postmark")).send(letter())

    assert (receipt.accepted, receipt.cause) == (False, "mail-rejected")


def test_what_one_provider_says_harms_no_other_message(
    settings: Any, mean: Mean, simulator: Simulator, phone: Any
) -> None:
    """A NUL is a letter of JSON, and of no text in Postgres."""
    somebody = patient()
    settings.NOTIFICATION_PROVIDERS = [entry(mean), simulator.smtp("smtp-a")]
    mean.answer = lambda *_: http(201, b'{"sid": "SM\\u00001", "status": "queued"}')
    text(somebody.person_id, 5, channel="email", reader_id=somebody.user_id)
    text(phone)

    carry()

    assert states() == {"accepted"}
    assert len(simulator.arrivals()) == 5
    assert Message.objects.get(channel="sms").provider_ref == "SM1"


# Questions what became of one


@pytest.mark.parametrize(
    "body", [b"<html>We will be back</html>", b"", b"[]", b"{}", b'{"messages": 1}', b'{"messages": ["x"]}']
)
def test_whatever_answers_in_its_place_does_not_say_that_it_never_took_it(
    mean: Mean, sms: FormPostSms, body: bytes
) -> None:
    mean.answer = lambda *_: http(200, body)

    with pytest.raises(Unreached):
        sms.find(str(new_id()))


def test_it_says_so_by_an_empty_list(mean: Mean, sms: FormPostSms) -> None:
    mean.answer = lambda *_: http(200, b'{"messages": []}')

    assert sms.find(str(new_id())) is None


@pytest.mark.parametrize(("lane", "hours"), [("urgent", 1), ("standard", 24)])
def test_doubt_ends_also_where_its_provider_is_switched_off(
    settings: Any, simulator: Simulator, phone: Any, lane: str, hours: int
) -> None:
    settings.NOTIFICATION_PROVIDERS = [simulator.sms("sms-a", honours_keys=False)]
    text(phone, urgency=lane)
    carry()
    Message.objects.update(state="uncertain", handed_at=clock.now())
    OutboxDelivery.objects.update(state="waiting", attempts=1, called=True, available_at=clock.now())
    ProviderAccount.objects.update(switch="off", switched_by=new_id(), reason="It answers nobody")
    health.forget()

    carry(timedelta(hours=hours, minutes=-5))
    before = states()
    carry(timedelta(hours=hours, minutes=5))

    assert before == {"uncertain"}
    assert list(Message.objects.exclude(channel="voice").values_list("state", "cause")) == [
        ("failed", "uncertain")
    ]


@pytest.mark.parametrize(("honours_keys", "finds"), [(True, False), (True, True), (False, False)])
def test_in_doubt_nothing_is_said_again_to_one_who_may_not_hear_it_any_more(
    settings: Any, simulator: Simulator, honours_keys: bool, finds: bool
) -> None:
    somebody = patient()
    proxy = proxy_of(somebody.person_id)
    number = "+12025550147"
    ContactPoint.objects.create(
        reader_id=proxy.user_id, channel="sms", address=number, created_at=clock.now(),
        verified_at=clock.now(),
    )  # fmt: skip
    settings.NOTIFICATION_PROVIDERS = [simulator.sms("sms-a", honours_keys=honours_keys, finds=finds)]
    text(somebody.person_id, reader_id=proxy.user_id, urgency="urgent")
    # A worker died in the call, and its provider never got it.
    before = clock.now() - timedelta(hours=1)
    Message.objects.update(state="handed", provider="sms-a", address=number, handed_at=before)
    OutboxDelivery.objects.update(called=True, attempts=1)
    granting.end_proxy(actor=IMPORT, proxy_id=Proxy.objects.get(user_id=proxy.user_id).pk, now=clock.now())

    for hours in (1, 2, 3):
        carry(timedelta(hours=hours))

    assert simulator.arrivals() == []
    assert Message.objects.get(channel="sms").state == "failed"


# Reports


@pytest.mark.parametrize("status", ["delivered", "undelivered"])
def test_a_report_with_letters_that_no_text_holds_is_taken_in(
    client: Any, settings: Any, simulator: Simulator, phone: Any, status: str
) -> None:
    settings.NOTIFICATION_PROVIDERS = [simulator.sms("sms-a", report_secret=SECRET)]
    (message,) = text(phone)
    carry()
    path = f"/providers/sms-a/reports/{message.pk}/"
    body = b"MessageSid=SM%00\x001&ErrorCode=30%000&MessageStatus=" + status.encode()
    signature = sign(SECRET, at=int(time.time()), url=f"{settings.REPORTS_URL}{path}", body=body)

    answer = client.post(
        path, body, content_type="application/x-www-form-urlencoded", HTTP_X_SIGNATURE=signature
    )
    carry()

    message.refresh_from_db()
    assert answer.status_code == 204
    assert message.state == ("delivered" if status == "delivered" else "failed")
    assert Attempt.objects.filter(message=message, cause__contains="\ufffd").count() == 0


# Push services, which are whoever a browser names


def push_to(*services: Mean, simulator: Simulator, deadline: float = UNHURRIED, **more: Any) -> Receipt:
    device = simulator.state()["device"]
    devices = tuple(
        Device(
            device_id=new_id(), endpoint=f"{one.url}/d", public_key=device["public_key"], auth=device["auth"]
        )
        for one in services
    )
    account = Account(
        code="push", channel="push", kind="web-push", secret=VAPID, sender="mailto:it@clinic.example",
        deadline=deadline,
    )  # fmt: skip
    return WebPush(account).send(letter(devices=devices, path="/inbox/", **more))


def test_push_services_that_hang_share_one_deadline_and_leave_the_other_device_its_time(
    mean: Mean, simulator: Simulator
) -> None:
    mean.answer = lambda *_: drip()
    with listening() as other:
        other.answer = lambda *_: http(201)
        began = time.monotonic()

        receipt = push_to(mean, mean, other, simulator=simulator, deadline=3 * DEADLINE)

        assert receipt.accepted
        assert time.monotonic() - began < 3 * DEADLINE + 60
        assert len(other.asked) == 1


@pytest.mark.parametrize(
    ("use", "least", "most"),
    [(None, 86_400, 86_400), (timedelta(hours=2), 7_000, 7_200), (-timedelta(1), 0, 0)],
)
def test_a_push_service_keeps_nothing_longer_than_it_is_of_use(
    mean: Mean, simulator: Simulator, use: timedelta | None, least: int, most: int
) -> None:
    mean.answer = lambda *_: http(201)

    push_to(mean, simulator=simulator, expires_at=clock.now() + use if use else None)

    assert least <= int(mean.headers[0]["ttl"]) <= most
