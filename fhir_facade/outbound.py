"""Calls to addresses that strangers gave us: never into our own network, never for long.

The name is resolved once, every address it has must be a public one, and the connection goes to exactly that
address: a name that answers differently a moment later changes nothing (rebinding). No redirects.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

DEADLINE: Final = 10.0  # seconds, for the whole call


class Unreachable(Exception):
    """Not called, or no whole answer in time. ``cause`` is a code: refused-address, timeout, …"""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(cause)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def get(url: str, *, accept: str, largest: int, deadline: float = DEADLINE) -> Answer:
    return call("GET", url, headers={"Accept": accept}, body=None, largest=largest, deadline=deadline)


def call(
    method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, largest: int,
    deadline: float = DEADLINE,
) -> Answer:  # fmt: skip
    """One request and its answer; with ``largest`` 0 its body is not waited for. Raises Unreachable. Hold no
    transaction meanwhile.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    if parts.username or not host or not _speaks(parts.scheme):
        raise Unreachable("refused-address")
    ends = time.monotonic() + deadline
    connection = _Pinned(
        host, port, address=_public_address(host, port), secure=parts.scheme == "https", ends=ends
    )
    # Each wait on the socket has its own time-out: an answer that drips would begin it anew for ever.
    alarm = threading.Timer(max(0.0, ends - time.monotonic()), connection.cut)
    alarm.daemon = True
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        alarm.start()
        connection.request(method, target, body=body, headers={"User-Agent": "Steadwell", **headers})
        answer = connection.getresponse()
        if connection.was_cut:
            raise TimeoutError  # what is cut within its headers looks whole
        return Answer(
            status=answer.status,
            headers=dict(answer.getheaders()),
            body=_read(answer, connection, largest, ends) if largest else b"",
        )
    except TimeoutError as error:
        raise Unreachable("timeout") from error
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable("timeout" if time.monotonic() >= ends else "no-answer") from error
    finally:
        alarm.cancel()
        connection.close()


def is_public(address: str) -> bool:
    """Whether an IP address may be called: global, or in a network that settings name."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if any(found in network for network in settings.OUTBOUND_NETWORKS if network.version == found.version):
        return True
    return found.is_global and not found.is_multicast


def _speaks(scheme: str) -> bool:
    return scheme == "https" or (scheme == "http" and bool(settings.OUTBOUND_NETWORKS))


def _public_address(host: str, port: int) -> str:
    """The one address that is called. One private address among them refuses the name."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable("unknown-host") from error
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    if not addresses or not all(is_public(each) for each in addresses):
        raise Unreachable("refused-address")
    return addresses[0]


def _read(answer: http.client.HTTPResponse, connection: _Pinned, largest: int, ends: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        connection.hurry(ends)
        part = answer.read1(16384)
        if not part:
            if connection.was_cut:
                raise TimeoutError
            return b"".join(parts)
        parts.append(part)
        size += len(part)
        if size > largest:
            raise Unreachable("answer-too-large")


class _Pinned(http.client.HTTPConnection):
    """A connection to one address, under the name that was asked for."""

    def __init__(self, host: str, port: int, *, address: str, secure: bool, ends: float) -> None:
        super().__init__(host, port)
        self._address, self._secure, self._ends = address, secure, ends
        self._wire: socket.socket | None = None
        self.was_cut = False

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), timeout=self._left(self._ends))
        if self._secure:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)
        self._wire = self.sock
        self.hurry(self._ends)

    def cut(self) -> None:
        """From another thread: whatever waits on the socket ends."""
        self.was_cut = True
        if self._wire is not None:
            with contextlib.suppress(OSError):
                self._wire.shutdown(socket.SHUT_RDWR)

    def hurry(self, ends: float) -> None:
        left = self._left(ends)
        if self.sock is not None:
            self.sock.settimeout(left)

    @staticmethod
    def _left(ends: float) -> float:
        left = ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left
