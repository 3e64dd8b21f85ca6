"""The demonstration's handset, and the providers that bring what it shows."""

from __future__ import annotations

import asyncio
import base64
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from playwright.sync_api import expect

from notifications.models import DemoMail, Message, PushSubscription
from notifications.simulator import demo
from notifications.simulator.behaviour import Arrival, Handset, Provider, Shown
from notifications.simulator.providers import SmsProvider
from notifications.simulator.wire import Request
from steadwell import clock
from steadwell.ids import new_id
from tests.browsing import NARROW, WIDE
from tests.notifications.house import patient, person_with_phone
from tests.notifications.simulated import Simulator
from tests.notifications.test_carrying import carry, text
from tests.notifications.test_in_browser import Make, signed_in
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/demo/handset/"


def sms(count: int = 1) -> list[Message]:
    """Text messages that arrived at telephones of the demonstration."""
    made = text(person_with_phone("+15550100"), count)
    carry()
    return made


def arrival(key: str, channel: str = "sms") -> Arrival:
    return Arrival(
        provider="sms-a", channel=channel, to="+15550100", text="Your code is 123456", key=key,
        reference="SM1", at=0.0,
    )  # fmt: skip


def test_the_handset_shows_text_messages_and_the_mailbox_does_not() -> None:
    sms()

    page = Client().get(PATH).content.decode()

    assert "is booked" in page
    assert "+15550100" in page
    assert "is booked" not in Client().get("/demo/mailbox/").content.decode()
    assert "No text message yet" in Client().get(PATH, {"to": "+15550199"}).content.decode()


def test_nothing_of_it_is_there_without_the_demo(settings: Any) -> None:
    settings.DEMO = False
    reader = sign_in(Client(), patient().user_id)

    assert reader.get(PATH).status_code == 404
    assert reader.post(f"{PATH}notices/").status_code == 404
    assert not PushSubscription.objects.exists()


def test_production_runs_no_simulated_provider(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True

    with pytest.raises(CommandError):
        call_command("simulate", "providers")


def test_what_arrived_is_kept_once_and_only_what_is_ours() -> None:
    (message,) = text(person_with_phone("+15550100"))

    for key in (str(message.pk), str(message.pk), str(new_id()), "no-id"):
        demo.keep(arrival(key), Shown())

    assert [(each.message_id, each.address) for each in DemoMail.objects.all()] == [(message.pk, "+15550100")]


def test_a_notice_on_a_device_is_kept_too() -> None:
    (message,) = text(person_with_phone("+15550100"))
    topic = base64.urlsafe_b64encode(message.pk.bytes).decode().rstrip("=")

    demo.keep(arrival(topic, "push"), Shown())

    assert DemoMail.objects.get().channel == "push"


def test_what_could_not_be_kept_was_never_taken() -> None:
    """Else the sender would believe that it arrived, and its repetition would be a known one."""
    kept: list[str] = []

    def keep(found: Arrival, _shown: Shown) -> None:
        kept.append(found.key)
        if len(kept) == 1:
            raise OSError("the database starts again")

    provider, handset = Provider("sms-a", "sms"), Handset(keep=keep)
    answers = SmsProvider(provider, handset, lambda *_: None)
    form = urlencode({"To": "+15550100", "Body": "Hello", "Reference": "k1"}).encode()
    asked = Request("POST", "/Messages.json", {}, form)

    with ThreadPoolExecutor(1) as apart:  # a browser of other tests may keep an event loop in this thread
        each = [apart.submit(lambda: asyncio.run(answers.answer(asked)).status) for _ in range(3)]
        statuses = [one.result(60) for one in each]

    assert statuses == [500, 201, 201]
    assert kept == ["k1", "k1"]
    assert len(handset.arrivals) == 1


def test_the_handset_takes_notices_of_whoever_is_signed_in(settings: Any, simulator: Simulator) -> None:
    somebody = patient()
    client = sign_in(Client(), somebody.user_id)
    settings.NOTIFICATION_PROVIDERS = [simulator.push(url=f"http://127.0.0.1:{simulator.ports['push']}")]
    assert "Show my notices here too" in client.get(PATH).content.decode()

    client.post(f"{PATH}notices/")
    # Urgent: these tests run at whatever hour it is, and a device is told nothing at night.
    text(somebody.person_id, channel="push", reader_id=somebody.user_id, urgency="urgent")
    carry()

    (found,) = simulator.arrivals()
    assert found["subject"].startswith("Your visit")
    assert PushSubscription.objects.get().reader_id == somebody.user_id


def test_without_a_push_service_the_handset_takes_none() -> None:
    client = sign_in(Client(), patient().user_id)

    assert "Show my notices here too" not in client.get(PATH).content.decode()
    assert client.post(f"{PATH}notices/").status_code == 404


@pytest.mark.browser
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["narrow", "wide"])
def test_the_handset_in_a_browser(
    reader: Make, settings: Any, simulator: Simulator, size: dict[str, int]
) -> None:
    window = reader(size)
    window.open(PATH)
    window.check("empty handset")
    for message in sms(2):
        DemoMail.objects.filter(message=message).update(sent_at=clock.now())

    window.page.reload()
    window.check("handset")
    window.page.get_by_role("link", name="Only this number").first.click()
    expect(window.page.get_by_text("Messages to +15550100.")).to_be_visible()
    settings.NOTIFICATION_PROVIDERS = [simulator.push(url=f"http://127.0.0.1:{simulator.ports['push']}")]
    signed_in(window, patient().user_id).open(PATH)
    window.page.get_by_role("button", name="Show my notices here too").click()
    expect(window.page.get_by_text("Your notices arrive here from now on.")).to_be_visible()
    window.check("handset that takes notices")
