"""Whether this process may be sent work. Each question has its own thread and a deadline: the web never hangs
on it.

A frozen Postgres hangs an open connection whatever its time limits, so the one who asks must be able to walk
away. Valkey's state is told but never fails readiness: booking does not wait for Valkey.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil
from time import monotonic
from typing import Final

import psycopg
import redis
from django.conf import settings
from django.db import connections
from django.db.migrations.loader import MigrationLoader

DEADLINE: Final = 1.0
_KEEP: Final = 1.0  # an answer serves so many seconds, however often a prober asks

Answer = Mapping[str, int | float | str]


@dataclass(slots=True)
class Check:
    """One question. ``required``: its failure makes the process not ready."""

    name: str
    ask: Callable[[], Answer]
    required: bool
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _answered: threading.Event = field(default_factory=threading.Event)
    _running: bool = False
    _answer: Answer = field(default_factory=dict)
    _answered_at: float = 0.0

    def start(self) -> None:
        """Ask, unless a fresh answer is there or an earlier asker still waits for its own."""
        with self._lock:
            if self._running or (self._answered_at and monotonic() - self._answered_at < _KEEP):
                return
            self._running = True
            self._answered.clear()
        threading.Thread(target=self._run, name=f"health-{self.name}", daemon=True).start()

    def answer(self, wait: float) -> Answer:
        self._answered.wait(max(wait, 0))
        with self._lock:
            return self._answer if self._answered.is_set() else {"state": "no-answer"}

    def _run(self) -> None:
        try:
            answer: Answer = {"state": "ok", **self.ask()}
        except Exception:  # noqa: BLE001 - any failure of a question is the answer; its words may name hosts
            answer = {"state": "failed"}
        finally:
            connections.close_all()
        with self._lock:
            self._answer, self._answered_at, self._running = answer, monotonic(), False
            self._answered.set()


_checks: dict[str, Check] = {}


def register_check(name: str, ask: Callable[[], Answer], *, required: bool = False) -> None:
    """Apps add what they know. ``ask`` returns numbers and codes; it raises when things are bad."""
    _checks[name] = Check(name=name, ask=ask, required=required)


def readiness() -> tuple[bool, dict[str, Answer]]:
    """Ask everything at once, wait at most a second for all of it."""
    until = monotonic() + DEADLINE
    for check in _checks.values():
        check.start()
    answers = {check.name: check.answer(until - monotonic()) for check in _checks.values()}
    ready = all(answers[check.name].get("state") == "ok" for check in _checks.values() if check.required)
    return ready, answers


class _Postgres:
    """A connection of its own, outside the pool: a full pool is a reason to wait, not to leave service."""

    def __init__(self) -> None:
        self._migrated = False

    def __call__(self) -> Answer:
        parameters = connections["default"].get_connection_params()
        wanted = {
            key: parameters[key]
            for key in ("host", "port", "dbname", "user", "password")
            if key in parameters
        }
        patience = ceil(2 * DEADLINE)  # nobody waits so long: it only ends the thread
        with psycopg.connect(**wanted, connect_timeout=patience, autocommit=True) as connection:
            if self._migrated:
                connection.execute("SELECT 1")
                return {}
            missing = self._count_missing(connection)
        self._migrated = missing == 0
        return {"state": "migrations-missing", "missing": missing} if missing else {}

    @staticmethod
    def _count_missing(connection: psycopg.Connection[tuple[str, str]]) -> int:
        known = MigrationLoader(None, ignore_no_migrations=True).disk_migrations.keys()
        try:
            applied = set(connection.execute("SELECT app, name FROM django_migrations").fetchall())
        except psycopg.errors.UndefinedTable:
            applied = set()
        return len(known - applied)


def _valkey() -> Answer:
    with redis.Redis.from_url(
        settings.CELERY_BROKER_URL.replace("redis+socket://", "unix://"),
        socket_timeout=DEADLINE / 2,
        socket_connect_timeout=DEADLINE / 2,
    ) as client:
        client.ping()
    return {}


def register_own() -> None:
    register_check("postgres", _Postgres(), required=True)
    register_check("valkey", _valkey)
