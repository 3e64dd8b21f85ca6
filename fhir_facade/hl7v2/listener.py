"""The MLLP listener: frames in, acknowledgements out, and between them a commit.

One event loop holds all connections; threads store (``writers``). What may wait in memory is bounded: when
the database is slow, connections are read no further, and TCP tells their senders to wait.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from django.db import connection

from fhir_facade.hl7v2 import metrics, senders
from fhir_facade.hl7v2.connections import Connection
from fhir_facade.hl7v2.senders import Caller, Sender
from fhir_facade.hl7v2.splitter import Limits
from fhir_facade.hl7v2.writers import Writers
from steadwell.observability import service as observability

log = observability.get_logger(__name__)

_GOODBYE: Final = 10.0  # seconds that a stop gives acknowledgements to leave
_HANDSHAKE: Final = 10.0  # seconds for TLS
_LOOK_EVERY: Final = 3.0  # seconds between two looks at the allow-list: who is struck off is out by then


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What one listener takes. Seconds and bytes."""

    limits: Limits = field(default_factory=Limits)
    idle_seconds: float = 600
    frame_seconds: float = 30  # from a message's first byte to its last
    connections: int = 200
    pipelined: int = 16  # messages of one connection that wait for their acknowledgement
    in_flight: int = 400
    in_flight_bytes: int = 64 * 2**20
    writers: int = 2


class Budget:
    """How much may wait for the database in all: the only queue there is. First come, first served."""

    def __init__(self, messages: int, size: int) -> None:
        self._messages, self._bytes, self._most = messages, size, size
        self._waiting: deque[tuple[asyncio.Future[None], int]] = deque()

    async def take(self, size: int) -> None:
        size = min(size, self._most)
        if not self._waiting and self._fits(size):
            self._deduct(size)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, size))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back(size)
            raise

    def give_back(self, size: int) -> None:
        self._messages += 1
        self._bytes += min(size, self._most)
        while self._waiting and (self._waiting[0][0].done() or self._fits(self._waiting[0][1])):
            turn, wanted = self._waiting.popleft()
            if not turn.done():  # else its connection ended meanwhile
                self._deduct(wanted)
                turn.set_result(None)

    def _fits(self, size: int) -> bool:
        return self._messages > 0 and self._bytes >= size

    def _deduct(self, size: int) -> None:
        self._messages -= 1
        self._bytes -= size


class Listener:
    """One listener. Several may run beside each other, on other hosts or ports: the database decides."""

    def __init__(self, rules: Rules, *, tls: ssl.SSLContext | None = None) -> None:
        self.rules, self._tls = rules, tls
        self.allowed: Sequence[Sender] = ()
        self.stopping = asyncio.Event()
        self.budget = Budget(rules.in_flight, rules.in_flight_bytes)
        self.writers = Writers(asyncio.get_running_loop(), rules.limits, threads=rules.writers)
        self._open: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, sock: socket.socket) -> None:
        """Serve until ``stopping`` is set; then answer what was taken, and end."""
        observability.register_check("mllp", self._standing)
        self.allowed = await asyncio.to_thread(_list_active)
        self.writers.start()
        looking = asyncio.create_task(self._keep_looking())
        server = await asyncio.start_server(
            self._serve, sock=sock, ssl=self._tls, limit=2**17,
            ssl_handshake_timeout=_HANDSHAKE if self._tls else None,
        )  # fmt: skip
        log.info("hl7.listening", port=int(sock.getsockname()[1]), transport="tls" if self._tls else "tcp")
        await self.stopping.wait()
        server.close()
        looking.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_GOODBYE)
        for task in self._tasks:
            task.cancel()
        self.writers.stop()
        await asyncio.to_thread(self.writers.join, _GOODBYE)
        log.info("hl7.stopped")

    def candidates(self, caller: Caller) -> tuple[Sender, ...]:
        return tuple(senders.known_as(caller, self.allowed))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - the server made one
        self._tasks.add(task)
        caller = caller_of(writer)
        name, outcome = "", "unknown-sender"
        try:
            if (found := self.candidates(caller)) and not self.stopping.is_set():
                name = found[0].name
                outcome = "too-many"
                if self._open[name] < found[0].connections and self._open.total() < self.rules.connections:
                    self._open[name] += 1
                    try:
                        outcome = await Connection(self, caller, reader, writer).run()
                    finally:
                        self._open[name] -= 1
        finally:
            self._tasks.discard(task)
            metrics.CONNECTIONS.inc(outcome=outcome)
            log.info("hl7.connection_ended", outcome=outcome, source=name or None)
            writer.close()

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            try:
                async with asyncio.timeout(30):
                    self.allowed = await asyncio.to_thread(_list_active)
            except Exception as error:  # noqa: BLE001 - the last known list serves while the database is away
                log.warning("hl7.senders_unread", error=type(error).__name__)

    def _standing(self) -> dict[str, int | float | str]:
        longest = self.writers.longest_seconds()
        if longest > 30:
            raise TimeoutError
        return {"connections": self._open.total(), "senders": len(self.allowed), "storing": round(longest, 3)}


def caller_of(writer: asyncio.StreamWriter) -> Caller:
    peer = writer.get_extra_info("peername")
    address = peer[0] if isinstance(peer, tuple) else "127.0.0.1"
    tls = writer.get_extra_info("ssl_object")
    certificate = tls.getpeercert(binary_form=True) if tls else None
    if not certificate:
        return Caller(address=address)
    from fhir_facade.hl7v2.tls import fingerprint_of, subject_of

    return Caller(address=address, fingerprint=fingerprint_of(certificate), subject=subject_of(certificate))


def _list_active() -> list[Sender]:
    try:
        return senders.list_active()
    finally:
        connection.close()
