"""What staff see of sending: calls, providers, one patient's messages; over HTTP and in a real browser."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import expect

from notifications.models import Message, ProviderAccount, ProviderChange, StaffCall
from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Role
from steadwell.audit.models import AuditEntry
from steadwell.ids import SiteId, new_id
from steadwell.outbox.models import OutboxDelivery
from tests.browsing import NARROW, WIDE
from tests.notifications.house import NOW, patient, person_with_phone
from tests.notifications.simulated import Simulator
from tests.notifications.test_carrying import carry, text
from tests.notifications.test_in_browser import Make, signed_in
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db(transaction=True)
SITE = SiteId(new_id())


def staff(role: Role) -> Any:
    return accounts.create_user(
        email=f"{role}@example.org", password=None, roles=[role], site_ids=[SITE], now=NOW
    )


@pytest.fixture
def providers(settings: Any, simulator: Simulator) -> None:
    settings.NOTIFICATION_PROVIDERS = [simulator.sms("sms-a"), simulator.sms("sms-b")]
    text(person_with_phone("+15550100"), 6, site_id=SITE)
    carry()


@pytest.fixture
def call() -> Message:
    (made,) = text(person_with_phone("+15550100"), channel="voice", urgency="urgent", site_id=SITE)
    carry()
    return made


def test_a_manager_switches_a_provider_with_a_reason(providers: None) -> None:
    client = sign_in(Client(), staff(Role.MANAGER))
    page = client.get("/clinic/delivery/").content.decode()

    refused = client.post("/clinic/delivery/sms-a/switch/", {"to": "off", "reason": " "}, follow=True)
    still = ProviderAccount.objects.get(pk="sms-a").switch
    client.post("/clinic/delivery/sms-a/switch/", {"to": "off", "reason": "Loses messages"})

    assert "sms-a" in page
    assert "Say why" in refused.content.decode()
    assert still == "auto"
    assert ProviderAccount.objects.get(pk="sms-a").switch == "off"
    assert ProviderChange.objects.filter(provider="sms-a", what="switched-off").count() == 1
    assert AuditEntry.objects.filter(action="provider.switched-off", reason="Loses messages").exists()
    assert "Loses messages" in client.get("/clinic/delivery/").content.decode()


@pytest.mark.parametrize("path", ["/clinic/delivery/", "/clinic/calls/"])
def test_how_sending_goes_is_not_for_patients(path: str) -> None:
    assert sign_in(Client(), patient().user_id).get(path).status_code == 404


def test_providers_are_not_for_the_front_desk(providers: None) -> None:
    client = sign_in(Client(), staff(Role.FRONT_DESK))

    assert client.get("/clinic/delivery/").status_code == 404
    assert client.post("/clinic/delivery/sms-a/switch/", {"to": "off", "reason": "x"}).status_code == 404
    assert ProviderAccount.objects.get(pk="sms-a").switch == "auto"


def test_what_a_patient_was_told_is_shown_to_their_site_and_audited(providers: None) -> None:
    client, message = sign_in(Client(), staff(Role.FRONT_DESK)), Message.objects.first()
    assert message is not None
    Message.objects.filter(pk=message.pk).update(site_id=new_id())

    page = client.get(f"/clinic/messages/{message.person_id}/").content.decode()

    assert page.count("accepted by the provider") == 5
    assert AuditEntry.objects.filter(action="message.search", subject_id=message.person_id).count() == 1


def test_a_patients_messages_are_found_by_name_and_the_name_stays_out_of_the_address(providers: None) -> None:
    desk, message = staff(Role.FRONT_DESK), Message.objects.earliest("id")
    client = sign_in(Client(), desk)
    audited = AuditEntry.objects.filter(action="message.search")

    found = client.post("/clinic/messages/", {"q": "Canary"}).content.decode()
    address = f"/clinic/messages/{message.person_id}/"
    page = client.get(address).content.decode()

    assert address in found
    assert address not in client.get("/clinic/messages/", {"q": "Canary"}).content.decode()
    assert page.count("accepted by the provider") == 6
    assert "sms-" in page  # which provider took it, among its steps
    assert [(each.subject_id, each.user_id) for each in audited] == [(message.person_id, desk)]


def test_the_page_of_a_patient_leads_to_their_messages(providers: None) -> None:
    person_id = Message.objects.earliest("id").person_id
    client = sign_in(Client(), staff(Role.FRONT_DESK))

    assert f"/clinic/messages/{person_id}/" in client.get(f"/clinic/patients/{person_id}/").content.decode()


def test_what_waits_and_what_was_set_aside_is_counted(providers: None) -> None:
    client = sign_in(Client(), staff(Role.MANAGER))
    text(person_with_phone("+15550101"), 3, urgency="bulk")
    OutboxDelivery.objects.filter(state="waiting").update(
        created_at=clock.now() - timedelta(minutes=2), available_at=clock.now() - timedelta(minutes=2)
    )
    OutboxDelivery.objects.filter(pk=OutboxDelivery.objects.filter(state="done").earliest("id").pk).update(
        state="quarantined"
    )

    page = " ".join(re.sub(r"<[^>]+>", " ", client.get("/clinic/delivery/").content.decode()).split())

    assert "Campaigns 3 2 min" in page
    assert "Urgent 0 –" in page
    assert "1 piece of work is set aside. An administrator sees to it." in page


def test_what_was_set_aside_is_seen_and_tried_again_in_the_admin(providers: None) -> None:
    client = sign_in(Client(), staff(Role.ADMINISTRATOR))
    row = OutboxDelivery.objects.filter(state="done").earliest("id")
    OutboxDelivery.objects.filter(pk=row.pk).update(state="quarantined", last_error="boom")
    (listed,) = re.findall(
        r'href="(/admin/outbox/outboxdelivery/[^"]*)"', client.get("/clinic/delivery/").content.decode()
    )

    assert "boom" in client.get(listed).content.decode()
    client.post(listed, {"action": "replay", "_selected_action": [row.pk]})
    carry()

    assert OutboxDelivery.objects.get(pk=row.pk).state == "done"
    assert "no work is set aside" in client.get("/clinic/delivery/").content.decode()


def action(client: Client, what: str) -> str:
    page = client.get("/clinic/calls/").content.decode()
    (found,) = re.findall(rf'action="(/clinic/calls/[^"]+/{what}/)"', page)
    return str(found)


def test_the_desk_works_off_a_call(call: Message) -> None:
    client = sign_in(Client(), staff(Role.FRONT_DESK))
    (take,) = re.findall(
        r'action="(/clinic/calls/[^"]+/take/)"', client.get("/clinic/calls/").content.decode()
    )
    client.post(take)
    (close,) = re.findall(
        r'action="(/clinic/calls/[^"]+/close/)"', client.get("/clinic/calls/").content.decode()
    )
    client.post(close, {"outcome": "reached"})

    assert StaffCall.objects.get().outcome == "reached"
    assert "Nobody has to be called" in client.get("/clinic/calls/").content.decode()


@pytest.mark.browser
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["narrow", "wide"])
def test_sending_in_a_browser(reader: Make, providers: None, call: Message, size: dict[str, int]) -> None:
    window = signed_in(reader(size), staff(Role.MANAGER))

    page = window.open("/clinic/delivery/")
    window.check("sending")
    page.get_by_text("Switch off …").first.click()
    page.get_by_label("Why sms-a").fill("It loses messages")
    page.get_by_role("button", name="Switch off sms-a").click()
    expect(page.get_by_text("Switched off.")).to_be_visible()
    window.check("switched off")

    page = window.open("/clinic/calls/")
    window.check("calls to make")
    page.get_by_role("button", name="I call").click()
    window.check("a call that is mine")
    page.get_by_role("button", name="told in person").click()
    expect(page.get_by_text("Nobody has to be called")).to_be_visible()

    page = window.open("/clinic/messages/")
    page.get_by_role("searchbox").or_(page.get_by_role("textbox")).first.fill("Canary")
    page.get_by_role("button", name="Search").click()
    window.check("whose messages")
    page.get_by_role("link", name="Canary").first.click()
    window.check("messages of a patient")
