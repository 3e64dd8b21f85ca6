"""From the ledger to the queues. A relay that dies, or a Valkey that forgets or freezes, loses nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from kombu import Connection
from kombu.exceptions import OperationalError as BrokerOperationalError

from steadwell import clock
from steadwell.observability import service as observability
from steadwell.outbox import handover
from steadwell.outbox.publishing import CHANNEL
from steadwell.outbox.tasks import deliver

log = observability.get_logger(__name__)

POLL_SECONDS = 1.0
_BUSY_SECONDS = 0.05  # a queue at work or at its cap: look again soon, its workers ring no bell
_LONGEST_PAUSE = 5.0
# A frozen Valkey costs a second, not the ninety that it does by default.
_HURRIED = {"socket_timeout": 1.0, "socket_connect_timeout": 1.0, "max_retries": 0}
# Lives and dies with the queues: when it is gone, so are the messages.
_MARKER = "steadwell:queues-are-whole"


class ValkeyUnavailable(Exception):
    """The queues could not be reached within their time-out. What was claimed waits again."""


class Relay:
    """One relay. Any number may run beside each other."""

    def __init__(self, *, stop: threading.Event | None = None) -> None:
        self.stop = stop or threading.Event()
        self._broker: Connection | None = None
        self._producer: Any = None
        self._listening_on: Any = None
        self._next_look = 0.0
        self._pause = 0.0

    def run(self) -> None:
        """Until told to stop. A database or a Valkey that is away is waited for."""
        while not self.stop.is_set():
            try:
                self._wait(self.step())
                self._pause = 0.0
            except ValkeyUnavailable:
                self._rest("valkey.unreached")
            except (OperationalError, InterfaceError):
                connection.close()
                self._rest("database.unreached")
        self._forget_broker()

    def step(self) -> float:
        """Hand over what is ready. Answers how many seconds to wait for the bell before the next step."""
        if time.monotonic() >= self._next_look:
            self._look_after_the_lost()
            self._next_look = time.monotonic() + POLL_SECONDS
        now = clock.now()
        claimed = handover.claim(now=now, gather=_gather())
        unsent = list(handover.messages(claimed))
        try:
            while unsent:
                self._send(unsent[0])
                del unsent[0]
        except ValkeyUnavailable:
            handover.release([each for message in unsent for each in message.ids], handed_at=now)
            raise
        if claimed.ids:
            return settings.OUTBOX_PAUSE_SECONDS
        return _BUSY_SECONDS if claimed.full or claimed.busy else POLL_SECONDS

    def _send(self, message: handover.Message) -> None:
        broker = self._connected()
        kwargs: dict[str, Any] = {"delivery_ids": message.ids}
        if message.together:
            kwargs["together"] = True
        try:
            if self._producer is None:
                self._producer = current_app.amqp.Producer(broker.default_channel, auto_declare=False)
            deliver.apply_async(kwargs=kwargs, queue=message.queue, producer=self._producer, retry=False)
        except _errors_of(broker) as error:
            self._forget_broker()
            raise ValkeyUnavailable from error

    def _look_after_the_lost(self) -> None:
        """Leases that ran out; and everything handed over, when the queues turn out to have been emptied."""
        now = clock.now()
        depths: Mapping[str, int] = {}
        try:
            depths = self._depths()
            if self._mark_anew():
                count = handover.reclaim_handed(now=now)
                log.info("queues.refilled", deliveries=count)
        except ValkeyUnavailable:
            log.warning("valkey.unreached")
        lost = handover.reclaim(now=now, busy=[queue for queue, depth in depths.items() if depth])
        if lost["waiting"] or lost["quarantined"]:
            log.warning("deliveries.reclaimed", count=lost["waiting"], quarantined=lost["quarantined"])

    def _depths(self) -> Mapping[str, int]:
        broker = self._connected()
        queues = list(current_app.conf.task_queues)
        try:
            pipeline = broker.default_channel.client.pipeline(transaction=False)  # type: ignore[attr-defined]
            for queue in queues:
                pipeline.llen(queue)
            return dict(zip(queues, pipeline.execute(), strict=True))
        except _errors_of(broker) as error:
            self._forget_broker()
            raise ValkeyUnavailable from error

    def _mark_anew(self) -> bool:
        """Whether the marker was gone; it is there again, and of several relays one hears True."""
        broker = self._connected()
        try:
            return bool(broker.default_channel.client.set(_MARKER, "1", nx=True))  # type: ignore[attr-defined]
        except _errors_of(broker) as error:
            self._forget_broker()
            raise ValkeyUnavailable from error

    def _connected(self) -> Connection:
        if self._broker is None:
            broker = current_app.connection_for_write(transport_options=_HURRIED)
            try:
                broker.ensure_connection(max_retries=1, timeout=1)
                broker.default_channel.client.ping()  # type: ignore[attr-defined]
            except _errors_of(broker) as error:
                broker.release()
                raise ValkeyUnavailable from error
            self._broker = broker
        return self._broker

    def _forget_broker(self) -> None:
        if self._broker is not None:
            self._broker.release()
            self._broker = self._producer = None

    def _wait(self, seconds: float) -> None:
        """For the bell, at most ``seconds``; a bell that was missed costs the poll's time, never the work."""
        if seconds <= 0:
            return
        connection.ensure_connection()
        raw: Any = connection.connection
        if raw is not self._listening_on:
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {CHANNEL}")
            self._listening_on = raw
            return  # what committed before the bell was heard is found by the step that follows
        if seconds < POLL_SECONDS:
            self.stop.wait(seconds)
            return
        for _ in raw.notifies(timeout=seconds, stop_after=1):
            pass

    def _rest(self, why: str) -> None:
        self._pause = min(max(0.2, self._pause * 2), _LONGEST_PAUSE)
        log.warning(why, pause_seconds=self._pause)
        self.stop.wait(self._pause)


def _gather() -> timedelta:
    return timedelta(seconds=settings.OUTBOX_GATHER_SECONDS)


def _errors_of(broker: Connection) -> tuple[type[BaseException], ...]:
    return (*broker.connection_errors, *broker.channel_errors, BrokerOperationalError, OSError)
