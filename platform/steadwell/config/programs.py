"""What each process of a running Steadwell does. The launcher forks them from one that has loaded it all."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command, execute_from_command_line
from django.db import OperationalError
from django.db import connections as databases
from gunicorn.app.base import Application

from steadwell.config.queues import GIVES_WAY, QUEUES


def load() -> None:
    """Import everything once, before the forks, so that they share it and start at once."""
    django.setup()
    import celery.apps.worker
    import celery.bin.celery
    import celery.concurrency.thread  # noqa: F401
    import gunicorn.arbiter
    import gunicorn.workers.gthread  # noqa: F401

    from steadwell.config.celery import app
    from steadwell.config.wsgi import application  # noqa: F401  imports every view

    app.loader.import_default_modules()
    app.finalize()
    gc.collect()
    gc.freeze()  # else the first collection in each child copies the pages it shares


def _become(name: str, *, connections: int) -> None:
    """Before the first query of a forked process: its name, and a pool no larger than its threads need."""
    settings.PROCESS_NAME = name
    pool = databases.settings["default"]["OPTIONS"].get("pool")
    if pool:
        pool["max_size"] = connections


class _Web(Application):  # type: ignore[misc]
    """gunicorn with the settings of production, on a socket that is open already."""

    def __init__(self, changes: dict[str, Any]) -> None:
        self._changes = changes
        super().__init__(prog="steadwell")

    def load_config(self) -> None:
        self.load_config_from_module_name_or_filename("python:steadwell.config.web")
        for name, value in self._changes.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from steadwell.config.wsgi import application

        return application


def web(*, listener: int, adopt: Callable[[], None]) -> None:
    """Serve pages on an open socket. ``adopt`` ties the life of a gunicorn worker to its arbiter's."""
    from steadwell.config import web as production

    _become("web", connections=production.threads + 1)
    changes = {
        "bind": f"fd://{listener}",
        "graceful_timeout": 5,
        "post_fork": lambda _arbiter, _worker: adopt(),
    }
    _Web(changes).run()


def worker(*, queue: str) -> None:
    """The hands of one queue, as many as it declares."""
    from steadwell.config.celery import app

    threads = QUEUES[queue]
    _become(f"worker-{queue}", connections=threads + 1)
    os.nice(GIVES_WAY.get(queue, 0))
    os.environ["CELERY_SKIP_CHECKS"] = "1"  # the launcher has checked once for all of them
    app.worker_main(
        ["worker", "--queues", queue, "--hostname", f"{queue}@steadwell", "--pool", "threads",
         "--concurrency", str(threads), "--without-gossip", "--without-mingle", "--without-heartbeat",
         "--loglevel", "WARNING"]
    )  # fmt: skip


def command(*, name: str) -> None:
    """One of Django's commands that runs until it is told to stop: the relay, the poller."""
    _become(name, connections=3)
    call_command(name)


def mllp(*, listener: int) -> None:
    """Take HL7 messages on an open socket."""
    _become("mllp", connections=settings.MLLP_WRITERS + 2)
    call_command("mllp", socket=listener)


def providers(*, control: int) -> None:
    """The demo's providers of text messages, mail and notices on devices."""
    from notifications import ports as notifications

    _become("providers", connections=2)
    notifications.run_demo_providers(control=control)


def demo_people(*, each_side: int) -> list[tuple[str, str, str]]:
    """Side, name and note of the first few that one may sign in as."""
    from steadwell.accounts import service as accounts

    groups = accounts.list_demo_people()
    return [
        (str(side), person.name, person.note)
        for side, people in groups.items()
        for person in people[:each_side]
    ]


def migrate() -> None:
    """Bring the database up to date. Runs alone, in the owner's role, before anything else is loaded."""
    django.setup()
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(databases["default"])
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0, interactive=False)


def manage(argv: list[str]) -> None:
    """Any other command of Django's."""
    try:
        execute_from_command_line(argv)
    except OperationalError as error:
        sys.exit(
            f"The database does not answer: {str(error).strip()}\n"
            "Start everything in another terminal with: python3 manage.py up"
        )


def report_services() -> dict[str, Any]:
    """What the services say of themselves, and the queues of promised work, for ``status``."""
    django.setup()
    from steadwell import clock

    report: dict[str, Any] = {
        "services": {"postgres": _ask_postgres(), "valkey": _ask_valkey()},
        "queues": {},
    }
    if report["services"]["postgres"]["state"] == "answers":
        from steadwell.outbox import service as outbox

        depths, ages = outbox.queue_depths(), outbox.queue_ages(clock.now())
        report["queues"] = {
            name: {"depth": depths[name], "oldest_seconds": round(ages[name], 1)} for name in QUEUES
        }
        from fhir_facade import service as facade

        standing = facade.hl7_standing(now=clock.now())
        report["hl7"] = {"address": f"{settings.MLLP_HOST}:{settings.MLLP_PORT}", **asdict(standing)}
    return report


def _ask_postgres() -> dict[str, Any]:
    try:
        with databases["default"].cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('server_version'), count(*), pg_database_size(current_database())"
                " FROM pg_stat_activity WHERE datname = current_database()"
            )
            version, backends, size = cursor.fetchone()
    except OperationalError as error:
        return {"state": "does not answer", "because": str(error).strip()}
    return {"state": "answers", "version": version, "connections": backends, "megabytes": round(size / 2**20)}


def _ask_valkey() -> dict[str, Any]:
    from steadwell.config.celery import app, errors_of

    try:
        with app.connection_for_read(connect_timeout=2) as connection:
            connection.ensure_connection(max_retries=1, timeout=2)
    except errors_of(connection) as error:
        return {"state": "does not answer", "because": str(error)}
    return {"state": "answers"}
