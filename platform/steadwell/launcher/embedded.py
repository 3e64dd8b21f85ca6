"""Real Postgres and real Valkey as child processes on unix sockets, and the addresses to reach them by."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

from steadwell.launcher import database, failures, postgres, processes, valkey
from steadwell.launcher.failures import Failure


@dataclass(slots=True)
class Services:
    """The addresses, and what was started for them: nothing for one that the environment already named."""

    database_url: str = ""
    database_owner_url: str = ""
    redis_url: str = ""
    app_role: str = database.APP
    cluster: postgres.Cluster | None = None
    bell: valkey.Bell | None = None
    processes: list[processes.Process] = field(default_factory=list)
    may_be_given: bool = False
    elsewhere: str = failures.OTHER_DATA

    def environment(self) -> dict[str, str]:
        """For every process that uses them."""
        return {
            "DATABASE_URL": self.database_url,
            "DATABASE_OWNER_URL": self.database_owner_url,
            "APP_DATABASE_ROLE": self.app_role,
            "REDIS_URL": self.redis_url,
        }

    @property
    def has_two_roles(self) -> bool:
        return self.database_owner_url != self.database_url

    def stop(self) -> None:
        """Valkey first, then Postgres, each in good order and at last without asking."""
        for process in reversed(self.processes):
            process.send_signal(signal.SIGINT)
            if not processes.wait_until_gone(process, 20):
                process.send_signal(signal.SIGKILL)
                processes.wait_until_gone(process, 5)
        self.processes.clear()


def start(
    folder: Path,
    sockets: Path,
    *,
    durable: bool = True,
    given: Mapping[str, str] | None = None,
    connections: int = 300,
    logs: Path | None = None,
    elsewhere: str = failures.OTHER_DATA,
) -> Services:
    """Start what ``given`` (DATABASE_URL, DATABASE_OWNER_URL, REDIS_URL) does not name; wait for answers.

    ``folder`` holds the data, ``sockets`` is a short private path. Tests are not durable: nothing is synced.
    Without ``given`` the services are always our own: a test stops, fills and drops them as it likes.
    """
    may_be_given, given = given is not None, given or {}
    services = Services(
        may_be_given=may_be_given,
        elsewhere=elsewhere,
        database_url=given.get("DATABASE_URL", ""),
        database_owner_url=given.get("DATABASE_OWNER_URL") or given.get("DATABASE_URL", ""),
        redis_url=given.get("REDIS_URL", ""),
    )
    for needed in (folder, sockets, logs or folder):
        needed.mkdir(parents=True, exist_ok=True)
    logs = logs or folder
    try:
        if not services.redis_url:
            _start_valkey(services, folder / "valkey", sockets, logs / "valkey.log", durable)
        if services.database_url:
            _prepare_given_database(services)
        else:
            _start_postgres(
                services, folder / "postgres", sockets, logs / "postgres.log", durable, connections
            )
    except BaseException:
        services.stop()
        raise
    return services


def start_valkey(folder: Path) -> Services:
    """A Valkey alone, for a test process that must not share one."""
    services = Services()
    _start_valkey(services, folder / "valkey", folder, folder / "valkey.log", durable=False)
    return services


def _start_postgres(
    services: Services, data: Path, sockets: Path, log: Path, durable: bool, connections: int
) -> None:
    services.cluster = postgres.Cluster(
        binaries=postgres.find_binaries(data, variable="DATABASE_URL" if services.may_be_given else None),
        data=data,
        sockets=sockets,
        log=log,
        durable=durable,
        connections=connections,
        elsewhere=services.elsewhere,
    )
    services.cluster.create()
    server = services.cluster.launch()
    services.processes.insert(0, server)
    where = quote(str(sockets), safe="")
    services.database_url = f"postgresql://{database.APP}@/{database.DATABASE}?host={where}"
    services.database_owner_url = f"postgresql://{postgres.OWNER}@/{database.DATABASE}?host={where}"
    _prepare_cluster(server, f"postgresql://{postgres.OWNER}@/postgres?host={where}", services, log)


def _prepare_cluster(server: processes.Process, maintenance_url: str, services: Services, log: Path) -> None:
    import psycopg

    ends = time.monotonic() + 120  # recovery after a kill may take a while; a dead server is noticed at once
    while True:
        try:
            with psycopg.connect(maintenance_url, autocommit=True) as connection:
                database.create_roles_and_database(connection)
            with psycopg.connect(services.database_owner_url, autocommit=True) as connection:
                database.grant_to_app(connection)
            return
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > ends:
                raise _stopped("PostgreSQL", log, services.elsewhere) from error
            time.sleep(0.03)


def _prepare_given_database(services: Services) -> None:
    """A database of the operator's: the app's role is the one in DATABASE_URL."""
    import psycopg

    services.app_role = urlsplit(services.database_url).username or os.environ.get("PGUSER") or database.APP
    for name, url in (
        ("DATABASE_URL", services.database_url),
        ("DATABASE_OWNER_URL", services.database_owner_url),
    ):
        try:
            with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
                if services.has_two_roles and url == services.database_owner_url:
                    database.grant_to_app(connection, services.app_role)
        except psycopg.Error as error:
            raise Failure(f"The database that {name} names does not answer: {str(error).strip()}") from error


def _start_valkey(services: Services, data: Path, sockets: Path, log: Path, durable: bool) -> None:
    services.bell = valkey.Bell(
        binary=valkey.find_binary(variable="REDIS_URL" if services.may_be_given else None),
        data=data,
        sockets=sockets,
        log=log,
        durable=durable,
    )
    for attempt in ("as it was", "afresh"):
        if attempt == "afresh":
            services.bell.start_afresh()
        server = services.bell.launch()
        services.processes.append(server)
        services.redis_url = f"redis+socket://{services.bell.socket}"
        if _answers(server, services.bell.socket):
            return
        services.processes.remove(server)
    raise _stopped("Valkey", log, services.elsewhere)


def _answers(server: processes.Process, socket: Path) -> bool:
    import redis

    ends = time.monotonic() + 30
    with redis.Redis(unix_socket_path=str(socket), socket_timeout=1) as client:
        while server.poll() is None and time.monotonic() < ends:
            try:
                if client.ping():
                    return True
            except (redis.ConnectionError, redis.TimeoutError):
                time.sleep(0.02)
    return False


def _stopped(name: str, log: Path, elsewhere: str) -> Failure:
    if failures.out_of_room(log.parent, failures.tail(log)):
        return Failure(failures.disk_is_full(log.parent, elsewhere))
    return Failure(f"{name} stopped while starting. Its last words, from {log}:\n{failures.tail(log)}")
