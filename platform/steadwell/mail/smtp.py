"""SMTP (RFC 5321), step by step, so that it is known at every failure whether the mail may be out.

Until the final dot is sent nothing was taken: the next attempt repeats nothing. A line that goes silent
after the dot leaves it open; the next attempt then carries the same Message-ID, by which mailboxes tell a
repeated mail.
"""

from __future__ import annotations

import contextlib
import io
import re
import smtplib
import socket
import ssl
import time
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import parseaddr
from typing import Any

from django.conf import settings

from steadwell.mail.addresses import Unwritable, on_the_wire
from steadwell.mail.breaker import breaker_of

_LINE_DOT = re.compile(rb"(?m)^\.")  # a line that begins with a dot gets a second one (RFC 5321, 4.5.2)


class NotTaken(Exception):
    """The mail was certainly not taken: try again later. ``cause`` is a code, never the server's words."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(cause)


class InDoubt(Exception):
    """The server had the whole mail when the line went silent: it may have taken it."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(cause)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A mail server and how to speak with it. ``deadline``: seconds for one mail, all in all."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = False
    tls: bool = False
    deadline: float = 40.0


def hand_over(
    *, mail: EmailMessage, address: str, is_last_attempt: bool = False, server: Server | None = None
) -> str:
    """Give the mail to the server for one recipient. Sets its To header.

    Without ``server`` it is that of the EMAIL_* settings, guarded by a breaker of this process; whoever names
    one has a breaker of their own.

    Every silence ends after EMAIL_TIMEOUT seconds, all of it after EMAIL_DEADLINE. Answers an empty text when
    the mail was taken, else the code of a refusal for good, which no repetition mends. Raises NotTaken and
    InDoubt. A server that cannot be reached is left alone for a while, except for a letter's last attempt.
    """
    try:
        recipient = on_the_wire(address)
    except Unwritable:
        return "address-unwritable"
    del mail["To"]
    mail["To"] = recipient
    line = _guarded(is_last_attempt=is_last_attempt) if server is None else _reached(server)
    try:
        return _carry(line, recipient.addr_spec, mail)
    except (OSError, smtplib.SMTPException) as error:
        raise NotTaken(_cause(error)) from error
    finally:
        # Whatever a server makes of the farewell, the mail's fate is decided.
        with contextlib.suppress(OSError, smtplib.SMTPException):
            line.quit()
        line.close()


def _guarded(*, is_last_attempt: bool) -> smtplib.SMTP:
    ours = Server(
        host=settings.EMAIL_HOST, port=settings.EMAIL_PORT, user=settings.EMAIL_HOST_USER,
        password=settings.EMAIL_HOST_PASSWORD, starttls=settings.EMAIL_USE_TLS, tls=settings.EMAIL_USE_SSL,
        deadline=settings.EMAIL_DEADLINE,
    )  # fmt: skip
    breaker = breaker_of(ours.host, ours.port)
    if not breaker.admits() and not is_last_attempt:
        raise NotTaken("breaker-open")
    try:
        line = _reached(ours)
    except NotTaken:
        breaker.failed()
        raise
    breaker.passed()
    return line


def _reached(server: Server) -> smtplib.SMTP:
    try:
        return _connected(server)
    except (OSError, smtplib.SMTPException) as error:
        raise NotTaken(_cause(error)) from error


class _Line(smtplib.SMTP):
    """A connection with an end. A server that sends one byte at a time meets it too: before each wait on the
    socket the time-out shrinks to what is left.
    """

    def __init__(self, server: Server) -> None:
        self._end, self._tls = time.monotonic() + server.deadline, server.tls
        super().__init__(server.host, server.port)

    def seconds_left(self) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("deadline")
        return float(min(left, settings.EMAIL_TIMEOUT))

    def _get_socket(self, host: str, port: int, timeout: object) -> socket.socket:
        """smtplib's own seam. Each address of the host is tried within what is left."""
        failed: OSError = ConnectionError("no-address")
        for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            try:
                line = socket.create_connection((str(address[0]), port), self.seconds_left())
            except OSError as error:
                failed = error
                continue
            if self._tls:
                return ssl.create_default_context().wrap_socket(line, server_hostname=host)
            return line
        raise failed

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(_Incoming(self, self.sock))
        return super().getreply()

    def send(self, s: Any) -> None:
        if self.sock is not None:
            self.sock.settimeout(self.seconds_left())
        super().send(s)


class _Incoming(io.RawIOBase):
    """What the server says, each piece of it awaited no longer than the line lasts."""

    def __init__(self, line: _Line, sock: socket.socket) -> None:
        self._line, self._sock = line, sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._line.seconds_left())
        return self._sock.recv_into(buffer)


def _connected(server: Server) -> smtplib.SMTP:
    line = _Line(server)
    try:
        if server.starttls:
            line.starttls(context=ssl.create_default_context())
        if server.user:
            line.login(server.user, server.password)
    except BaseException:
        line.close()
        raise
    return line


def _carry(server: smtplib.SMTP, address: str, mail: EmailMessage) -> str:
    server.ehlo_or_helo_if_needed()
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    utf8 = not address.isascii()
    if utf8 and not server.has_extn("smtputf8"):
        # No other attempt finds another server (RFC 6531, 3.2): somebody has to ask for another address.
        return "address-needs-smtputf8"
    code, _ = server.mail(sender, ["SMTPUTF8", "BODY=8BITMIME"] if utf8 else [])
    if 200 <= code < 300:
        code, _ = server.rcpt(address)
    if not 200 <= code < 300:
        return _refused(code)
    code, _ = server.docmd("DATA")
    if code != 354:
        return _refused(code)
    try:
        server.send(_LINE_DOT.sub(b"..", mail.as_bytes(policy=SMTPUTF8 if utf8 else SMTP)) + b".\r\n")
        code, _ = server.getreply()
    except (OSError, smtplib.SMTPServerDisconnected) as error:
        raise InDoubt(_cause(error)) from error
    return "" if 200 <= code < 300 else _refused(code)


def _refused(code: int) -> str:
    """5xx is for good; anything else may go another time (RFC 5321, 4.2.1)."""
    if code >= 500:
        return f"smtp-{code}"
    raise NotTaken(f"smtp-{code}")


def _cause(error: Exception) -> str:
    """A code: the server's words may repeat the address."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"smtp-{error.smtp_code}"
    # smtplib reports a silent line as a lost one; the reason stands behind it.
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return "timeout"
    return type(error).__name__[:60]
