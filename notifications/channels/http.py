"""One HTTP request to a provider, with an end: and at every failure it is known whether it may have arrived.

Each thread keeps its connections. Until the last byte of the request is handed to the system nothing was
taken; after it, only an answer tells.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import re
import select
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from notifications.ports import Unreached, Unsure

LONGEST_ANSWER = 64 * 1024
# A line that lay unused for longer may have been forgotten by something on its way, without a word.
IDLE_SECONDS = 30.0
_NOT_PLAIN = re.compile(r"[^\x21-\x7e]")
_kept = threading.local()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str]


def request(
    method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"", seconds: float
) -> Answer:
    """Ask once, within ``seconds`` all in all. Raises Unreached when the request certainly was not taken,
    Unsure when the line went silent after it.
    """
    parts = urlsplit(url)
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    ends = time.monotonic() + seconds
    line = _line(parts.scheme, parts.hostname or "", parts.port, ends)
    try:
        line.request(method, path, body or None, dict(headers))
    except (OSError, http.client.HTTPException) as error:
        _drop(line)
        raise Unreached(_cause(error)) from error
    try:
        response = line.getresponse()
        text = response.read(LONGEST_ANSWER)
    except (OSError, http.client.HTTPException) as error:
        _drop(line)
        raise Unsure(_cause(error)) from error
    line.used = time.monotonic()
    if response.will_close or not response.isclosed():
        _drop(line)
    return Answer(status=response.status, body=text, headers={k.lower(): v for k, v in response.getheaders()})


def raise_undecided(answer: Answer) -> None:
    """For an answer that decides nothing: Unreached where the message was not taken, Unsure where it may
    have been. What is moved elsewhere was not taken (RFC 9110, section 15.4), except by 303, which says
    where to read what was done; behind a gateway that speaks for itself somebody may have taken it.
    """
    cause = f"http-{answer.status}"
    if answer.status in {303, 502, 504}:
        raise Unsure(cause)
    if 300 <= answer.status < 400 or answer.status >= 500 or answer.status in {401, 403, 404, 408, 429}:
        raise Unreached(cause, after=_retry_after(answer.headers))


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds (RFC 9110, section 10.2.3); 0 where it says none, or a date."""
    text = headers.get("retry-after", "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0.0


def plain(said: object, most: int) -> str:
    """A reference or a code in the provider's words, as it may be kept: printable ASCII, no longer than
    ``most``. A NUL, which a database takes in no text, would spoil what else is written with it.
    """
    return _NOT_PLAIN.sub("", str(said))[:most]


class _Line(http.client.HTTPConnection):
    """A connection whose waits get shorter as its end comes near: also one byte at a time comes to an end."""

    def __init__(self, scheme: str, host: str, port: int | None) -> None:
        self.place = (scheme, host, port)
        self.ends, self.used = 0.0, 0.0
        super().__init__(host, port or (443 if scheme == "https" else 80))

    def is_open(self) -> bool:
        """As far as one can tell without saying anything."""
        if not isinstance(self.sock, _Socket) or time.monotonic() - self.used > IDLE_SECONDS:
            return False
        return not self.sock.closed_by_peer()

    def left(self) -> float:
        left = self.ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("deadline")
        return left

    def connect(self) -> None:
        sock = socket.create_connection((self.host, self.port), self.left())
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.place[0] == "https":
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=self.host)
        self.sock = _Socket(self, sock)


class _Socket:
    """What http.client needs of a socket, each wait within what is left."""

    def __init__(self, line: _Line, sock: socket.socket) -> None:
        self._line, self._sock = line, sock

    def sendall(self, data: Any) -> None:
        self._sock.settimeout(self._line.left())
        self._sock.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self._line, self._sock))

    def closed_by_peer(self) -> bool:
        return bool(select.select([self._sock], [], [], 0)[0])

    def close(self) -> None:
        self._sock.close()


class _Incoming(io.RawIOBase):
    def __init__(self, line: _Line, sock: socket.socket) -> None:
        self._line, self._sock = line, sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._line.left())
        return self._sock.recv_into(buffer)


def _line(scheme: str, host: str, port: int | None, ends: float) -> _Line:
    """The thread's own connection to that place, or a new one when it has none or the other side may have
    closed.
    """
    lines: dict[object, _Line] = _kept.__dict__.setdefault("lines", {})
    found = lines.get((scheme, host, port))
    if found is not None and found.is_open():
        found.ends = ends
        return found
    if found is not None:
        _drop(found)
    made = lines[(scheme, host, port)] = _Line(scheme, host, port)
    made.ends = ends
    try:
        made.connect()
    except OSError as error:
        _drop(made)
        raise Unreached(_cause(error)) from error
    return made


def _drop(line: _Line) -> None:
    _kept.__dict__.setdefault("lines", {}).pop(line.place, None)
    with contextlib.suppress(OSError):
        line.close()


def _cause(error: Exception) -> str:
    """A code: never the other side's words."""
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ConnectionRefusedError):
        return "refused-connection"
    return type(error).__name__[:60]
