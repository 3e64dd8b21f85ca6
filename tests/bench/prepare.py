"""The bench's database: filled once, kept, and copied for each run: all runs start from the same rows.

The name of the kept one holds a digest of migrations and generator: a change of either fills it afresh.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from steadwell.launcher import database
from tests.bench import clinic, setting
from tests.bench.tables import Connection

ROOT = Path(__file__).resolve().parents[2]
PREFIX = os.environ.get("BENCH_DATABASES", "bench")  # on somebody's server the names say whose they are
RUN = f"{PREFIX}_run"
FRESH = timedelta(days=7)  # afterwards the future of the generated clinic has shrunk too much


def ready(*, visits: int, patients: int, today: date) -> str:
    """Name a database with this many rows as the run's own. Returns what was done, for the notes."""
    kept = f"{PREFIX}_{_digest(visits, patients)}"
    began = time.monotonic()
    with psycopg.connect(_owner("postgres"), autocommit=True) as cluster:
        filled_on = _filled_on(cluster, kept)
        if filled_on is None or today - filled_on > FRESH:
            _forget_all(cluster)
            cluster.execute(f'CREATE DATABASE "{kept}"')
            _fill(kept, visits=visits, patients=patients, today=today)
            cluster.execute(f"COMMENT ON DATABASE \"{kept}\" IS '{today.isoformat()}'")
            filled_on, done = today, f"filled in {time.monotonic() - began:.0f} s"
        else:
            done = f"kept since {filled_on}"
        cluster.execute(f'DROP DATABASE IF EXISTS "{RUN}" WITH (FORCE)')
        cluster.execute(f'CREATE DATABASE "{RUN}" TEMPLATE "{kept}" STRATEGY file_copy')
    os.environ["BENCH_FILLED_ON"] = filled_on.isoformat()
    os.environ["DATABASE_OWNER_URL"] = _owner(RUN)
    os.environ["DATABASE_URL"] = _named(os.environ["DATABASE_URL"], RUN)
    return f"{visits:,} visits, {patients:,} patients: {done}, copied for this run"


def filled_on() -> date:
    return date.fromisoformat(os.environ["BENCH_FILLED_ON"])


def _named(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _owner(name: str) -> str:
    return _named(os.environ["DATABASE_OWNER_URL"], name)


def _digest(visits: int, patients: int) -> str:
    digest = hashlib.sha256(f"{visits} {patients} {setting.USERS}".encode())
    sources = [*ROOT.glob("**/migrations/*.py"), *(Path(__file__).parent / each for each in _GENERATORS)]
    for file in sorted(file for file in sources if ".venv" not in file.parts):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


_GENERATORS = ("ids.py", "clinic.py", "people.py", "setting.py", "tables.py")


def _filled_on(cluster: Connection, name: str) -> date | None:
    row = cluster.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
    ).fetchone()
    return date.fromisoformat(row[0]) if row and row[0] else None


def _forget_all(cluster: Connection) -> None:
    """Other digests' databases, and one whose filling broke off."""
    names = cluster.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [f"{PREFIX}_"]
    ).fetchall()
    for (name,) in names:
        cluster.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _fill(name: str, *, visits: int, patients: int, today: date) -> None:
    url = _owner(name)
    with psycopg.connect(url, autocommit=True) as owner:
        database.grant_to_app(owner, os.environ.get("APP_DATABASE_ROLE", database.APP))
        subprocess.run(
            [sys.executable, "-m", "django", "migrate", "--verbosity", "0"],
            env=os.environ | {"DATABASE_URL": url}, check=True,
        )  # fmt: skip
        owner.execute("SET synchronous_commit = off")
        environment = os.environ | {"DATABASE_URL": url}
        subprocess.run(
            [sys.executable, "-m", "tests.bench.setting", str(patients)], env=environment, check=True
        )
        clinic.load(owner, visits=visits, patients=patients, today=today)
        owner.execute("VACUUM (ANALYZE)")
        with contextlib.suppress(psycopg.errors.InsufficientPrivilege):  # on somebody's server
            owner.execute("CHECKPOINT")
