"""What e-mail providers report: signed, stored first, once, in any order."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from notifications import contact_points
from notifications.channels import mail_reports
from notifications.models import Attempt, ContactPoint, DeliveryReport, Message
from steadwell import clock
from steadwell.config import providers
from steadwell.outbox.models import OutboxDelivery
from tests.killing import wait_until
from tests.notifications.house import Somebody, patient, tell
from tests.notifications.simulated import MAIL_SECRET, Simulator
from tests.notifications.test_carrying import carry, later

pytestmark = pytest.mark.django_db(transaction=True)
PERMANENT = {"bounce": {"type": "Permanent", "message": "There is no such mailbox."}}


@pytest.fixture
def somebody(settings: Any, simulator: Simulator) -> Somebody:
    settings.NOTIFICATION_PROVIDERS = [simulator.mail("mail-a", report_secret=MAIL_SECRET)]
    return patient()


def mail_to(somebody: Somebody) -> Message:
    tell(somebody.person_id, now=clock.now())
    carry()
    made = Message.objects.filter(channel="email", reader_id=somebody.user_id).latest("id")
    assert made.state == "accepted"
    return made


@pytest.fixture
def message(somebody: Somebody) -> Message:
    return mail_to(somebody)


def report(client: Any, message: Message, kind: str = "email.delivered", **more: Any) -> int:
    data: dict[str, Any] = {"email_id": message.provider_ref, "to": [message.address]} | more.get("data", {})
    if more.get("ours", True):
        ours = json.dumps(mail_reports.metadata(message.pk))
        data["headers"] = [{"name": "X-Metadata", "value": ours}]
    body = json.dumps({"type": kind, "data": data}).encode()
    event_id = more.get("event_id", f"msg_{clock.now().timestamp()}")
    at = int((clock.now() - more.get("age", timedelta(0))).timestamp())
    signed = mail_reports.signature(
        more.get("secret", MAIL_SECRET), event_id=more.get("signed_id", event_id), at=at, body=body
    )
    names = {"id": event_id, "timestamp": str(at), "signature": more.get("signature", f"v1,AAAA {signed}")}
    start = more.get("start", "svix")
    answer = client.post(
        f"/providers/{more.get('provider', 'mail-a')}/reports/", more.get("body", body),
        content_type="application/json",
        headers={f"{start}-{name}": value for name, value in names.items() if value},
    )  # fmt: skip
    return int(answer.status_code)


def now_is(message: Message) -> str:
    message.refresh_from_db()
    return message.state


def steps(message: Message, step: str) -> int:
    return Attempt.objects.filter(message=message, step=step).count()


def is_down(somebody: Somebody) -> bool:
    rows = ContactPoint.objects.filter(reader_id=somebody.user_id, address=somebody.email)
    return rows.filter(disabled_at__isnull=False).exists()


@pytest.mark.parametrize("start", ["svix", "webhook"])
def test_a_delivery_is_stored_and_taken_in(client: Any, message: Message, start: str) -> None:
    assert report(client, message, start=start) == 204
    assert now_is(message) == "accepted"  # only stored: the provider does not wait for the rest

    carry()

    assert now_is(message) == "delivered"
    assert steps(message, "delivered") == 1


def test_a_message_is_found_by_the_providers_own_name_for_it(client: Any, message: Message) -> None:
    report(client, message, ours=False)
    carry()

    assert now_is(message) == "delivered"


def test_a_report_that_is_quicker_than_its_calls_answer_waits_for_it(client: Any, message: Message) -> None:
    reference = message.provider_ref
    Message.objects.update(state="handed", accepted_at=None, provider_ref="")
    report(client, message, ours=False)
    carry()
    assert now_is(message) == "handed"

    Message.objects.filter(pk=message.pk).update(state="accepted", provider_ref=reference)
    carry(later())

    assert now_is(message) == "delivered"


def test_a_report_about_nothing_of_ours_ends_by_itself(client: Any, message: Message) -> None:
    report(client, message, ours=False, data={"email_id": "of-another-sender"})
    carry()
    carry(timedelta(minutes=11))

    assert now_is(message) == "accepted"
    assert not OutboxDelivery.objects.exclude(state="done").exists()


def test_the_same_event_signed_anew_counts_once(client: Any, message: Message) -> None:
    for age in (timedelta(0), timedelta(minutes=1)):
        assert report(client, message, event_id="msg_1", age=age) == 204
    carry()

    assert DeliveryReport.objects.count() == 1
    assert steps(message, "delivered") == 1


def test_a_hard_bounce_gives_the_address_up_and_says_so(
    client: Any, message: Message, somebody: Somebody
) -> None:
    report(client, message)
    carry()
    report(client, message, "email.bounced", data=PERMANENT)
    carry()

    assert now_is(message) == "failed"
    assert message.cause == "mail-bounced"
    assert is_down(somebody)
    assert contact_points.unseen_failures(actor=somebody.actor) == 1
    tell(somebody.person_id, now=clock.now())
    assert Message.objects.filter(channel="email").latest("id").cause == "no-address"


def test_a_late_delivery_does_not_undo_a_bounce(client: Any, message: Message) -> None:
    report(client, message, "email.bounced", data=PERMANENT)
    carry()
    report(client, message)
    carry()

    assert now_is(message) == "failed"


@pytest.mark.parametrize(
    ("data", "cause", "down"),
    [
        ({"bounce": {"type": "Transient", "message": "Its mailbox is full."}}, "mail-soft-bounced", False),
        ({"bounce": {"message": "The provider sent a hard bounce message."}}, "mail-bounced", True),
        ({}, "mail-soft-bounced", False),
    ],
)
def test_a_full_mailbox_is_no_dead_one(
    client: Any, message: Message, somebody: Somebody, data: dict[str, Any], cause: str, down: bool
) -> None:
    report(client, message, "email.bounced", data=data)
    carry()

    assert now_is(message) == "failed"
    assert message.cause == cause
    assert is_down(somebody) is down


def test_news_of_an_old_mail_leaves_an_address_that_was_confirmed_since(
    client: Any, message: Message, somebody: Somebody
) -> None:
    row = ContactPoint.objects.create(
        reader_id=somebody.user_id, channel="email", address=somebody.email, created_at=clock.now(),
        verified_at=clock.now(),
    )  # fmt: skip

    report(client, message, "email.bounced", data=PERMANENT)
    carry()

    row.refresh_from_db()
    assert now_is(message) == "failed"
    assert row.disabled_at is None


def test_who_calls_it_unwanted_has_got_it_and_gets_no_more(
    client: Any, message: Message, somebody: Somebody
) -> None:
    report(client, message, "email.complained")
    carry()

    assert now_is(message) == "delivered"
    assert steps(message, "complained") == 1
    assert is_down(somebody)


def test_a_delay_changes_nothing(client: Any, message: Message) -> None:
    for kind in ("email.delivery_delayed", "email.sent", "something.new"):
        assert report(client, message, kind) == 204
    carry()

    assert now_is(message) == "accepted"


@pytest.mark.parametrize(
    "forged",
    [
        {"secret": "whsec_YW5vdGhlcg=="},
        {"signature": ""},
        {"signature": "v1,AAAA"},
        {"signature": "v1,\u00e9"},
        {"signed_id": "msg_other"},
        {"body": b'{"type": "email.bounced"}'},
        {"provider": "nobody"},
        {"age": timedelta(minutes=6)},
        {"age": -timedelta(minutes=6)},
        {"body": b" " * 70_000},
    ],
)
def test_an_unsigned_report_finds_nothing(client: Any, message: Message, forged: dict[str, Any]) -> None:
    assert report(client, message, **forged) == 404

    assert not DeliveryReport.objects.exists()
    assert now_is(message) == "accepted"


def test_a_signed_report_of_another_provider_moves_nothing(
    client: Any, settings: Any, simulator: Simulator, message: Message
) -> None:
    settings.NOTIFICATION_PROVIDERS = [
        simulator.mail(name, report_secret=MAIL_SECRET) for name in ("mail-a", "mail-b")
    ]

    report(client, message, "email.complained", provider="mail-b")
    carry()

    assert now_is(message) == "accepted"
    assert not steps(message, "complained")


@pytest.mark.parametrize("how", ["twice", "late"])
def test_a_real_provider_calls_back(
    settings: Any, simulator: Simulator, live_server: Any, somebody: Somebody, how: str
) -> None:
    simulator.behave("mail-a", report=how, report_url=f"{live_server.url}/providers/mail-a/reports/")

    message = mail_to(somebody)

    wait_until(DeliveryReport.objects.exists, seconds=60, what="the report has come")
    wait_until(lambda: not simulator.state()["reporting"], seconds=60, what="it has come as often as it does")
    carry()
    assert now_is(message) == "delivered"
    assert DeliveryReport.objects.count() == steps(message, "delivered") == 1


def test_settings_know_which_dialects_sign() -> None:
    assert set(mail_reports.DIALECTS) == providers.SIGNED_REPORTS
