"""Services that somebody else runs: ``up`` uses them and starts none; and what each role may do."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from household import House

from steadwell.launcher import database

pytestmark = pytest.mark.xdist_group("launcher")


def named(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


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
    house = House(tmp_path / "data", **given).wait_until_ready()

    try:
        report = house.status()
        assert house.get("/healthz/ready") == 200
    finally:
        house.end()

    assert {"postgres", "valkey"}.isdisjoint(process["name"] for process in report["processes"])
    assert "One database role" not in house.output()
    assert not (tmp_path / "data/postgres").exists()


def test_up_names_the_variable_of_a_database_that_does_not_answer(tmp_path: Path):
    house = House(tmp_path / "data", DATABASE_URL=f"postgresql:///x?host={tmp_path}")

    assert house.process.wait() == 1
    assert "The database that DATABASE_URL names does not answer" in house.output()
    assert "Traceback" not in house.output()


@pytest.mark.usefixtures("django_db_setup")
def test_app_role_can_do_nothing_that_is_the_owners():
    with psycopg.connect(named(os.environ["DATABASE_URL"], os.environ["TEST_DATABASE"])) as app:
        assert database.powers(app) == []

    with psycopg.connect(named(os.environ["DATABASE_OWNER_URL"], os.environ["TEST_DATABASE"])) as owner:
        assert len(database.powers(owner)) >= 5
