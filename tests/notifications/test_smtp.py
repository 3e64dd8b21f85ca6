"""SMTP against a real server on loopback: what was certainly not taken goes again, what was refused for good
does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from notifications import checks
from notifications.carrying import health
from notifications.models import Attempt, DemoMail, Message, ProviderAccount
from steadwell import clock
from steadwell.observability.metrics import REGISTRY
from steadwell.outbox import handover
from tests.notifications import mail_server
from tests.notifications.house import NOW, carry, patient, patient_at, tell
from tests.notifications.mail_server import MailServer

pytestmark = pytest.mark.django_db(transaction=True)
# Seconds, where a server does not answer any more: time enough for what goes before its silence.
SILENCE = 5


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with mail_server.running() as running:
        settings.DEMO = False
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        yield running


def state() -> tuple[str, str]:
    message = Message.objects.get(channel="email")
    return message.state, message.cause


def try_again() -> None:
    """The time has come to try a server that was left alone."""
    ProviderAccount.objects.exclude(breaker="closed").update(probe_at=NOW)
    health.forget()


def steps() -> list[tuple[str, str]]:
    return list(Attempt.objects.values_list("step", "cause").order_by("id"))


def later() -> Any:
    return clock.now() + timedelta(hours=3)


def test_a_mail_arrives_whole(server: MailServer) -> None:
    somebody = patient(language="es")
    tell(somebody.person_id, attachment_ics="BEGIN:VCALENDAR\r\n.dot\r\nEND:VCALENDAR\r\n")

    carry()

    (mail,) = server.mails
    message = Message.objects.get(channel="email")
    assert mail["To"] == somebody.email
    assert mail["Message-ID"] == f"<{message.pk}@steadwell.example>"
    assert mail["Subject"] == "Su cita del miércoles, 3 de marzo de 2027 está reservada"
    assert mail["Auto-Submitted"] == "auto-generated"
    text, html, calendar = (part for part in mail.walk() if not part.is_multipart())
    assert "está reservada" in text.get_content()
    assert "<h1>" in html.get_content()
    assert calendar.get_filename() == "visit.ics"
    assert "\n.dot" in calendar.get_content().replace("\r", "")
    assert (message.state, message.provider, message.address) == ("accepted", "smtp", somebody.email)
    assert steps() == [("began", ""), ("accepted", "")]
    assert DemoMail.objects.count() == 0


@pytest.mark.parametrize(
    ("step", "answer", "cause"),
    [
        ("connect", "421 busy", "smtp-421"),
        ("connect", "554 no", "smtp-554"),
        ("connect", "close", "SMTPServerDisconnected"),
        ("connect", "hang", "timeout"),
        ("MAIL", "451 later", "smtp-451"),
        ("MAIL", "hang", "timeout"),
        ("RCPT", "450 greylisted", "smtp-450"),
        ("RCPT", "close", "SMTPServerDisconnected"),
        ("DATA", "451 later", "smtp-451"),
        ("DATA", "hang", "timeout"),
        ("body", "452 full", "smtp-452"),
    ],
)
def test_what_was_not_taken_goes_again_once(server: MailServer, step: str, answer: str, cause: str) -> None:
    tell(patient().person_id)
    server.answers[step] = answer

    with mail_server.waiting(0.5, answer):
        carry()
    assert server.mails == []
    assert state()[0] == "due"
    assert steps() == [("began", ""), ("unreached", cause)]
    del server.answers[step]
    carry(later())

    assert len(server.mails) == 1
    assert state() == ("accepted", "")
    assert Message.objects.get(channel="email").uncertain is False


@pytest.mark.parametrize(
    ("step", "answer"), [("MAIL", "550 no"), ("RCPT", "550 unknown"), ("DATA", "554 no"), ("body", "550 no")]
)
def test_what_is_refused_for_good_fails_visibly_and_is_not_repeated(
    server: MailServer, step: str, answer: str
) -> None:
    tell(patient().person_id)
    server.answers[step] = answer

    carry()
    carry(later())

    assert state() == ("failed", f"smtp-{answer[:3]}")
    assert [s for s, _ in steps()] == ["began", "refused"]
    assert server.mails == []


@pytest.mark.parametrize("silence", ["hang", "close"])
def test_silence_after_the_last_dot_repeats_under_the_same_message_id_and_says_so(
    server: MailServer, silence: str
) -> None:
    tell(patient().person_id)
    server.answers["body"] = silence

    with mail_server.waiting(SILENCE, silence):
        carry()
    assert [s for s, _ in steps()] == ["began", "unsure"]
    del server.answers["body"]
    carry(later())

    assert len({mail["Message-ID"] for mail in server.mails}) == 1
    message = Message.objects.get(channel="email")
    assert (message.state, message.uncertain) == ("accepted", True)


@pytest.mark.parametrize("answer", ["hang", "close", "500 what"])
def test_a_bad_farewell_does_not_send_again(server: MailServer, answer: str) -> None:
    tell(patient().person_id)
    server.answers["QUIT"] = answer

    with mail_server.waiting(SILENCE, answer):
        carry()
    carry(later())

    assert len(server.mails) == 1
    assert state() == ("accepted", "")


@pytest.mark.parametrize("step", ["connect", "EHLO", "RCPT"])
def test_a_server_that_drips_is_left_at_the_deadline(server: MailServer, settings: Any, step: str) -> None:
    settings.EMAIL_DEADLINE = 1  # every single byte arrives in time
    tell(patient().person_id)
    server.answers[step] = "drip"

    carry()

    assert steps() == [("began", ""), ("unreached", "timeout")]
    assert server.mails == []


def test_a_drip_after_the_last_dot_leaves_it_open(server: MailServer, settings: Any) -> None:
    settings.EMAIL_DEADLINE = SILENCE
    tell(patient().person_id)
    server.answers["body"] = "drip"

    carry()

    assert steps() == [("began", ""), ("unsure", "timeout")]


@pytest.mark.parametrize(("deadline", "found"), [(40, []), (60, [checks.DEADLINE_TOO_LONG])])
def test_the_deadline_must_lie_within_the_lease(settings: Any, deadline: int, found: list[str]) -> None:
    settings.DEMO, settings.OUTBOX_RUN_LEASE_SECONDS = False, 60
    settings.EMAIL_DEADLINE = deadline

    assert [each.id for each in checks.check_deadline()] == found


def test_an_address_beyond_ascii_fails_visibly_where_the_server_cannot(server: MailServer) -> None:
    tell(patient_at("josé@example.org").person_id)

    carry()
    carry(later())

    assert state() == ("failed", "address-needs-smtputf8")
    assert [s for s, _ in steps()] == ["began", "refused"]


def test_an_address_beyond_ascii_is_written_to_where_the_server_can(server: MailServer) -> None:
    tell(patient_at("josé@example.org").person_id)
    server.answers["EHLO"] = "250-sink.example\r\n250-8BITMIME\r\n250 SMTPUTF8"

    carry()

    (mail,) = server.mails
    assert mail["To"] == "josé@example.org"
    assert state() == ("accepted", "")


def test_a_server_that_stays_away_is_left_alone_until_a_probe_succeeds(
    server: MailServer, time_machine: Any
) -> None:
    time_machine.move_to(clock.now(), tick=False)  # failures long apart would not count together
    server.answers["connect"] = "close"
    for _ in range(6):
        tell(patient().person_id)

    carry()
    causes = [cause for step, cause in steps() if step == "unreached"]
    server.answers.clear()
    carry(NOW + timedelta(seconds=2))
    still_shut = len(server.mails)
    try_again()
    carry(later())
    carry(later())

    assert causes == ["SMTPServerDisconnected"] * 3
    assert still_shut == 0
    assert len(server.mails) == 6


def test_one_bad_recipient_does_not_stop_the_others(server: MailServer) -> None:
    everybody = [patient() for _ in range(5)]
    server.recipients[everybody[1].email] = "550 unknown"
    server.recipients[everybody[3].email] = "450 later"
    for somebody in everybody:
        tell(somebody.person_id)

    carry()

    assert {m["To"] for m in server.mails} == {everybody[i].email for i in (0, 2, 4)}


def test_a_server_that_stays_away_becomes_a_visible_failure(server: MailServer, settings: Any) -> None:
    settings.EMAIL_PORT = 1  # nobody listens there
    tell(patient().person_id, now=clock.now())

    for turn in range(20):
        try_again()
        carry(later() + turn * timedelta(minutes=20))

    assert [s for s, _ in steps()] == ["began", "unreached"] * 8
    assert state() == ("failed", "ConnectionRefusedError")


def test_what_waits_for_a_server_too_long_becomes_a_visible_failure(server: MailServer) -> None:
    tell(patient().person_id)
    health.standings(now=NOW)
    ProviderAccount.objects.update(
        breaker="open", cause="failing", changed_at=NOW, probe_at=clock.now() + timedelta(days=9)
    )
    health.forget()

    carry(NOW + timedelta(hours=1))
    waiting = state()
    carry(NOW + timedelta(days=2))

    assert waiting == ("due", "")
    assert state() == ("failed", "no-provider")


def test_a_worker_killed_during_the_call_repeats_under_the_same_message_id(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(patient().person_id)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("notifications.carrying.settling.settle_outcome", killed)
    with pytest.raises(KeyboardInterrupt):
        carry()
    monkeypatch.undo()
    handover.reclaim(now=NOW + timedelta(hours=1))
    carry(NOW + timedelta(hours=1))

    assert len(server.mails) == 2
    assert len({mail["Message-ID"] for mail in server.mails}) == 1
    assert Message.objects.get(channel="email").uncertain is True


def test_what_became_of_messages_is_counted(server: MailServer) -> None:
    def counted(outcome: str) -> float:
        labels = {"template": "visit.booked", "outcome": outcome}
        return REGISTRY.get_sample_value("notifications_messages_total", labels) or 0.0

    accepted, failed = counted("accepted"), counted("failed")
    good, bad = patient(), patient()
    server.recipients[bad.email] = "550 unknown"
    for somebody in (good, bad):
        tell(somebody.person_id)

    carry()

    assert (counted("accepted") - accepted, counted("failed") - failed) == (1, 1)
