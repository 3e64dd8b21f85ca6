"""gunicorn as in production, beside the durable Postgres of the bench, and people who are signed in."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import urlopen
from uuid import UUID

import django
import psycopg
from django.conf import settings
from django.db import connections

from tests.bench import cpu
from tests.ports import free_port

WORKERS = os.cpu_count() or 2
THREADS = 2
CSRF = "b" * 32


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    pid: int
    postmaster: int

    def web_seconds(self) -> float:
        return cpu.seconds(self.pid)

    def postgres_seconds(self) -> float:
        return cpu.seconds(self.postmaster)


def postmaster_pid() -> int:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        row = connection.execute("SELECT pg_backend_pid()").fetchone()
        assert row
        return cpu.parent(row[0])


@contextmanager
def server(*, workers: int = WORKERS, threads: int = THREADS, **variables: str) -> Iterator[Server]:
    """The platform's web, its log thrown away. Nothing else runs: no worker, no relay."""
    port = free_port()
    with tempfile.TemporaryDirectory() as metrics:
        environment = os.environ | {
            "WEB_BIND": f"127.0.0.1:{port}", "WEB_WORKERS": str(workers), "WEB_THREADS": str(threads),
            "DATABASE_POOL_SIZE": str(threads + 1), "DEMO": "0", "LOG_STYLE": "json",
            "PROMETHEUS_MULTIPROC_DIR": metrics,
        } | variables  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "python:steadwell.config.web", "steadwell.config.wsgi"],
            env=environment, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            _wait_until_it_answers(process, port)
            yield Server(port, process.pid, postmaster_pid())
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_it_answers(process: subprocess.Popen[bytes], port: int) -> None:
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        if process.poll() is not None:
            raise RuntimeError(f"gunicorn ended with {process.returncode}")
        try:
            with urlopen(f"http://127.0.0.1:{port}/healthz/ready", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("gunicorn did not get ready within a minute")


def sign_in(user_ids: Sequence[str], *, staff: bool = False) -> list[str]:
    """Sessions as signing in makes them, one per user: the cookies' keys."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from steadwell import clock
    from steadwell.accounts.models import Session, User
    from steadwell.accounts.second_factor import mark_passed
    from steadwell.accounts.sessions import SessionStore, digest

    now, keys, rows = clock.now(), [], []
    seal = User.objects.get(pk=user_ids[0]).get_session_auth_hash()  # of the password: all have the same
    for user_id in user_ids:
        session = SessionStore()
        session[SESSION_KEY] = user_id
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
        session[HASH_SESSION_KEY] = seal
        if staff:
            mark_passed(session, UUID(user_id))
        keys.append(secrets.token_urlsafe(32))
        rows.append(
            Session(
                key_digest=digest(keys[-1]), user_id=UUID(user_id), created_at=now, last_seen_at=now,
                data=session.encode(dict(session.items())),
            )
        )  # fmt: skip
    Session.objects.bulk_create(rows, batch_size=2000)
    return keys


def get(path: str, key: str, *, part: bool = False) -> bytes:
    return _request("GET", path, key, b"", ["HX-Request: true"] if part else [])


def post(path: str, key: str, form: str) -> bytes:
    return _request("POST", path, key, f"csrfmiddlewaretoken={CSRF}&{form}".encode())


def _request(method: str, path: str, key: str, body: bytes, more: Sequence[str] = ()) -> bytes:
    """As a browser sends it, with the cookies and headers a server has to read."""
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36",
        "Accept: text/html,application/xhtml+xml",
        "Accept-Language: en-US,en;q=0.9",
        f"Cookie: {settings.SESSION_COOKIE_NAME}={key}; csrftoken={CSRF}",
        "Connection: keep-alive",
        *more,
    ]
    if method == "POST":
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def set_up() -> None:
    django.setup()


def use_database() -> None:
    """What this process asks through Django goes to the run's database from now on."""
    url = os.environ["DATABASE_URL"]
    connections.close_all()
    connections["default"].close_pool()
    connections["default"].settings_dict["NAME"] = urlsplit(url).path.lstrip("/")


def machine() -> str:
    """What it ran on: figures of two machines, or of a busy one, do not compare."""
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, load {load:.1f} at the end, {WORKERS} web workers of {THREADS} threads,"
        f" Python {sys.version.split()[0]}"
    )
