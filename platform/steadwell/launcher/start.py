"""The steps of one start, in their order: services, database, demo, programs; and the way back down."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from steadwell.launcher import (
    database,
    embedded,
    failures,
    folders,
    household,
    partners,
    processes,
    progress,
    running,
    welcome,
)
from steadwell.launcher.failures import Failure
from steadwell.launcher.supervision import Supervisor

GIVEN = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")
SETTINGS = ("DJANGO_SETTINGS_MODULE", "SECRET_KEY", "DEMO", "MLLP_PORT", "PUBLIC_URL")
# Web 2 x 3, workers 13 threads + 9, relay, poller and mllp 3 to 5 each, the demo's providers 2, the seed, a
# shell or two: well below.
CONNECTIONS = 100


@dataclass(slots=True, kw_only=True)
class Start:
    """One run on one data folder, from ``up`` to ``down``."""

    data: Path
    listener: socket.socket
    hl7: socket.socket
    demo: bool
    began: float = field(default_factory=time.time)
    _folders: folders.Folders | None = None
    _services: embedded.Services = field(default_factory=embedded.Services)
    _supervisor: Supervisor | None = None
    _partners: partners.Partners | None = None
    _told: dict[str, str] = field(default_factory=dict)  # what makes the partners ours

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    @property
    def hl7_port(self) -> int:
        return int(self.hl7.getsockname()[1])

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def take_folders(self, *, reset: bool) -> None:
        self._folders = folders.take(self.data)
        if reset:
            with progress.step("Forgot the data of earlier starts"):
                folders.empty(self._folders)

    def start_services(self) -> None:
        assert self._folders is not None  # noqa: S101
        given = {name: os.environ[name] for name in GIVEN if os.environ.get(name)}
        with progress.step("PostgreSQL and Valkey answer", slow="Starting PostgreSQL and Valkey"):
            self._services = embedded.start(
                self.data,
                self._folders.sockets,
                given=given,
                connections=CONNECTIONS,
                logs=self._folders.logs,
            )
        os.environ.update(self._services.environment())
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "steadwell.config.settings.dev")
        os.environ.setdefault("SECRET_KEY", folders.own_key(self.data))
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(self._folders.metrics)
        os.environ["DEMO"] = "1" if self.demo else "0"
        os.environ["MLLP_PORT"] = str(self.hl7_port)
        os.environ.setdefault("PUBLIC_URL", self.address)
        self._partners = partners.take() if self.demo else None
        if self._partners is not None:
            self._told = self._partners.environment(self.address)
            os.environ.update(self._told)

    def prepare_database(self) -> None:
        """Migrate in a child and load the programs in here, each on a core of its own."""
        with progress.step("Database is up to date", slow="Bringing the database up to date"):
            migration = self._begin("migrate", household.migrate(self._services.database_owner_url))
            from steadwell.config import programs

            programs.load()
            self._insist(migration, "migrate", "The database could not be brought up to date")
            if self._services.has_two_roles:
                database.insist_on_two_roles(self._services.database_url)
        if not self._services.has_two_roles:
            progress.say(
                "  ! One database role does it all, so the audit is unprotected: set DATABASE_OWNER_URL."
            )

    def fill_demo(self) -> None:
        with progress.step("Demo clinic is there", slow="Filling the demo clinic"):
            seed = self._begin("seed", household.command("seed_demo"))
            self._insist(seed, "seed", "The demo clinic could not be filled")

    def _begin(self, name: str, body: Callable[[], None]) -> processes.Forked:
        self._log(name).unlink(missing_ok=True)
        return processes.fork(f"sw-{name}", body, log=self._log(name))

    def _log(self, name: str) -> Path:
        assert self._folders is not None  # noqa: S101
        return self._folders.log(name)

    def _insist(self, child: processes.Forked, log: str, words: str) -> None:
        if child.wait() == 0:
            return
        text = failures.tail(self._log(log))
        if failures.out_of_room(self.data, text):
            raise Failure(failures.disk_is_full(self.data))
        raise Failure(f"{words}. The end of {self._log(log)}:\n{text}")

    def start_programs(self) -> None:
        assert self._folders is not None  # noqa: S101
        programs = household.programs(
            self._services, self._folders, listener=self.listener.fileno(), hl7=self.hl7.fileno(),
            partners=self._partners,
        )  # fmt: skip
        self._supervisor = Supervisor(programs, changed=self._note, say=progress.say)
        with progress.step("Web, workers, relay, poller and HL7 listener run"):
            self._supervisor.start()
            if self.watch(processes.fork("sw-wait", lambda: household.ask_until_live(self.port), log=None)):
                raise Failure(
                    f"The web does not answer. The end of its log:\n{failures.tail(self._log('web'))}"
                )

    def watch(self, until: processes.Forked | None = None) -> int:
        """Keep everything running until Ctrl-C, or until that child has ended: then its status."""
        assert self._supervisor is not None  # noqa: S101
        self._supervisor.run(until)
        if until is None:
            return 0
        status = until.poll()
        if status is None:
            raise KeyboardInterrupt
        return status

    def say_welcome(self) -> None:
        people = welcome.read_people() if self.demo else []
        hl7 = f"127.0.0.1:{self.hl7_port}"
        control = f"127.0.0.1:{self._partners.port(partners.CONTROL)}" if self._partners else ""
        progress.say(welcome.text(self.address, self.data, people, hl7=hl7, control=control))

    def _note(self, states: list[running.ProcessState]) -> None:
        environment = (
            self._services.environment() | {name: os.environ[name] for name in SETTINGS} | self._told
        )
        state = running.State(
            pid=os.getpid(),
            ticks=processes.start_ticks(os.getpid()) or 0,
            started_at=self.began,
            address=self.address,
            environment=environment,
            processes=states,
        )
        with contextlib.suppress(OSError):  # a full disk stops no clinic; the note is for `status` only
            running.write(self.data, state)

    def down(self) -> None:
        if self._supervisor is not None:
            progress.say("\nStopping …")
            self._supervisor.stop()
        else:
            self._services.stop()
        if self._partners is not None:
            self._partners.leave()
        if self._folders is not None:
            running.forget(self.data)
            self._folders.leave()
