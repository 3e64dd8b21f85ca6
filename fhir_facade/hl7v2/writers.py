"""The threads that store. Whatever waits when one is free goes into one transaction (group commit)."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from django.db import DatabaseError, connection
from django.db import Error as DatabaseFault

from fhir_facade.hl7v2 import metrics, storing
from fhir_facade.hl7v2.acks import Verdict
from fhir_facade.hl7v2.arrivals import Arrival, Entry, judge
from fhir_facade.hl7v2.splitter import Limits
from steadwell import clock
from steadwell.observability import service as observability
from steadwell.transactions import is_out_of_reach

log = observability.get_logger(__name__)

MOST_MESSAGES: Final = 100  # in one transaction
MOST_BYTES: Final = 4 * 2**20
_PATIENCE: Final = 10.0  # seconds that a database may be away before senders are let go without an answer


class StoreUnavailable(Exception):
    """Nothing was stored and nothing may be acknowledged: the sender sends it again."""


@dataclass(slots=True)
class _Job:
    arrival: Arrival
    done: asyncio.Future[Entry]


@dataclass(slots=True)
class Writers:
    """A few threads, each with its own database connection, and the queue before them.

    The queue needs no bound of its own: the listener lets only so many messages and bytes in (its budget).
    """

    loop: asyncio.AbstractEventLoop
    limits: Limits
    threads: int = 2
    _jobs: queue.SimpleQueue[_Job | None] = field(default_factory=queue.SimpleQueue)
    _running: list[threading.Thread] = field(default_factory=list)
    _busy_since: dict[int, float] = field(default_factory=dict)

    def start(self) -> None:
        for number in range(self.threads):
            thread = threading.Thread(
                target=self._run, args=(number,), name=f"hl7-store-{number}", daemon=True
            )
            thread.start()
            self._running.append(thread)

    def submit(self, arrival: Arrival) -> asyncio.Future[Entry]:
        """In the loop's thread. The future ends after the commit, or with StoreUnavailable."""
        done: asyncio.Future[Entry] = self.loop.create_future()
        self._jobs.put(_Job(arrival, done))
        return done

    def stop(self) -> None:
        """After the last job: what was submitted is still stored."""
        for _ in self._running:
            self._jobs.put(None)

    def join(self, seconds: float) -> None:
        ends = time.monotonic() + seconds
        for thread in self._running:
            thread.join(max(0.0, ends - time.monotonic()))

    def longest_seconds(self) -> float:
        """How long the oldest transaction has been running: a frozen database shows here."""
        now = time.monotonic()
        return max((now - since for since in list(self._busy_since.values())), default=0.0)

    def _run(self, number: int) -> None:
        while (batch := self._next()) is not None:
            self._busy_since[number] = time.monotonic()
            try:
                self._store(batch)
            finally:
                del self._busy_since[number]
        connection.close()

    def _next(self) -> list[_Job] | None:
        first = self._jobs.get()
        if first is None:
            return None
        batch, size = [first], len(first.arrival.raw)
        while len(batch) < MOST_MESSAGES and size < MOST_BYTES:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                self._jobs.put(None)  # the end is for after this batch
                break
            batch.append(job)
            size += len(job.arrival.raw)
        return batch

    def _store(self, batch: Sequence[_Job]) -> None:
        entries = [judge(job.arrival, self.limits) for job in batch]
        try:
            self._commit(entries)
        except StoreUnavailable:
            self._tell(batch, None)
        except Exception as error:  # noqa: BLE001 - one message that cannot be stored must not take others with it
            connection.close()
            if len(batch) > 1:
                for job in batch:
                    self._store([job])
                return
            log.error("hl7.not_storable", error=type(error).__name__, id=entries[0].id)
            entries[0].verdict, entries[0].reason = Verdict.REFUSED, "not-storable"
            self._tell(batch, entries)
        else:
            self._tell(batch, entries)

    def _commit(self, entries: list[Entry]) -> None:
        ends, pause = time.monotonic() + _PATIENCE, 0.1
        verdicts = [(entry.verdict, entry.reason, entry.reused) for entry in entries]
        while True:
            try:
                with metrics.STORED.time():
                    storing.store(entries, now=clock.now())
                return
            except DatabaseFault as error:
                if not is_out_of_reach(error):
                    raise
                # Also a commit whose answer was lost: stored again, it is found and acknowledged as a repeat.
                _close_broken()
                if time.monotonic() > ends:
                    log.error("hl7.store_unavailable", error=type(error).__name__, count=len(entries))
                    raise StoreUnavailable from error
            for entry, (verdict, reason, reused) in zip(entries, verdicts, strict=True):
                entry.verdict, entry.reason, entry.reused = verdict, reason, reused
            time.sleep(pause)
            pause = min(pause * 2, 1.0)

    def _tell(self, batch: Sequence[_Job], entries: Sequence[Entry] | None) -> None:
        with suppress(RuntimeError):  # the loop ended first: nobody is left to be told
            self.loop.call_soon_threadsafe(_resolve, batch, entries)


def _close_broken() -> None:
    try:
        connection.close()
    except DatabaseError:
        log.warning("database.unreached")


def _resolve(batch: Sequence[_Job], entries: Sequence[Entry] | None) -> None:
    for number, job in enumerate(batch):
        if job.done.done():
            continue
        if entries is None:
            job.done.set_exception(StoreUnavailable())
            job.done.exception()  # known: a connection that ended meanwhile asks for it no more
        else:
            job.done.set_result(entries[number])
