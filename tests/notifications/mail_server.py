"""A mail server on loopback that speaks real SMTP and can refuse, hang and hang up where a test says."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default

from django.test import override_settings


@dataclass
class MailServer:
    """``answers`` maps a step (connect, EHLO, MAIL, RCPT, DATA, body, QUIT) to a reply, "hang", "close" or
    "drip", a reply that never ends, one byte at a time.
    """

    port: int = 0
    answers: dict[str, str] = field(default_factory=dict)
    # Answers for single recipients at RCPT.
    recipients: dict[str, str] = field(default_factory=dict)
    mails: list[Message] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)


class _Handler(socketserver.StreamRequestHandler):
    server: _Listener
    timeout = 120  # of each silence: longer than anybody waits here

    def say(self, step: str, usual: str, answer: str | None = None) -> bool:
        """Whether the conversation goes on."""
        told = answer or self.server.mail.answers.get(step, usual)
        if told == "hang":
            self.server.mail.released.wait(120)
            return False
        if told == "close":
            return False
        if told == "drip":
            with contextlib.suppress(OSError):  # until the other side has had enough
                while not self.server.mail.released.wait(0.05):
                    self.wfile.write(b"2")
            return False
        self.wfile.write(told.encode() + b"\r\n")
        return True

    def handle(self) -> None:
        mail = self.server.mail
        if not self.say("connect", "220 sink.example ESMTP"):
            return
        while line := self.rfile.readline():
            verb = line.split(maxsplit=1)[0].upper().decode()
            mail.seen.append(verb)
            if verb in {"EHLO", "HELO"}:
                going = self.say(verb, "250 sink.example")
            elif verb == "RCPT":
                address = line.decode("utf-8").partition("<")[2].partition(">")[0]
                going = self.say(verb, "250 ok", mail.recipients.get(address))
            elif verb == "DATA":
                going = self.say(verb, "354 go ahead")
                if going and verb not in mail.answers:
                    going = self.body()
            elif verb == "QUIT":
                self.say(verb, "221 bye")
                return
            else:
                going = self.say(verb, "250 ok")
            if not going:
                return

    def body(self) -> bool:
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line[1:] if line.startswith(b".") else line)
        mail = self.server.mail
        if not mail.answers.get("body", "250").startswith(("4", "5")):
            mail.mails.append(message_from_bytes(b"".join(lines), policy=default))
        return self.say("body", "250 taken")


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    mail: MailServer


@contextmanager
def running() -> Iterator[MailServer]:
    with _Listener(("127.0.0.1", 0), _Handler) as listener:
        listener.mail = MailServer(port=listener.server_address[1])
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield listener.mail
        listener.mail.released.set()
        listener.shutdown()
        thread.join(60)


def waiting(seconds: float, answer: str) -> AbstractContextManager[object]:
    """A silence ends after so many seconds; whoever answers has time."""
    return override_settings(EMAIL_TIMEOUT=seconds) if answer == "hang" else nullcontext()
