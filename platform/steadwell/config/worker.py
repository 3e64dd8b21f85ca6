"""A worker that stopped taking work ends, so that its supervisor starts a fresh one.

Celery's consumer can stop for good while its process lives: a message whose acknowledgement failed (Valkey
froze for longer than the socket's time-out) counts against the prefetch limit for ever. So each worker
watches itself: idle beside waiting messages, for several looks in a row, no healthy worker stays.
The ledger's leases make ending safe at any moment.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from celery import Celery, signals
from django.conf import settings

from steadwell.config.celery import errors_of
from steadwell.observability import service as observability

log = observability.get_logger(__name__)

_LOOKS = 3
STALLED = 70  # the exit status, EX_SOFTWARE of sysexits


class Watch:
    """Counts looks in a row at which nothing ran or had begun since the last one, beside messages."""

    def __init__(self, *, waiting: Callable[[], int]) -> None:
        self._waiting = waiting
        self._lock = threading.Lock()
        self._running = self._begun = self._begun_before = self._seen = 0

    def begin(self, **_: object) -> None:
        with self._lock:
            self._running += 1
            self._begun += 1

    def end(self, **_: object) -> None:
        with self._lock:
            self._running -= 1

    def stalled(self) -> bool:
        """Look once. True when every one of the last looks found it so."""
        with self._lock:
            idle = self._running == 0 and self._begun == self._begun_before
            self._begun_before = self._begun
        self._seen = self._seen + 1 if idle and self._waiting() > 0 else 0
        return self._seen >= _LOOKS


def _look(watch: Watch, queue: str) -> None:
    pause = threading.Event()
    while not pause.wait(settings.WORKER_STALL_SECONDS / _LOOKS):
        if watch.stalled():
            log.error("worker.stalled", queue=queue)
            os._exit(STALLED)  # its main thread may hang: nothing gentler is sure to end it


def _waiting(app: Celery, queues: list[str]) -> int:
    """Messages in the worker's queues; none when Valkey does not answer: then nobody can take any."""
    broker = app.connection_for_read(transport_options={"socket_timeout": 1.0})
    try:
        client: Any = broker.default_channel.client  # type: ignore[attr-defined]
        return sum(client.llen(queue) for queue in queues)
    except errors_of(broker):
        return 0
    finally:
        broker.release()


def start_watching(app: Celery) -> None:
    """Once per worker process, when it consumes."""
    queues = list(app.amqp.queues.consume_from)
    watch = Watch(waiting=lambda: _waiting(app, queues))
    signals.task_prerun.connect(watch.begin, weak=False)
    signals.task_postrun.connect(watch.end, weak=False)
    threading.Thread(target=_look, args=(watch, queues[0]), name="stall-watch", daemon=True).start()
