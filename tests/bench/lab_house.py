"""The processes that a laboratory message passes, on a database of the run's own; and who is in it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from datetime import time as wall_time
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import psycopg

from steadwell.config.queues import QUEUES
from tests.bench import cpu, lab_messages, web

RUN = "labs_run"
READERS = ("1111", "2222")  # the numbers by which the laboratory names the two clinicians
_WORKING = ("labs.ingest", "labs.critical", "default", "notifications.standard", "notifications.urgent")


def own_database() -> None:
    """A fresh copy of the migrated, empty one."""
    owner = os.environ["DATABASE_OWNER_URL"]
    source = urlsplit(owner).path.lstrip("/")
    with psycopg.connect(_named(owner, "postgres"), autocommit=True) as cluster:
        cluster.execute(f'DROP DATABASE IF EXISTS "{RUN}" WITH (FORCE)')
        cluster.execute(f'CREATE DATABASE "{RUN}" TEMPLATE "{source}" STRATEGY file_copy')
    os.environ["DATABASE_OWNER_URL"] = _named(owner, RUN)
    os.environ["DATABASE_URL"] = _named(os.environ["DATABASE_URL"], RUN)


def _named(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def fill(*, patients: int) -> list[UUID]:
    """A site, two clinicians who read results, their patients, and the laboratory. The clinicians' ids."""
    from fhir_facade.hl7v2.models import Hl7Sender
    from labs.models import ClinicianNumber
    from scheduling import models
    from steadwell import clock
    from steadwell.actor import system
    from steadwell.identity import service as identity
    from steadwell.ids import PersonId, new_id

    now = clock.now()
    organisation = models.Organisation.objects.create(name="Bench Health")
    site = models.Site.objects.create(organisation=organisation, name="Bench", time_zone="UTC")
    readers = []
    for number in READERS:
        clinician = models.Practitioner.objects.create(
            name=f"Reader {number}", specialities=["family"], languages=["en"]
        )
        models.WeeklyHours.objects.create(
            practitioner_id=clinician.pk, site_id=site.pk, weekday=0, starts=wall_time(8), ends=wall_time(9),
            valid_from=date(2020, 1, 1),
        )  # fmt: skip
        ClinicianNumber.objects.create(number=number, practitioner_id=clinician.pk, site_id=site.pk)
        readers.append(clinician.pk)
    identity.load_people(
        actor=system("bench"), source="clinic", now=now,
        people=[
            identity.NewPerson(
                person_id=PersonId(new_id()), external_id=str(number),
                demographics=identity.Demographics(
                    family_name=f"Bench{number}", given_name="Pat", birth_date=date(1970, 1, 1), sex="female"
                ),
                identifiers=(
                    identity.Identifier(
                        system=lab_messages.AUTHORITY, type="MR", value=lab_messages.patient_number(number)
                    ),
                ),
            )
            for number in range(patients)
        ],
    )  # fmt: skip
    Hl7Sender.objects.create(
        name=lab_messages.SENDER, networks=["127.0.0.0/8"], message_types=["ORU^R01"], site_id=site.pk,
        connections=64, created_at=now, changed_at=now,
    )  # fmt: skip
    return readers


@dataclass(frozen=True, slots=True)
class House:
    port: int
    pids: dict[str, int]
    postmaster: int

    def cpu_seconds(self) -> dict[str, float]:
        """So far, by part; everything that is no listener, relay or Postgres is a worker."""
        parts = {"listener": 0.0, "relay": 0.0, "workers": 0.0, "postgres": cpu.seconds(self.postmaster)}
        for name, pid in self.pids.items():
            parts[name if name in parts else "workers"] += cpu.seconds(pid)
        return parts


@contextmanager
def house() -> Iterator[House]:
    """The listener, the relay, the poller, and a worker for each queue that a result passes."""
    port = web.free_port()
    commands = {
        "listener": ["manage.py", "mllp", "--port", str(port)],
        "relay": ["manage.py", "relay"],
        "poller": ["manage.py", "poller"],
    } | {
        queue: [
            "-m", "celery", "-A", "steadwell.config.celery", "worker", "--pool", "threads", "--concurrency",
            str(QUEUES[queue]), "--queues", queue, "--hostname", f"{queue}@%h", "--without-gossip",
            "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING",
        ]
        for queue in _WORKING
    }  # fmt: skip
    environment = os.environ | {
        "DEMO": "0",
        "LOG_STYLE": "json",
        "LOG_LEVEL": "ERROR",
        "DATABASE_POOL_SIZE": "4",
    }
    started = {
        name: subprocess.Popen(
            [sys.executable, *command], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for name, command in commands.items()
    }
    try:
        _wait_until_it_listens(port)
        pids = {name: process.pid for name, process in started.items()}
        yield House(port, pids, web.postmaster_pid())
    finally:
        for process in started.values():
            process.send_signal(signal.SIGTERM)
        for process in started.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_it_listens(port: int) -> None:
    import socket

    ends = time.monotonic() + 90
    while time.monotonic() < ends:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError("the listener did not get ready")
