"""A listener on a free port, in this process, and senders that speak to it over real sockets."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import pytest

from fhir_facade.hl7v2 import listener as listeners
from fhir_facade.hl7v2.frames import CLOSE, END, START, frame
from fhir_facade.hl7v2.listener import Listener, Rules
from fhir_facade.hl7v2.models import Hl7Sender
from fhir_facade.hl7v2.splitter import Message, split
from steadwell import clock
from steadwell.observability import health

PATIENCE = 120.0  # seconds for what must come


def registered(name: str = "north", **fields: Any) -> Hl7Sender:
    now = clock.now()
    given = {"networks": ["127.0.0.0/8"], "message_types": ["ORU^R01"], "connections": 8} | fields
    return Hl7Sender.objects.create(name=name, created_at=now, changed_at=now, **given)


@contextmanager
def listening(rules: Rules | None = None, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Its port, while it runs. What it registers of itself goes with it."""
    sock = socket.create_server(("127.0.0.1", 0))
    began = threading.Event()
    made: dict[str, Any] = {}

    async def serve() -> None:
        listener = Listener(rules or Rules(), tls=tls)
        made.update(listener=listener, loop=asyncio.get_running_loop())
        began.set()
        await listener.run(sock)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listeners, "_GOODBYE", PATIENCE)
        patch.setattr(listeners, "_HANDSHAKE", PATIENCE)
        patch.setattr(health, "_checks", dict(health._checks))
        thread.start()
        began.wait()
        try:
            yield sock.getsockname()[1]
        finally:
            made["loop"].call_soon_threadsafe(made["listener"].stopping.set)
            thread.join()


class Wire:
    """One sender's connection."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        plain = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket = tls.wrap_socket(plain, server_hostname="localhost") if tls else plain
        self._rest = b""

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: Any, trace: TracebackType | None) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self) -> Message:
        """The next acknowledgement."""
        while END not in self._rest:
            data = self.socket.recv(65536)
            if not data:
                raise EOFError
            self._rest += data
        found, _, self._rest = self._rest.partition(CLOSE)
        assert found.startswith(START)
        return split(found)

    def ask(self, message: bytes) -> Message:
        self.send(frame(message))
        return self.answer()

    def code(self, message: bytes) -> str:
        return code_of(self.ask(message))

    def ended(self) -> bool:
        """Whether the other side has ended it, within the socket's time."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True


def code_of(ack: Message) -> str:
    return ack.named("MSA")[0].text(1)
