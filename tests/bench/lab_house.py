"""The processes that a laboratory message passes, on a database of the run's own; and who is in it."""

from __future__ import annotations

import os
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from datetime import time as wall_time
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import psycopg

from steadwell.launcher import processes
from tests.bench import cpu, lab_messages, web

RUN = "labs_run"
READERS = ("1111", "2222")  # the numbers by which the laboratory names the two clinicians
WORKING = ("labs.ingest", "labs.critical", "default", "notifications.standard", "notifications.urgent")


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
        """So far, by part: ``reading`` is the worker of labs.ingest, ``others`` what follows on a report."""
        parts = dict.fromkeys(("listener", "relay", "reading", "others"), 0.0)
        for name, pid in self.pids.items():
            part = "reading" if name == "labs.ingest" else name
            parts[part if part in parts else "others"] += cpu.seconds(pid)
        return parts | {"postgres": cpu.seconds(self.postmaster)}


@contextmanager
def house() -> Iterator[House]:
    """Listener, relay, poller, and a worker for each queue that a result passes: forked, as ``up`` does."""
    from django.db import connections

    from steadwell.config import programs

    programs.load()
    connections["default"].close()
    connections["default"].close_pool()
    sock = socket.create_server(("127.0.0.1", 0), backlog=128)
    bodies: dict[str, Callable[[], None]] = {
        "listener": partial(programs.mllp, listener=sock.fileno()),
        "relay": partial(programs.command, name="relay"),
        "poller": partial(programs.command, name="poller"),
    } | {queue: partial(programs.worker, queue=queue) for queue in WORKING}
    with tempfile.TemporaryDirectory() as logs:
        started = {
            name: processes.fork(f"bench-{name}", body, log=Path(logs) / f"{name}.log")
            for name, body in bodies.items()
        }
        try:
            pids = {name: process.pid for name, process in started.items()}
            yield House(int(sock.getsockname()[1]), pids, web.postmaster_pid())
        finally:
            for process in started.values():
                process.send_signal(signal.SIGTERM)
            for process in started.values():
                process.wait()
            sock.close()
