"""One connection: its messages are stored side by side and acknowledged in their order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fhir_facade.hl7v2 import acks, metrics
from fhir_facade.hl7v2.acks import Answer, Verdict
from fhir_facade.hl7v2.arrivals import Arrival, Entry
from fhir_facade.hl7v2.errors import Unreadable
from fhir_facade.hl7v2.frames import Frame, Framer, frame
from fhir_facade.hl7v2.senders import Caller, Sender
from fhir_facade.hl7v2.splitter import open_envelope, split
from fhir_facade.hl7v2.writers import StoreUnavailable
from steadwell import clock
from steadwell.observability import service as observability

if TYPE_CHECKING:
    from fhir_facade.hl7v2.listener import Listener

log = observability.get_logger(__name__)

_CHUNK: Final = 2**16
_SEND_SECONDS: Final = 30.0  # an acknowledgement that nobody takes


@dataclass(slots=True)
class _Waiting:
    """A message between its last byte and its acknowledgement."""

    began: float
    done: Awaitable[Entry] | None
    answer: Answer | None = None


class Connection:
    """Reads and answers until one side ends it; ``run`` says why it ended, as a code."""

    def __init__(
        self, listener: Listener, caller: Caller, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._listener, self._caller, self._reader, self._writer = listener, caller, reader, writer
        self._rules = listener.rules
        self._framer = Framer(self._rules.limits.size)
        self._waiting: asyncio.Queue[_Waiting | None] = asyncio.Queue(self._rules.pipelined)
        self._began = 0.0

    async def run(self) -> str:
        answering = asyncio.create_task(self._answer_all())
        reading = asyncio.create_task(self._read_all())
        stopping = asyncio.create_task(self._listener.stopping.wait())
        try:
            await asyncio.wait({answering, reading, stopping}, return_when=asyncio.FIRST_COMPLETED)
            outcome = "stopping"
            if answering.done():  # it could not answer: nobody may be made to believe that it did
                reading.cancel()
                outcome = answering.result()
            elif reading.done():
                outcome = reading.result()
            else:
                reading.cancel()
            if not answering.done():
                await self._last_answers(answering)
            return outcome
        finally:
            for task in (answering, reading, stopping):
                task.cancel()

    async def _last_answers(self, answering: asyncio.Task[str]) -> None:
        ending = asyncio.create_task(self._waiting.put(None))
        await asyncio.wait({ending, answering}, return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()  # it waits for nobody where answering has ended by itself
        await asyncio.wait({answering})

    async def _read_all(self) -> str:
        while True:
            try:
                async with asyncio.timeout(self._patience()):
                    data = await self._reader.read(_CHUNK)
            except TimeoutError:
                return "too-slow" if self._framer.pending else "idle"
            except (ConnectionError, OSError):
                return "broken"
            if not data:
                return "cut-off" if self._framer.pending else "closed"
            frames = self._framer.feed(data)
            if frames or not self._framer.pending or not self._began:
                self._began = time.monotonic() if self._framer.pending else 0.0
            for each in frames:
                if not await self._take(each):
                    return "struck-off"
            if frames and self._began:  # waiting for the database was not the sender's doing
                self._began = time.monotonic()

    def _patience(self) -> float:
        """How long the next bytes may take: a message that has begun must end in time."""
        if not self._began:
            return self._rules.idle_seconds
        return max(0.001, self._began + self._rules.frame_seconds - time.monotonic())

    async def _take(self, found: Frame) -> bool:
        candidates = self._listener.candidates(self._caller)
        if not candidates:
            return False
        if found.too_large:
            await self._waiting.put(_Waiting(time.perf_counter(), None, _too_large(found)))
            return True
        for raw in open_envelope(found.content).messages:
            await self._submit(raw, candidates)
        return True

    async def _submit(self, raw: bytes, candidates: tuple[Sender, ...]) -> None:
        began = time.perf_counter()
        await self._listener.budget.take(len(raw))
        done = self._listener.writers.submit(Arrival(raw=raw, candidates=candidates, received_at=clock.now()))
        done.add_done_callback(lambda _: self._listener.budget.give_back(len(raw)))
        await self._waiting.put(_Waiting(began, done))

    async def _answer_all(self) -> str:
        while (waiting := await self._waiting.get()) is not None:
            source = "unread"
            answer = waiting.answer
            if waiting.done is not None:
                try:
                    entry = await waiting.done
                except StoreUnavailable:
                    return "store-unavailable"
                answer, source = entry.answer(), entry.sender.name
            assert answer is not None  # noqa: S101 - one of the two is there
            if not await self._send(answer):
                return "not-taken"
            metrics.ACKNOWLEDGED.observe(time.perf_counter() - waiting.began)
            _count(answer, source)
        return "closed"

    async def _send(self, answer: Answer) -> bool:
        written = b"".join(frame(each) for each in acks.replies(answer, now=clock.now()))
        try:
            self._writer.write(written)
            async with asyncio.timeout(_SEND_SECONDS):
                await self._writer.drain()
        except (TimeoutError, ConnectionError, OSError):
            return False
        return True


def _too_large(found: Frame) -> Answer:
    try:
        header = split(found.content).header
    except Unreadable:
        header = None
    return Answer(header=header, verdict=Verdict.REFUSED, reason="too-large")


def _count(answer: Answer, source: str) -> None:
    outcome = {"A": "accepted", "E": "aside", "R": "refused"}[answer.verdict.value]
    metrics.RECEIVED.inc(source=source, outcome=outcome)
    if answer.reason:
        log.warning(f"hl7.{outcome}", cause=answer.reason, source=source)
