"""Codes and links travel sealed, leave once, and are forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from accounts.people import EMAIL, make_patient
from django.db import connection

from steadwell import clock
from steadwell.accounts.letters import LetterSender, post, read
from steadwell.accounts.models import Letter
from steadwell.accounts.subscribers import tidy
from steadwell.events import AccountLetterDue
from steadwell.mail import service as mail
from steadwell.outbox import service as outbox
from tests.notifications import mail_server

pytestmark = pytest.mark.django_db


def carry(letter, *, later=timedelta()):
    """What a worker does with one delivery."""
    sender, event = LetterSender(), AccountLetterDue(letter_id=letter.pk)
    ctx = outbox.DeliveryContext(delivery_id=1, attempt=1, now=clock.now() + later)
    call = sender.prepare(event, ctx)
    if call is not None:
        sender.settle(event, ctx, sender.call(call))


def a_letter():
    post(address=EMAIL, subject="Your code", text="Your code: KWX-PLQ", now=clock.now())
    return Letter.objects.get()


@pytest.fixture
def in_earnest(settings):
    settings.DEMO = False


def test_request_promises_the_letter_and_sends_nothing(client):
    make_patient()

    client.post("/accounts/password/reset/", {"email": EMAIL})

    assert outbox.queue_depths()["notifications.urgent"] == 1


def test_letter_rests_sealed(in_earnest):
    letter = a_letter()

    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_letter::text FROM accounts_letter")
        assert "KWX" not in cursor.fetchone()[0]
    assert "KWX" in read(letter)


@pytest.fixture
def server(settings):
    with mail_server.running() as running:
        settings.DEMO = False
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.EMAIL_TIMEOUT = settings.EMAIL_DEADLINE = 60  # it is the test's machine that may be slow
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        yield running


def test_letter_leaves_once_and_is_erased(server):
    letter = a_letter()

    carry(letter)
    carry(letter)

    (found,) = server.mails
    assert (found["To"], found["Subject"], found.get_content().strip()) == (
        EMAIL, "Your code", "Your code: KWX-PLQ"
    )  # fmt: skip
    assert found["Auto-Submitted"] == "auto-generated"
    assert Letter.objects.get().sealed == ""


@pytest.mark.parametrize(
    ("step", "answer"),
    [
        ("connect", "close"),
        ("connect", "hang"),
        ("RCPT", "450 later"),
        ("DATA", "451 later"),
        ("body", "452 full"),
    ],
)
def test_letter_that_was_not_taken_goes_again(server, step, answer):
    letter = a_letter()
    server.answers[step] = answer

    with mail_server.waiting(0.5, answer), pytest.raises(outbox.Retry):
        carry(letter)
    server.answers.clear()
    carry(letter)

    assert len(server.mails) == 1
    assert Letter.objects.get().sealed == ""


@pytest.mark.parametrize("silence", ["hang", "close"])
def test_letter_that_may_be_out_is_in_doubt_and_keeps_its_message_id(server, silence):
    letter = a_letter()
    server.answers["body"] = silence

    # All that comes before the silence has to be in time: a Retry would say that nothing happened.
    with mail_server.waiting(5, silence), pytest.raises(mail.InDoubt):
        carry(letter)
    server.answers.clear()
    carry(letter)

    assert [mail["Message-ID"] for mail in server.mails] == [f"<{letter.pk}@steadwell.example>"] * 2


@pytest.mark.parametrize(
    ("step", "answer"), [("MAIL", "550 no"), ("RCPT", "550 unknown"), ("DATA", "554 no"), ("body", "552 no")]
)
def test_letter_that_is_refused_for_good_is_not_sent_again(server, step, answer):
    letter = a_letter()
    server.answers[step] = answer

    carry(letter)
    server.answers.clear()
    carry(letter)

    assert server.mails == []
    kept = Letter.objects.get()
    assert (kept.not_sent_because, kept.sealed) == (f"smtp-{answer[:3]}", "")


@pytest.mark.parametrize("step", ["connect", "EHLO", "RCPT"])
def test_server_that_drips_is_left_at_the_deadline(server, settings, step):
    settings.EMAIL_DEADLINE = 1  # every single byte arrives in time
    server.answers[step] = "drip"

    with pytest.raises(outbox.Retry):
        carry(a_letter())


def test_domain_beyond_ascii_is_written_in_its_ascii_form(server):
    post(address="ada@faß.example", subject="Your code", text="KWX", now=clock.now())

    carry(Letter.objects.get())

    assert [found["To"] for found in server.mails] == ["ada@xn--fa-hia.example"]
    assert "SMTPUTF8" not in server.seen


@pytest.mark.parametrize(
    ("address", "cause"),
    [("josé@example.org", "address-needs-smtputf8"), ("ada@exa\u2028mple.org", "address-unwritable")],
)
def test_address_that_the_server_cannot_take_fails_visibly(server, address, cause):
    post(address=address, subject="Your code", text="KWX", now=clock.now())

    carry(Letter.objects.get())

    assert server.mails == []
    assert Letter.objects.get().not_sent_because == cause


def test_local_part_beyond_ascii_is_written_to_where_the_server_can(server):
    server.answers["EHLO"] = "250-sink.example\r\n250-8BITMIME\r\n250 SMTPUTF8"
    post(address="josé@example.org", subject="Your code", text="KWX", now=clock.now())

    carry(Letter.objects.get())

    assert [found["To"] for found in server.mails] == ["josé@example.org"]


def test_letter_that_is_too_late_is_dropped(server):
    carry(a_letter(), later=timedelta(minutes=61))

    assert server.mails == []
    assert Letter.objects.get().sealed == ""


def test_letter_that_says_how_long_it_is_useful_waits_so_long(server):
    until = clock.now() + timedelta(days=3)
    post(address=EMAIL, subject="Come in", text="A link", now=clock.now(), useful_until=until)

    carry(Letter.objects.get(), later=timedelta(days=2))

    assert len(server.mails) == 1


def test_demo_keeps_letters_to_be_read(client):
    carry(a_letter())

    assert "KWX-PLQ" in client.get("/demo/letters/").content.decode()


def test_real_installation_shows_no_letters(client, in_earnest):
    a_letter()

    assert client.get("/demo/letters/").status_code == 404


def test_tidying_forgets_old_letters():
    a_letter()
    row = outbox.DueRow(
        kind="accounts.tidy", key="x", due_at=clock.now(), expires_at=None, about=None, payload={}
    )

    tidy(row, outbox.DeliveryContext(delivery_id=1, attempt=1, now=clock.now() + timedelta(days=8)))

    assert not Letter.objects.exists()
