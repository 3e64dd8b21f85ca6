"""Real processes to kill, freeze and flush: a Valkey of the test's own, workers, relays, pollers.

Everything is a child of the test process and dies with it. ``House`` puts them on the test's database.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import redis
from django.db import connections

from steadwell.launcher import processes as children
from steadwell.launcher import valkey as valkeys

ROOT = Path(__file__).resolve().parents[1]
TROUBLES = ("kill", "freeze", "flush")


class Process:
    """One child process that can be killed, frozen and started again."""

    def __init__(self, name: str, command: Sequence[str], *, env: Mapping[str, str], folder: Path) -> None:
        self.name, self._command, self._env, self._folder = name, list(command), dict(env), folder
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> Process:
        with (self._folder / f"{self.name}.log").open("ab") as log:
            self._child = subprocess.Popen(
                self._command, env=self._env, cwd=ROOT, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=children.die_with_parent(signal.SIGKILL),
            )  # fmt: skip
        return self

    @property
    def started(self) -> bool:
        return self._child is not None

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    @property
    def log(self) -> str:
        return (self._folder / f"{self.name}.log").read_text(errors="replace")

    def kill(self) -> None:
        """kill -9, the whole group: nothing gets to say goodbye."""
        self._signal(signal.SIGKILL)
        if self._child is not None:
            self._child.wait(120)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def stop(self, *, seconds: float = 120) -> int:
        """Ask politely, as a deploy does. Answers the exit status."""
        self.thaw()
        self._signal(signal.SIGTERM)
        assert self._child is not None
        try:
            return self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def _signal(self, sign: signal.Signals) -> None:
        if self._child is not None and self._child.poll() is None:
            os.killpg(self._child.pid, sign)


class Valkey(Process):
    """A Valkey that keeps nothing on disk: killed is emptied."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "valkey.sock"
        command = [
            valkeys.find_binary(), "--port", "0", "--unixsocket", str(self.socket), "--dir", str(folder),
            "--appendonly", "no", "--save", "", "--maxmemory-policy", "noeviction",
        ]  # fmt: skip
        super().__init__("valkey", command, env=os.environ, folder=folder)
        self.url = f"redis+socket://{self.socket}"

    def start(self) -> Valkey:
        super().start()
        wait_until(self.answers, seconds=240, what="Valkey answers")
        return self

    def client(self, *, patience: float = 60) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.socket), socket_timeout=patience)

    def answers(self) -> bool:
        try:
            with self.client(patience=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def flush(self) -> None:
        with self.client() as client:
            client.flushall()


class House:
    """The processes behind the web, on this test's database and a Valkey of their own."""

    def __init__(self, folder: Path, *, settings_module: str = "", **settings: str) -> None:
        self.folder = folder
        self.valkey = Valkey(folder)
        self._processes: list[Process] = [self.valkey]
        self.env = {
            **os.environ,
            "DATABASE_URL": _test_database_url(),
            "REDIS_URL": self.valkey.url,
            "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}:{ROOT / 'tests/kernel'}",
            "OUTBOX_LEASE_SECONDS": "1",
            "OUTBOX_RUN_LEASE_SECONDS": "2",
            "OUTBOX_BACK_OFF_SECONDS": "1",
            "WORKER_STALL_SECONDS": "3",
            **settings,
            **({"DJANGO_SETTINGS_MODULE": settings_module} if settings_module else {}),
        }

    def process(self, name: str, *command: str) -> Process:
        made = Process(name, [sys.executable, *command], env=self.env, folder=self.folder)
        self._processes.append(made)
        return made

    def relay(self, name: str = "relay") -> Process:
        return self.process(name, "manage.py", "relay")

    def poller(self, name: str = "poller") -> Process:
        return self.process(name, "manage.py", "poller")

    def worker(self, *queues: str, name: str = "worker", threads: int = 2) -> Process:
        return self.process(
            name, "-m", "celery", "-A", "steadwell.config.celery", "worker", "--pool", "threads",
            "--concurrency", str(threads), "--queues", ",".join(queues), "--loglevel", "WARNING",
            "--hostname", f"{name}@%h", "--without-gossip", "--without-mingle", "--without-heartbeat",
        )  # fmt: skip

    def revive(self) -> None:
        """Start again what ended, as its supervisor does."""
        for process in self._processes:
            if process.started and not process.running:
                process.start()

    def close(self) -> None:
        for process in reversed(self._processes):
            process.kill()


def one_trouble(
    rng: random.Random, house: House, processes: Sequence[Process], *, kinds: Sequence[str] = TROUBLES
) -> str:
    """One of these processes or Valkey killed or frozen, or Valkey flushed; then what ended starts again."""
    what, victim = rng.choice(kinds), rng.choice([*processes, house.valkey])
    if what == "flush":
        house.valkey.flush()
    elif what == "kill":
        victim.kill()
        time.sleep(rng.uniform(0, 0.5))
    else:
        victim.freeze()
        time.sleep(rng.uniform(0.3, 2.5))
        victim.thaw()
    house.revive()
    return what if what == "flush" else f"{what} {victim.name}"


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Wait for something that must come, and say what did not."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds:g} s")


def _test_database_url() -> str:
    """The address of the database that this test's own connection uses."""
    base = os.environ["DATABASE_URL"]
    name = connections["default"].settings_dict["NAME"]
    before, _, query = base.partition("?")
    return f"{before.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")
