"""The e-mail channel: what a letter looks like, handed over by `steadwell.mail`."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import urlsplit

from django.conf import settings

from notifications.ports import Unreached, Unsure
from notifications.types import Account, Letter, Receipt
from steadwell import clock
from steadwell.mail import service as mail


class SmtpChannel:
    """One connection per letter. Without an address of its own, the mail server of the EMAIL_* settings."""

    def __init__(self, account: Account) -> None:
        self.provider = account.code
        self._server = _server_of(account) if account.url else None

    def send(self, letter: Letter) -> Receipt:
        try:
            cause = mail.hand_over(
                mail=compose(letter),
                address=letter.address,
                is_last_attempt=letter.is_last_attempt,
                server=self._server,
            )
        except mail.NotTaken as error:
            raise Unreached(error.cause) from error
        except mail.InDoubt as error:
            raise Unsure(error.cause) from error
        return Receipt(accepted=not cause, provider=self.provider, cause=cause)

    def find(self, key: str) -> Receipt | None:
        raise Unreached("no-status-query")


def _server_of(account: Account) -> mail.Server:
    """``smtp://host:587`` speaks TLS from STARTTLS on, ``smtps://`` from the start, ``smtp+plain://`` not at
    all.
    """
    parts = urlsplit(account.url)
    return mail.Server(
        host=parts.hostname or "",
        port=parts.port or (465 if parts.scheme == "smtps" else 587),
        user=account.user,
        password=account.secret,
        starttls=parts.scheme == "smtp",
        tls=parts.scheme == "smtps",
        deadline=account.deadline,
    )


def compose(letter: Letter) -> EmailMessage:
    """Plain text with HTML beside it, and the calendar file. Headers cannot be broken: the policy refuses
    line ends.
    """
    found = EmailMessage(policy=SMTP)
    found["Message-ID"] = f"<{letter.message_id}@{mail.domain_of_ours()}>"
    found["Date"] = format_datetime(clock.now())
    found["From"] = settings.DEFAULT_FROM_EMAIL
    found["Subject"] = letter.subject
    found["Content-Language"] = letter.language
    for name, value in letter.headers.items():
        found[name] = value
    found.set_content(letter.text)
    found.add_alternative(letter.html, subtype="html")
    if letter.calendar:
        found.add_attachment(
            letter.calendar.encode(), maintype="text", subtype="calendar", filename="visit.ics",
            params={"method": "PUBLISH", "charset": "utf-8"},
        )  # fmt: skip
    return found
