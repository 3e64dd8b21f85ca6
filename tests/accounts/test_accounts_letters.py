"""Codes and links travel sealed, leave once, and are forgotten."""

from __future__ import annotations

from datetime import timedelta
from smtplib import SMTPServerDisconnected

import pytest
from accounts.people import EMAIL, make_patient
from django.core import mail
from django.db import connection

from steadwell import clock
from steadwell.accounts.letters import LetterSender, post, read
from steadwell.accounts.models import Letter
from steadwell.accounts.subscribers import tidy
from steadwell.events import AccountLetterDue
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

    assert mail.outbox == []
    assert outbox.queue_depths()["notifications.urgent"] == 1


def test_letter_rests_sealed(in_earnest):
    letter = a_letter()

    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_letter::text FROM accounts_letter")
        assert "KWX" not in cursor.fetchone()[0]
    assert "KWX" in read(letter)


def test_letter_leaves_once_and_is_erased(in_earnest):
    letter = a_letter()

    carry(letter)
    carry(letter)

    assert [(m.to, m.body) for m in mail.outbox] == [([EMAIL], "Your code: KWX-PLQ")]
    assert Letter.objects.get().sealed == ""


@pytest.fixture
def server(settings):
    with mail_server.running() as running:
        settings.DEMO = False
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", running.port, 0.5
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        yield running


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

    with pytest.raises(outbox.Retry):
        carry(letter)
    server.answers.clear()
    carry(letter)

    assert len(server.mails) == 1
    assert Letter.objects.get().sealed == ""


@pytest.mark.parametrize("silence", ["hang", "close"])
def test_letter_that_may_be_out_is_in_doubt_and_keeps_its_message_id(server, silence):
    letter = a_letter()
    server.answers["body"] = silence

    with pytest.raises((SMTPServerDisconnected, TimeoutError)):  # a Retry would say that nothing happened
        carry(letter)
    server.answers.clear()
    carry(letter)

    assert [mail["Message-ID"] for mail in server.mails] == [f"<{letter.pk}@steadwell.example>"] * 2


def test_letter_that_is_too_late_is_dropped(in_earnest):
    carry(a_letter(), later=timedelta(minutes=61))

    assert mail.outbox == []
    assert Letter.objects.get().sealed == ""


def test_demo_keeps_letters_to_be_read(client):
    carry(a_letter())

    assert mail.outbox == []
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
