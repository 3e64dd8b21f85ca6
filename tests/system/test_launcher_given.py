"""Services that somebody else runs: ``up``, ``test`` and ``bench`` use them; and what each role may do."""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import redis
from household import LIMIT, House, manage, until

from steadwell.launcher import database, embedded


def named(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@pytest.fixture(autouse=True)
def _one_at_a_time(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """They look at which databases the server has, and each makes some: another process of this run waits."""
    with (tmp_path_factory.getbasetemp().parent / "databases.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        yield


@pytest.fixture
def given() -> Iterator[dict[str, str]]:
    """An empty database on the server of this test run, and its Valkey."""
    name = f"given_{uuid.uuid4().hex[:8]}"
    addresses = {
        variable: named(os.environ[variable], name) for variable in ("DATABASE_URL", "DATABASE_OWNER_URL")
    }
    with psycopg.connect(named(os.environ["DATABASE_OWNER_URL"], "postgres"), autocommit=True) as owner:
        owner.execute(f'CREATE DATABASE "{name}"')
        yield addresses | {"REDIS_URL": os.environ["REDIS_URL"]}
        owner.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_up_uses_what_the_environment_names(tmp_path: Path, given: dict[str, str]):
    house = House(tmp_path / "data", **given)

    try:
        report = house.wait_until_ready().status()
        until(house.is_ready, "it is ready")
    finally:
        house.end()

    assert {"postgres", "valkey"}.isdisjoint(process["name"] for process in report["processes"])
    assert "One database role" not in house.output()
    assert not (tmp_path / "data/postgres").exists()


def test_up_names_the_variable_of_a_database_that_does_not_answer(tmp_path: Path):
    house = House(tmp_path / "data", DATABASE_URL=f"postgresql:///x?host={tmp_path}")

    assert house.process.wait(LIMIT) == 1
    assert "The database that DATABASE_URL names does not answer" in house.output()
    assert "Traceback" not in house.output()


@pytest.mark.usefixtures("django_db_setup")
def test_app_role_can_do_nothing_that_is_the_owners():
    with psycopg.connect(named(os.environ["DATABASE_URL"], os.environ["TEST_DATABASE"])) as app:
        assert database.powers(app) == []

    with psycopg.connect(named(os.environ["DATABASE_OWNER_URL"], os.environ["TEST_DATABASE"])) as owner:
        assert len(database.powers(owner)) >= 5


# --- test and bench ------------------------------------------------------------------------------------

ONE = "tests/kernel/test_audit.py::test_record_is_one_statement_however_many_entries"
COMMANDS = pytest.mark.parametrize("command", [("test", ONE, "-q"), ("bench", "booking", "--small")])


def databases() -> set[str]:
    """Those of the server, but for the copies that the processes of this run make for their tests."""
    template = urlsplit(os.environ["DATABASE_OWNER_URL"]).path.lstrip("/")
    copies = f"{template}_gw" if template.startswith("steadwell_test_") else "test_gw"
    with psycopg.connect(named(os.environ["DATABASE_OWNER_URL"], "postgres")) as owner:
        found = {name for (name,) in owner.execute("SELECT datname FROM pg_database")}
    return {name for name in found if not name.startswith(copies)}


def tables(url: str) -> int:
    with psycopg.connect(url) as owner:
        (count,) = owner.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        return int(count)


@pytest.fixture
def empty_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    services = embedded.start_valkey(tmp_path_factory.mktemp("v"))
    yield services.redis_url
    services.stop()


@pytest.fixture
def roles() -> Iterator[dict[str, str]]:
    """Addresses of this run's server for roles that may not enough."""
    name = uuid.uuid4().hex[:8]
    with psycopg.connect(named(os.environ["DATABASE_OWNER_URL"], "postgres"), autocommit=True) as owner:
        owner.execute(f'CREATE ROLE "poor_{name}" LOGIN')
        owner.execute(f'CREATE ROLE "builder_{name}" LOGIN CREATEDB')
        yield {
            "poor": as_role(os.environ["DATABASE_OWNER_URL"], f"poor_{name}"),
            "builder": as_role(os.environ["DATABASE_OWNER_URL"], f"builder_{name}"),
        }
        owner.execute(f'DROP ROLE "poor_{name}"')
        owner.execute(f'DROP ROLE "builder_{name}"')


def as_role(url: str, role: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{role}@{parts.netloc.rpartition('@')[2]}", path="/postgres"))


def test_tests_run_on_the_servers_that_the_environment_names(given: dict[str, str], empty_redis: str):
    before = databases()

    done = manage("test", ONE, "-q", **{**given, "REDIS_URL": empty_redis})

    assert "1 passed" in done.stdout, done.stdout + done.stderr
    assert databases() == before
    assert tables(given["DATABASE_OWNER_URL"]) == 0


def test_a_redis_that_holds_something_is_not_emptied(given: dict[str, str], empty_redis: str):
    with redis.Redis.from_url(empty_redis.replace("redis+socket", "unix"), socket_timeout=60) as client:
        client.set("somebody's", "work")

        done = manage("test", ONE, "-q", **{**given, "REDIS_URL": empty_redis})

        assert client.get("somebody's") == b"work"
    assert done.returncode == 1
    assert "holds 1 keys, and tests empty it" in done.stderr


@COMMANDS
@pytest.mark.parametrize(
    ("owner", "words"),
    [
        ("poor", "may not create databases"),
        ("builder", "may not switch triggers off"),
        ("", "DATABASE_URL names the app's role only"),
        ("same", "name the same role"),
        ("away", "The database that DATABASE_OWNER_URL names does not answer"),
    ],
)
def test_a_role_that_may_not_enough_is_told_in_words(
    command: tuple[str, ...], owner: str, words: str, roles: dict[str, str], tmp_path: Path
):
    app = named(os.environ["DATABASE_URL"], "postgres")
    owners = {**roles, "same": app, "away": f"postgresql:///x?host={tmp_path}", "": ""}
    before = databases()

    done = manage(*command, DATABASE_URL=app, DATABASE_OWNER_URL=owners[owner])

    assert done.returncode == 1
    assert words in done.stderr
    assert "unset DATABASE_URL" in done.stderr or owner == "away"
    assert "Traceback" not in done.stderr
    assert databases() == before
