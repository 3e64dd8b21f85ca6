"""A server that was just started, as in production, and clients of others' making that call it."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from django.db import connection
from killing import House as Processes
from killing import wait_until
from receiving import run as run_promised

from steadwell.launcher import tools
from tests.ports import free_port

PROGRAMS = Path(__file__).parent / "programs"
PATIENCE = 600.0  # of one client's whole run; an idle machine needs a twentieth


@contextmanager
def standing(folder: Path) -> Iterator[str]:
    """The web on the test's database; answers the address of its FHIR API."""
    port = free_port()
    public = f"http://127.0.0.1:{port}"
    house = Processes(
        folder, PUBLIC_URL=public, WEB_BIND=f"127.0.0.1:{port}", WEB_WORKERS="2", WEB_THREADS="2",
        WEB_STUCK_AFTER="300",
    )  # fmt: skip
    web = house.process(
        "web", "-m", "gunicorn", "-c", "python:steadwell.config.web", "--timeout", "300",
        "steadwell.config.wsgi",
    )  # fmt: skip
    web.start()
    try:
        wait_until(lambda: _answers(f"{public}/healthz/ready"), seconds=300, what="the web answers")
        yield f"{public}/fhir"
    finally:
        house.close()


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=30):  # noqa: S310 - our own
            return True
    except (OSError, URLError):
        return False


@contextmanager
def promises_kept() -> Iterator[None]:
    """What relay, workers and poller do, beside the test: exports are written, subscribers told."""
    over = threading.Event()

    def work() -> None:
        try:
            while not over.wait(0.2):
                run_promised()
        finally:
            connection.close()

    thread = threading.Thread(target=work, name="promises")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(120)
        assert not thread.is_alive()


def run(
    folder: Path, *arguments: str, seconds: float = PATIENCE, **said: str
) -> subprocess.CompletedProcess[str]:
    """The peers' Python with these arguments; nothing of ours is on its path."""
    kept = {"PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH"}
    env = {name: value for name, value in os.environ.items() if name in kept}
    return subprocess.run(
        [str(tools.python_of("peers")), *arguments],
        cwd=folder, env={**env, "HOME": str(folder), "NO_COLOR": "1", **said}, capture_output=True, text=True,
        timeout=seconds, check=False,
    )  # fmt: skip


def told(folder: Path, program: str, **said: str) -> dict[str, object]:
    """What a program of ours that uses a peer's library found, as JSON on its last line."""
    ran = run(folder, str(PROGRAMS / program), **said)
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"[-4000:]
    found: dict[str, object] = json.loads(ran.stdout.splitlines()[-1])
    return found
