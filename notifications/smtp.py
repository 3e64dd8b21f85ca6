"""E-mail by SMTP (RFC 5321), step by step, so that it is known at every failure whether the mail may be out.

Until the final dot is sent nothing was taken: the next attempt repeats nothing. A line that goes silent
after the dot leaves it open; the next attempt then carries the same Message-ID, by which mailboxes tell a
repeated mail.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from django.conf import settings

from notifications.ports import Unreached, Unsure
from notifications.types import Letter, Receipt
from steadwell import clock

PROVIDER = "smtp"
_LINE_DOT = re.compile(rb"(?m)^\.")  # a line that begins with a dot gets a second one (RFC 5321, 4.5.2)


class SmtpChannel:
    """One connection per letter, by the EMAIL_* settings, every step within EMAIL_TIMEOUT seconds."""

    provider = PROVIDER

    def send(self, letter: Letter) -> Receipt:
        mail = compose(letter)
        try:
            server = _connected()
        except (OSError, smtplib.SMTPException) as error:
            raise Unreached(_cause(error)) from error
        try:
            return _carry(server, letter, mail)
        except (OSError, smtplib.SMTPException) as error:
            raise Unreached(_cause(error)) from error
        finally:
            # Whatever a server makes of the farewell, the mail's fate is decided.
            with contextlib.suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()


def compose(letter: Letter) -> EmailMessage:
    """Plain text with HTML beside it, and the calendar file. Headers cannot be broken: the policy refuses
    line ends.
    """
    mail = EmailMessage(policy=SMTP)
    mail["Message-ID"] = f"<{letter.message_id}@{_domain()}>"
    mail["Date"] = format_datetime(clock.now())
    mail["From"] = settings.DEFAULT_FROM_EMAIL
    local, _, domain = letter.address.rpartition("@")
    mail["To"] = Address(username=local, domain=domain)
    mail["Subject"] = letter.subject
    mail["Content-Language"] = letter.language
    for name, value in letter.headers.items():
        mail[name] = value
    mail.set_content(letter.text)
    mail.add_alternative(letter.html, subtype="html")
    if letter.calendar:
        mail.add_attachment(
            letter.calendar.encode(), maintype="text", subtype="calendar", filename="visit.ics",
            params={"method": "PUBLISH", "charset": "utf-8"},
        )  # fmt: skip
    return mail


def _domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"


def _connected() -> smtplib.SMTP:
    timeout = settings.EMAIL_TIMEOUT
    if settings.EMAIL_USE_SSL:
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=timeout, context=ssl.create_default_context()
        )
    else:
        server = smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=timeout)
    try:
        if settings.EMAIL_USE_TLS:
            server.starttls(context=ssl.create_default_context())
        if settings.EMAIL_HOST_USER:
            server.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
    except BaseException:
        server.close()
        raise
    return server


def _carry(server: smtplib.SMTP, letter: Letter, mail: EmailMessage) -> Receipt:
    server.ehlo_or_helo_if_needed()
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    code, _ = server.mail(sender)
    if 200 <= code < 300:
        code, _ = server.rcpt(letter.address)
    if not 200 <= code < 300:
        return _refused(code)
    code, _ = server.docmd("DATA")
    if code != 354:
        return _refused(code)
    try:
        server.send(_LINE_DOT.sub(b"..", mail.as_bytes()) + b".\r\n")
        code, _ = server.getreply()
    except (OSError, smtplib.SMTPServerDisconnected) as error:
        raise Unsure(_cause(error)) from error
    return Receipt(accepted=True, provider=PROVIDER) if 200 <= code < 300 else _refused(code)


def _refused(code: int) -> Receipt:
    """5xx is for good; anything else may go another time (RFC 5321, 4.2.1)."""
    if code >= 500:
        return Receipt(accepted=False, provider=PROVIDER, cause=f"smtp-{code}")
    raise Unreached(f"smtp-{code}")


def _cause(error: Exception) -> str:
    """A code: the server's words may repeat the address."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"smtp-{error.smtp_code}"
    # smtplib reports a silent line as a lost one; the reason stands behind it.
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return "timeout"
    return type(error).__name__[:60]
