"""Servers of the operator's, for ``test`` and ``bench``: both work there in databases of their own.

``up`` works in the database that is named. What runs here fills, empties and drops, so the named database is
not touched: it only says where the server is and who may enter.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from steadwell.launcher.failures import Failure

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[object, ...]]

NAMES = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")
BENCH = "steadwell_bench"
OR_NONE = "Or unset DATABASE_URL: then a PostgreSQL of its own is started."


def from_environment() -> dict[str, str]:
    """What the environment names. Empty: everything is started here."""
    return {name: os.environ[name] for name in NAMES if os.environ.get(name)}


def named(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


@contextmanager
def scratch(given: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The same addresses in a new database. It ends with this, and so do those whose names begin like it."""
    if "REDIS_URL" in given:
        insist_on_an_empty_redis(given["REDIS_URL"])
    if "DATABASE_URL" not in given:
        yield {name: given[name] for name in given if name == "REDIS_URL"}
        return
    insist_on_rights(given)
    name = f"steadwell_test_{secrets.token_hex(4)}"
    with _as_owner(given) as owner:
        owner.execute(f'CREATE DATABASE "{name}"')
    try:
        yield _in(given, name)
    finally:
        with _as_owner(given) as owner:
            found = owner.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [name])
            for (each,) in found.fetchall():
                owner.execute(f'DROP DATABASE IF EXISTS "{each}" WITH (FORCE)')


def kept(given: Mapping[str, str], name: str) -> dict[str, str]:
    """The same addresses in a database that stays for the next run."""
    if "DATABASE_URL" not in given:
        return dict(given)
    insist_on_rights(given)
    insist_on_this_machine(given)
    with _as_owner(given) as owner:
        if not owner.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            owner.execute(f'CREATE DATABASE "{name}"')
    return _in(given, name)


def _in(given: Mapping[str, str], name: str) -> dict[str, str]:
    inside = {each: named(given[each], name) for each in ("DATABASE_URL", "DATABASE_OWNER_URL")}
    return {**given, **inside}


def insist_on_rights(given: Mapping[str, str]) -> None:
    """Two roles, as in production; and an owner who may make databases and fill append-only tables."""
    import psycopg

    if not given.get("DATABASE_OWNER_URL"):
        raise Failure(
            "DATABASE_URL names the app's role only. Name the owner as well, in DATABASE_OWNER_URL: a second"
            f" role, which may create databases.\n{OR_NONE}"
        )
    app = _role(given, "DATABASE_URL")
    with _as_owner(given) as owner:
        name, creates = owner.execute(
            "SELECT rolname, rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user"
        ).fetchone() or ("", False)
        if name == app:
            raise Failure(
                f"DATABASE_URL and DATABASE_OWNER_URL name the same role, {name}: what the app may not do"
                f" could not be shown. Name another role in DATABASE_URL.\n{OR_NONE}"
            )
        if not creates:
            raise Failure(
                f"The role {name} of DATABASE_OWNER_URL may not create databases, and each run makes its own."
                f'\nLet it: ALTER ROLE "{name}" CREATEDB;\n{OR_NONE}'
            )
        try:
            owner.execute("SET session_replication_role = replica")
        except psycopg.errors.InsufficientPrivilege as error:
            raise Failure(
                f"The role {name} of DATABASE_OWNER_URL may not switch triggers off, without which"
                " append-only tables cannot be filled or emptied."
                f'\nLet it: GRANT SET ON PARAMETER session_replication_role TO "{name}";\n{OR_NONE}'
            ) from error


def insist_on_an_empty_redis(url: str) -> None:
    """Tests flush it."""
    import redis

    try:
        with redis.Redis.from_url(plain(url), socket_timeout=5) as client:
            keys = client.dbsize()
    except redis.RedisError as error:
        raise Failure(f"The server that REDIS_URL names does not answer: {error}") from error
    if keys:
        raise Failure(
            f"The Redis database that REDIS_URL names holds {keys} keys, and tests empty it."
            " Name an empty one."
        )


def insist_on_this_machine(given: Mapping[str, str]) -> None:
    """A bench reads what Postgres spent from /proc."""
    with _as_owner(given) as owner:
        (pid,) = owner.execute("SELECT pg_backend_pid()").fetchone() or (0,)
    try:
        program = Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        program = ""
    if not program.startswith("postgres"):
        raise Failure(
            "The PostgreSQL that DATABASE_URL names runs on another machine, and a bench reads from /proc"
            f" what it spends. Name one on this machine.\n{OR_NONE}"
        )


def plain(url: str) -> str:
    """Celery's address of a socket as redis-py writes it."""
    return url.replace("redis+socket://", "unix://")


def _role(given: Mapping[str, str], name: str) -> str:
    with _connected(given[name], name) as connection:
        row = connection.execute("SELECT current_user").fetchone()
    return str(row[0]) if row else ""


def _as_owner(given: Mapping[str, str]) -> Connection:
    return _connected(given["DATABASE_OWNER_URL"], "DATABASE_OWNER_URL")


def _connected(url: str, name: str) -> Connection:
    import psycopg

    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=5)
    except psycopg.Error as error:
        raise Failure(f"The database that {name} names does not answer: {str(error).strip()}") from error
