"""The processes that a message passes, simulated providers, and messages to send."""

from __future__ import annotations

import json
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import count, cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from celery import current_app, shared_task
from django.db import connection, transaction

from steadwell.launcher import processes
from tests.bench import cpu, web
from tests.notifications import simulated
from tests.notifications.simulated import Simulator

QUEUES = ("notifications.urgent", "notifications.standard", "notifications.bulk", "notifications.retry")
REPORT_SECONDS = 2  # within them the simulated providers report deliveries, where they do at all
_serial = count(1)
_PARAMS = {"starts_at": "2030-03-03T18:30:00+00:00", "zone": "UTC"}


_PILE = """
WITH told AS (
    INSERT INTO notifications_message (id, key, person_id, channel, template, template_version, params,
        calendar, language, urgency, only_patient, state, told_at, cause, provider, provider_ref, uncertain,
        address)
    SELECT gen_random_uuid(), 'pile' || %(serial)s || '-' || n,
        (%(people)s::uuid[])[1 + n %% cardinality(%(people)s::uuid[])], 'sms', 'visit.booked', 1,
        %(params)s::jsonb, '', 'en', 'bulk', false, 'due', now(), '', '', '', false, ''
    FROM generate_series(%(first)s, %(last)s) AS n RETURNING id
), event AS (
    INSERT INTO outbox_outboxevent (id, name, payload, occurred_at, traceparent)
    SELECT gen_random_uuid(), 'notifications.bulk_message_due.v1', jsonb_build_object('message_id', id),
        now(), ''
    FROM told RETURNING id
), promised AS (
    INSERT INTO outbox_outboxdelivery
        (event_id, consumer, queue, state, attempts, created_at, available_at, called, last_error)
    SELECT id, 'notifications.bulk.email', 'notifications.bulk', 'waiting', 0, now(), now(), false, ''
    FROM event
)
SELECT pg_notify('steadwell_outbox', '')
"""


@shared_task(name="bench.bare", ignore_result=True)
def bare(*, url: str, number: int) -> None:
    """The HTTP call of a message and nothing else."""
    from notifications.channels import http

    body = urlencode({"To": "+15550100", "From": "+15550000000", "Body": "Your visit.", "Reference": number})
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": "Basic QUMxOnRva2Vu"}
    http.request("POST", url, headers=headers, body=body.encode(), seconds=10)


def publish_bare(simulator: Simulator, wanted: int) -> None:
    url = f"http://127.0.0.1:{simulator.ports['sms-a']}/Messages.json"
    with current_app.connection_for_write() as broker, current_app.amqp.Producer(broker) as producer:
        for number in range(wanted):
            bare.apply_async(kwargs={"url": url, "number": number}, queue="default", producer=producer)


def fill(*, patients: int) -> list[UUID]:
    """Patients whose telephone the clinic knows."""
    from steadwell import clock
    from steadwell.actor import system
    from steadwell.identity import service as identity
    from steadwell.ids import PersonId, new_id

    people = [PersonId(new_id()) for _ in range(patients)]
    identity.load_people(
        actor=system("bench"), source="clinic", now=clock.now(),
        people=[
            identity.NewPerson(
                person_id=person_id, external_id=str(number), identifiers=(),
                demographics=identity.Demographics(
                    family_name=f"Bench{number}", given_name="Pat", birth_date=date(1970, 1, 1), sex="female",
                    phone=f"+1555{number:07d}",
                ),
            )
            for number, person_id in enumerate(people)
        ],
    )  # fmt: skip
    return list(people)


@dataclass(frozen=True, slots=True)
class House:
    simulator: Simulator
    pids: dict[str, int]
    postmaster: int

    def cpu_seconds(self) -> dict[str, float]:
        """So far, by part; a lane is the worker of its queue."""
        found = {name.removeprefix("notifications."): cpu.seconds(pid) for name, pid in self.pids.items()}
        return found | {"postgres": cpu.seconds(self.postmaster)}

    def spent(self, before: dict[str, float]) -> dict[str, float]:
        return {name: value - before[name] for name, value in self.cpu_seconds().items()}


@contextmanager
def house() -> Iterator[House]:
    """Simulator, relay, and a worker for each lane: forked, as ``up`` does."""
    from django.conf import settings
    from django.db import connections

    from steadwell.config import programs

    programs.load()
    with simulated.running() as simulator, tempfile.TemporaryDirectory() as logs:
        simulator.forget()
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        settings.REPORTS_URL = f"http://127.0.0.1:{listener.getsockname()[1]}"
        settings.NOTIFICATION_PROVIDERS = [
            simulator.sms(
                name, rate=2_000, concurrency=8, deadline=8.0, report_secret=simulated.SECRET,
                report_seconds=REPORT_SECONDS,
            )
            for name in ("sms-a", "sms-b")
        ]  # fmt: skip
        connections["default"].close()
        connections["default"].close_pool()
        bodies: dict[str, Callable[[], None]] = {
            "relay": partial(programs.command, name="relay"),
            "web": partial(programs.web, listener=listener.fileno(), adopt=lambda: None),
            "bare": partial(programs.worker, queue="default"),
        } | {queue: partial(programs.worker, queue=queue) for queue in QUEUES}
        started = {
            name: processes.fork(f"bench-{name}", body, log=Path(logs) / f"{name}.log")
            for name, body in bodies.items()
        }
        try:
            pids = {name: process.pid for name, process in started.items()}
            yield House(simulator, pids, web.postmaster_pid())
        finally:
            for process in started.values():
                process.send_signal(signal.SIGTERM)
            for process in started.values():
                process.wait()
            listener.close()


def tell(people: Sequence[UUID], lane: str, wanted: int) -> dict[str, float]:
    """Messages that are due, in batches; the moment each was told, by its key at the provider."""
    from notifications import promising
    from notifications.models import Message
    from steadwell import clock

    told: dict[str, float] = {}
    reader = cycle(people)
    for first in range(0, wanted, 500):
        now = clock.now()
        rows = [
            Message(
                key=f"bench{next(_serial)}", person_id=next(reader), channel="sms", template="visit.booked",
                template_version=1, language="en", urgency=lane, state="due", told_at=now, params=_PARAMS,
            )
            for _ in range(min(500, wanted - first))
        ]  # fmt: skip
        with transaction.atomic():
            Message.objects.bulk_create(rows)
            promising.promise(rows, now=now)
        told |= {str(row.pk): now.timestamp() for row in rows}
    return told


def pile_up(people: Sequence[UUID], wanted: int) -> None:
    """Bulk messages that wait, written as fast as Postgres can: they are what is in the way, not measured."""
    for first in range(0, wanted, 20_000):
        with connection.cursor() as cursor:
            cursor.execute(
                _PILE,
                {
                    "first": first, "last": min(first + 20_000, wanted) - 1, "people": list(people),
                    "params": json.dumps(_PARAMS), "serial": next(_serial),
                },
            )  # fmt: skip


def give_up() -> None:
    """What still waits goes nowhere; workers find it superseded."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE notifications_message SET state = 'superseded' WHERE state IN ('due', 'claimed')"
        )


def purge(queue: str) -> None:
    with current_app.connection_for_write() as broker:
        broker.default_channel.queue_purge(queue)


def tell_steadily(people: Sequence[UUID], lane: str, *, rate: float, seconds: float) -> dict[str, float]:
    """At fixed moments, whatever becomes of them."""
    told: dict[str, float] = {}
    began = time.monotonic()
    for number in range(int(rate * seconds)):
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        told |= tell(people[number % len(people) :], lane, 1)
    return told


def count_waiting(lane: str = "") -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM notifications_message"
            " WHERE state IN ('due', 'claimed', 'handed', 'uncertain')"
            " AND (%(lane)s = '' OR urgency = %(lane)s)",
            {"lane": lane},
        )
        return int(cursor.fetchone()[0])


def count_untried(*, since: float) -> int:
    """Messages told since that nobody was tried with yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM notifications_message m WHERE m.told_at >= to_timestamp(%s)"
            " AND NOT EXISTS (SELECT FROM notifications_attempt a WHERE a.message_id = m.id)",
            [since],
        )
        return int(cursor.fetchone()[0])


def tried_with(provider: str, *, since: float, seconds: float = 1e9) -> list[tuple[float, bool]]:
    """Each call that began in these ``seconds``: when, and whether it was to that provider."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM at)::float8 - %s, provider = %s FROM notifications_attempt"
            " WHERE step = 'began' AND at BETWEEN to_timestamp(%s) AND to_timestamp(%s) ORDER BY at",
            [since, provider, since, since + seconds],
        )
        rows: list[Any] = cursor.fetchall()
    return [(float(at), bool(was)) for at, was in rows]


def opened_after(provider: str, *, since: float) -> float | None:
    """Seconds until its breaker opened."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(extract(epoch FROM at)::float8) - %s FROM notifications_providerchange"
            " WHERE provider_id = %s AND what = 'opened' AND at >= to_timestamp(%s)",
            [since, provider, since],
        )
        found: float | None = cursor.fetchone()[0]
    return found


def is_closed(provider: str) -> bool:
    from notifications.models import ProviderAccount

    return ProviderAccount.objects.filter(pk=provider, breaker="closed").exists()


def make_well() -> None:
    """As if nothing had ever gone wrong."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM notifications_providerwindow")
        cursor.execute(
            "UPDATE notifications_provideraccount SET breaker = 'closed', cause = '', changed_at = NULL,"
            " probe_at = NULL"
        )
    time.sleep(1.0)  # so old may the picture of a worker be
