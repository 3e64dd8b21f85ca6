"""What the supervisor does when the machine refuses: the one program waits, and all the others go on."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from steadwell.launcher import processes, supervision
from steadwell.launcher.failures import Failure
from steadwell.launcher.supervision import Program, Supervisor


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Short pauses, and the signals as they were: a supervisor takes them over."""
    monkeypatch.setattr(supervision, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(supervision, "LOOK_ROUND", 0.02)
    earlier = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, earlier)


def sleeper() -> subprocess.Popen[bytes]:
    # As the launcher starts all of its own: the supervisor holds the signals back that end this one.
    return subprocess.Popen(["sleep", "600"], preexec_fn=processes.die_with_parent(signal.SIGTERM))


class Flaky:
    """A program that ends at once, then cannot be started as often as there are errors, then runs."""

    def __init__(self, flag: Path, errors: list[Exception]) -> None:
        self._flag = flag
        self._errors = errors
        self._began = False

    def launch(self) -> subprocess.Popen[bytes]:
        if not self._began:
            self._began = True
            return subprocess.Popen(["true"])
        if self._errors:
            raise self._errors.pop(0)
        self._flag.touch()
        return sleeper()


def appears(flag: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sh", "-c", 'until [ -e "$0" ]; do sleep 0.02; done', str(flag)])


def no_room(log: Path) -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(log))


def test_a_program_that_cannot_be_started_waits_and_the_others_go_on(tmp_path: Path):
    log, said = tmp_path / "web.log", list[str]()
    refusals = [no_room(log), OSError(errno.EAGAIN, "Resource temporarily unavailable"), Failure("Not now.")]
    flaky = Flaky(tmp_path / "runs", list(refusals))
    supervisor = Supervisor(
        [
            Program(name="postgres", stage=0, launch=sleeper, log=tmp_path / "postgres.log"),
            Program(name="web", stage=1, launch=flaky.launch, log=log),
        ],
        changed=lambda _states: None,
        say=said.append,
    )
    supervisor.start()
    before = {state.name: state.pid for state in supervisor.states()}
    try:
        supervisor.run(appears(tmp_path / "runs"))
        postgres, web = supervisor.states()
    finally:
        supervisor.stop()

    assert (postgres.pid, postgres.restarts) == (before["postgres"], 0)
    assert web.pid not in {None, before["web"]}
    assert web.restarts == 1
    refused = [line for line in said if "web could not be started" in line]
    assert [str(error) in line for error, line in zip(refusals, refused, strict=True)] == [True] * 3


def test_a_log_that_cannot_be_trimmed_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(supervision, "LOG_LIMIT", 10)
    stuck, other = tmp_path / "postgres.log", tmp_path / "valkey.log"
    stuck.write_text("the piece that nobody can copy")
    (tmp_path / "postgres.log.1").symlink_to("/dev/full")
    other.write_text("long ago and at the end")
    supervisor = Supervisor(
        [
            Program(name="postgres", stage=0, launch=sleeper, log=stuck),
            Program(name="valkey", stage=1, launch=sleeper, log=other),
        ],
        changed=lambda _states: None,
        say=lambda _line: None,
    )
    supervisor.start()
    try:
        supervisor.run(appears(tmp_path / "valkey.log.1"))
        living = [state.pid for state in supervisor.states()]
    finally:
        supervisor.stop()

    assert None not in living
    assert (tmp_path / "valkey.log.1").read_text() == "at the end"
    assert other.read_text() == ""
