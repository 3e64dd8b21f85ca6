"""Addresses of readers: normal, confirmed before use, given up when messages come back."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from notifications import service as notifications
from notifications.models import ContactPoint, DemoMail, Message
from steadwell import clock
from steadwell.errors import Invalid, NotFound
from steadwell.ids import new_id
from tests.notifications.house import NOW, carry, patient, tell
from tests.notifications.phones import code_sent, number, phone_of
from tests.signing_in import sign_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("channel", "given", "kept"),
    [
        ("sms", "(202) 555-0123", "+12025550123"),
        ("sms", "+34 612 34 56 78", "+34612345678"),
        ("sms", "+44 7911 123456", "+447911123456"),
        ("email", " Me@Example.ORG ", "me@example.org"),
    ],
)
def test_an_address_is_kept_in_one_form(channel: str, given: str, kept: str) -> None:
    added = notifications.add_contact(actor=patient().actor, channel=channel, address=given, now=NOW)

    assert added.address == kept
    assert not added.is_verified


@pytest.mark.parametrize(
    ("channel", "given"),
    [
        ("sms", "12"), ("sms", "not a number"), ("sms", "+34 912 34 56 78"), ("sms", "+1 202 555 0123 ext 4"),
        ("email", "nobody"), ("email", "a@b@c"), ("voice", "+12025550123"),
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(channel: str, given: str) -> None:
    with pytest.raises(Invalid):
        notifications.add_contact(actor=patient().actor, channel=channel, address=given, now=NOW)
    assert ContactPoint.objects.count() == 0


def test_a_code_confirms_and_the_newest_address_is_used() -> None:
    somebody = patient()

    first, second = phone_of(somebody), phone_of(somebody)

    (row,) = notifications.list_contacts(actor=somebody.actor)
    assert (row.address, row.is_verified) == (second, True)
    assert first != second


def test_the_code_is_in_no_table() -> None:
    somebody = patient()
    notifications.add_contact(actor=somebody.actor, channel="sms", address=number(), now=NOW)
    code = code_sent()
    DemoMail.objects.all().delete()

    with connection.cursor() as cursor:
        for table in ("notifications_message", "notifications_contactpoint", "outbox_outboxevent"):
            # Ids and digests are of chance: six digits of one may be the code's.
            cursor.execute(
                f"SELECT count(*) FROM {table} t WHERE regexp_replace(t::text, %s, '', 'g') LIKE %s",
                ["[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32,}", f"%{code}%"],
            )
            assert cursor.fetchone() == (0,), table


def test_a_wrong_an_old_and_a_sixth_code_are_refused() -> None:
    somebody = patient()
    added = notifications.add_contact(actor=somebody.actor, channel="sms", address=number(), now=NOW)
    code = code_sent()
    wrong = "000000" if code != "000000" else "111111"

    def confirm(code: str, minutes: int = 0) -> None:
        notifications.confirm_contact(
            actor=somebody.actor, contact_id=added.contact_id, code=code, now=NOW + timedelta(minutes=minutes)
        )

    with pytest.raises(notifications.CodeNotRight):
        confirm(code, minutes=15)
    for _ in range(4):
        with pytest.raises(notifications.CodeNotRight):
            confirm(wrong)
    with pytest.raises(notifications.CodeNotRight):
        confirm(code)
    assert not notifications.list_contacts(actor=somebody.actor)[0].is_verified


def test_a_new_code_ends_the_former() -> None:
    somebody = patient()
    added = notifications.add_contact(actor=somebody.actor, channel="sms", address=number(), now=NOW)
    old = code_sent()
    notifications.send_new_code(actor=somebody.actor, contact_id=added.contact_id, now=NOW)
    new = code_sent()

    if old != new:
        with pytest.raises(notifications.CodeNotRight):
            notifications.confirm_contact(
                actor=somebody.actor, contact_id=added.contact_id, code=old, now=NOW
            )
    notifications.confirm_contact(actor=somebody.actor, contact_id=added.contact_id, code=new, now=NOW)


def test_codes_are_few_a_day() -> None:
    somebody = patient()
    for _ in range(5):
        notifications.add_contact(actor=somebody.actor, channel="sms", address=number(), now=NOW)

    with pytest.raises(notifications.TooManyCodes):
        notifications.add_contact(actor=somebody.actor, channel="sms", address=number(), now=NOW)
    notifications.add_contact(
        actor=somebody.actor, channel="sms", address=number(), now=NOW + timedelta(days=1)
    )


def test_somebody_elses_address_is_not_there() -> None:
    added = notifications.add_contact(actor=patient().actor, channel="sms", address=number(), now=NOW)

    for contact_id in (added.contact_id, new_id()):
        with pytest.raises(NotFound):
            notifications.confirm_contact(actor=patient().actor, contact_id=contact_id, code="1", now=NOW)
        with pytest.raises(NotFound):
            notifications.remove_contact(actor=patient().actor, contact_id=contact_id, now=NOW)


def test_an_address_that_turns_messages_away_is_given_up_until_confirmed_again() -> None:
    somebody = patient()
    bounce = {"reader_id": somebody.user_id, "channel": "email", "address": somebody.email}
    for _ in range(2):
        notifications.note_bounce(**bounce, cause="smtp-550", now=NOW)  # type: ignore[arg-type]

    tell(somebody.person_id)

    (down,) = notifications.list_contacts(actor=somebody.actor)
    assert down.is_down
    mail = Message.objects.get(channel="email")
    assert (mail.state, mail.cause) == ("failed", "no-address")
    notifications.send_new_code(actor=somebody.actor, contact_id=down.contact_id, now=NOW)
    notifications.confirm_contact(actor=somebody.actor, contact_id=down.contact_id, code=code_sent(), now=NOW)
    tell(somebody.person_id)
    carry()
    assert DemoMail.objects.filter(address=somebody.email, subject__contains="booked").count() == 1


def test_the_reader_is_told_at_the_next_sign_in_until_seen() -> None:
    somebody = patient()
    client = sign_in(Client(), somebody.user_id)
    notifications.note_bounce(
        reader_id=somebody.user_id, channel="email", address=somebody.email, cause="smtp-550", now=NOW
    )

    assert "We could not reach you" in client.get("/").content.decode()
    assert "Messages came back" in client.get("/preferences/contacts/").content.decode()
    assert "We could not reach you" not in client.get("/").content.decode()


def test_a_reader_adds_and_confirms_on_the_pages() -> None:
    somebody = patient()
    client = sign_in(Client(), somebody.user_id)

    wrong = client.post("/preferences/contacts/", {"channel": "sms", "address": "12"}).content.decode()
    asked = client.post("/preferences/contacts/", {"channel": "sms", "address": "202 555 0177"})
    page = client.post(asked["Location"], {"code": "no"}).content.decode()
    done = client.post(asked["Location"], {"code": code_sent(clock.now())}, follow=True).content.decode()

    assert "This is not a mobile telephone number." in wrong
    assert "This code is not right" in page
    assert "In use" in done
    (action,) = re.findall(r'action="(/preferences/contacts/[^"]+/remove/)"', done)
    assert "+12025550177" not in client.post(action, follow=True).content.decode()
    theirs = sign_in(Client(), patient().user_id)
    assert theirs.get(asked["Location"]).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_two_codes_that_are_right_at_once_leave_one_address_in_use() -> None:
    somebody = patient()
    added = []
    for _ in range(2):
        row = notifications.add_contact(actor=somebody.actor, channel="sms", address=number(), now=NOW)
        added.append((row.contact_id, code_sent()))

    def confirm(pair: tuple[object, str]) -> None:
        try:
            notifications.confirm_contact(
                actor=somebody.actor,
                contact_id=pair[0],
                code=pair[1],
                now=NOW,  # type: ignore[arg-type]
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(confirm, added))

    assert ContactPoint.objects.filter(verified_at__isnull=False, removed_at=None).count() == 1
