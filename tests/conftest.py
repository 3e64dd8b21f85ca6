"""The tests' own database: a copy of the migrated template per worker, used in the app's role."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import weakref
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import hypothesis
import psycopg
import pytest
from django.conf import settings
from django.db import connections
from django.test import TransactionTestCase
from django.utils import translation

from steadwell.launcher import embedded, given
from steadwell.launcher.failures import Failure
from steadwell.observability import health
from steadwell.outbox import relay

pytest_plugins = ["browsing"]

# A slow machine is no failure: examples have no time limit, nor has making them up.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")

OWNER_URL = os.environ.get("DATABASE_OWNER_URL", "")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """A parallel worker gets its own Valkey as it gets its own database: a queue has one set of hands."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if not worker:
        return
    if not settings.CELERY_BROKER_URL.startswith("redis+socket://"):
        _take_next_database(int(worker.removeprefix("gw")))
        return
    folder = Path(
        tempfile.mkdtemp(prefix=f"{worker}-", dir=Path(settings.CELERY_BROKER_URL.split("://")[1]).parent)
    )
    valkey = embedded.start_valkey(folder)
    os.environ["REDIS_URL"] = settings.CELERY_BROKER_URL = valkey.redis_url
    config.add_cleanup(valkey.stop)


def _take_next_database(number: int) -> None:
    """On a server that somebody named: one of its numbered databases for each worker, if it is empty."""
    parts = urlsplit(settings.CELERY_BROKER_URL)
    first = int(parts.path.strip("/") or 0)
    url = urlunsplit(parts._replace(path=f"/{first + 1 + number}"))
    try:
        given.insist_on_an_empty_redis(url)
    except Failure as failure:
        pytest.exit(str(failure), returncode=4)
    os.environ["REDIS_URL"] = settings.CELERY_BROKER_URL = url


def _owner_url(database: str) -> str:
    return urlunsplit(urlsplit(OWNER_URL)._replace(path=f"/{database}"))


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any, worker_id: str) -> Iterator[None]:
    """Clone the migrated template for this worker. Tests connect as the app's role, as production does."""
    if not OWNER_URL:
        pytest.exit("Run the tests with: python3 manage.py test", returncode=4)
    template = urlsplit(OWNER_URL).path.lstrip("/")
    clone = f"{template}_{worker_id}" if template.startswith("steadwell_test_") else f"test_{worker_id}"
    with psycopg.connect(_owner_url("postgres"), autocommit=True) as owner:
        owner.execute(f'DROP DATABASE IF EXISTS "{clone}" WITH (FORCE)')
        owner.execute(f'CREATE DATABASE "{clone}" TEMPLATE "{template}"')
    connections["default"].settings_dict["NAME"] = clone
    connections.settings["default"]["NAME"] = clone
    os.environ["TEST_DATABASE"] = clone
    with django_db_blocker.unblock():
        yield
        connections.close_all()


@pytest.fixture(autouse=True)
def _the_language_of_nobody() -> Iterator[None]:
    """A request leaves its reader's language on its thread, which in a test is everybody's."""
    translation.deactivate()
    yield
    translation.deactivate()


@pytest.fixture(autouse=True, scope="session")
def _addresses_are_made_before_a_test_changes_a_setting() -> None:
    """They are made once for a process, and those of the demonstration only where it is one."""
    import_module(settings.ROOT_URLCONF)


@pytest.fixture(autouse=True, scope="session")
def _nobody_hurries() -> Iterator[None]:
    """The second that a prober is given is the subject of one test, and no judge of a loaded machine; nor is
    the one in which a relay gives Valkey up.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(health, "DEADLINE", 60.0)
        for name in ("socket_timeout", "socket_connect_timeout"):
            patch.setitem(relay._HURRIED, name, 60.0)
        yield


@pytest.fixture
def owner_connection(django_db_setup: None) -> Iterator[psycopg.Connection[Any]]:
    """The owner's own connection to this worker's database, for what the app's role may not do."""
    with psycopg.connect(_owner_url(os.environ["TEST_DATABASE"]), autocommit=True) as owner:
        yield owner


def _empty_tables(self: TransactionTestCase) -> None:
    """After a transactional test. The owner does it: the app's role cannot truncate, which is the point."""
    with psycopg.connect(_owner_url(os.environ["TEST_DATABASE"]), autocommit=True) as owner:
        # What a test left open must fail it, not hold up the run.
        owner.execute("SET lock_timeout = '60s'")
        names = owner.execute(
            "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"
            " AND tablename NOT IN ('django_migrations', 'django_content_type', 'auth_permission')"
        ).fetchall()
        # Append-only tables refuse TRUNCATE otherwise.
        owner.execute("SET session_replication_role = replica")
        owner.execute("TRUNCATE " + ", ".join(name for (name,) in names) + " RESTART IDENTITY CASCADE")


TransactionTestCase._fixture_teardown = _empty_tables  # type: ignore[method-assign]


# Which thread opened a connection, and in which test. A plain dict: threads add to it while it is looked
# through, which a dict of the library's with weak keys does not bear.
_opened: dict[weakref.ref[psycopg.Connection[Any]], tuple[threading.Thread, str]] = {}
_connect = psycopg.Connection.__init__


def _remember(self: psycopg.Connection[Any], *args: Any, **kwargs: Any) -> None:
    _connect(self, *args, **kwargs)
    _opened[weakref.ref(self)] = threading.current_thread(), os.environ.get("PYTEST_CURRENT_TEST", "")


psycopg.Connection.__init__ = _remember  # type: ignore[method-assign]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Killing takes as long as it takes: what was killed has to come back each time. So does starting whole
    houses, and what programs of others do with one.
    """
    for item in items:
        if item.get_closest_marker("kill"):
            item.add_marker(pytest.mark.timeout(2400))
        elif item.path.parent.name in {"system", "peers"}:
            item.add_marker(pytest.mark.timeout(1200))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Say what failed at once: a run that is cut off later has named it."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        sys.stderr.write(f"\n{report.when} of {report.nodeid} failed:\n{report.longreprtext[-4000:]}\n")


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """A thread closes its connection before it ends; else some later test is blamed for it."""
    left = []
    for opened, (thread, test) in list(_opened.items()):
        connection = opened()
        if connection is None or connection.closed:
            del _opened[opened]
        elif not thread.is_alive():
            del _opened[opened]
            left.append(f"{thread.name} of {test}")
    if left:
        pytest.fail(f"ended without closing its connection: {', '.join(left)}", pytrace=False)
