"""Starts the whole of Steadwell as a person would, on data of its own, and looks at it from outside."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from steadwell.launcher.processes import start_ticks
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
# What the test run itself was given: the one that is started here must find everything by itself.
OURS = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "APP_DATABASE_ROLE",
    "DJANGO_SETTINGS_MODULE",
    "DEMO",
)
LIMIT = 300.0


def until(asks: Callable[[], Any], what: str, *, seconds: float = LIMIT) -> Any:
    """Wait for a truthful answer; the limit is only there so that a broken start does not hang the run."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if answer := asks():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"waited in vain until {what}")


def clean_environment(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in OURS} | more


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env=clean_environment(**environment), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False, timeout=LIMIT * 3,
    )  # fmt: skip


def descendants(pid: int) -> dict[int, int]:
    """Every process below this one with its start, which tells it from a later one of the same number."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents.setdefault(parent, []).append(int(stat.parent.name))
    found, waiting = {}, list(parents.get(pid, []))
    while waiting:
        child = waiting.pop()
        ticks = start_ticks(child)
        if ticks is not None:
            found[child] = ticks
        waiting += parents.get(child, [])
    return found


class House:
    """One ``manage.py up``, without the demo unless it is asked for."""

    def __init__(self, data: Path, *, demo: bool = False, **environment: str) -> None:
        self.data = data
        self.port = free_port()
        data.parent.mkdir(parents=True, exist_ok=True)
        self._out = data.with_name(f"{data.name}.{self.port}.out")
        with self._out.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "up", *([] if demo else ["--no-demo"]),
                 "--port", str(self.port), "--hl7-port", "0", "--data-dir", str(data)],
                env=clean_environment(**environment), stdin=subprocess.DEVNULL,
                stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def output(self) -> str:
        return self._out.read_text()

    def wait_until_ready(self, *, seconds: float = LIMIT) -> House:
        until(
            lambda: "is ready" in self.output() or self.process.poll() is not None,
            "it is ready or ended",
            seconds=seconds,
        )
        assert self.process.poll() is None, self.output()
        return self

    def get(self, path: str) -> int:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=LIMIT)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()

    def is_ready(self) -> bool:
        """Not at once: it gives itself a second to find out, and who had the request may just have ended."""
        try:
            return self.get("/healthz/ready") == 200
        except (OSError, HTTPException):
            return False

    def status(self) -> dict[str, Any]:
        answer = manage("status", "--json", "--data-dir", str(self.data))
        assert answer.returncode == 0, answer.stderr
        found: dict[str, Any] = json.loads(answer.stdout)
        return found

    def pid_of(self, name: str) -> int | None:
        """From the note in the data folder: asking is cheap enough to wait with."""
        state = json.loads((self.data / "running.json").read_text())
        found: int | None = next(each["pid"] for each in state["processes"] if each["name"] == name)
        return found

    def sql(self, statement: str) -> str:
        """What a command of Django's gets from the running database."""
        program = (
            "from django.db import connection as c; x = c.cursor();"
            f"x.execute({statement!r}); print('answer', x.fetchone()[0] if x.description else None)"
        )
        for _ in range(5):  # it leaves a database that is slow to answer after seconds
            answer = manage("shell", "--no-imports", "-c", program, STEADWELL_DATA_DIR=str(self.data))
            if answer.returncode == 0:
                return re.findall(r"^answer (.*)$", answer.stdout, re.MULTILINE)[0]
        raise AssertionError(answer.stderr)

    def stop(self, sign: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(sign)
        return self.process.wait(timeout=LIMIT)

    def end(self) -> None:
        """At the end of a test, whatever happened in it."""
        if self.process.poll() is None:
            self.stop()
