"""Child processes that never outlive their parent: forked from it, or started from another program's file."""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15
HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)


class Process(Protocol):
    """What the supervisor needs of a child; ``subprocess.Popen`` has it as it is."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def send_signal(self, sig: int, /) -> None: ...


class Forked:
    """A child that shares its parent's loaded code: twelve of these cost less than two fresh starts."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit status, negative for a signal, or None while it runs."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self) -> int:
        if self.returncode is None:
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.returncode

    def send_signal(self, sig: int, /) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)


def die_with_parent(sign: signal.Signals) -> Callable[[], None]:
    """For ``preexec_fn``: the kernel sends ``sign`` to the child when the parent dies, kill -9 included."""
    parent = os.getpid()

    def ask() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(sign))
        if os.getppid() != parent:  # it died between the fork and the line above
            os._exit(1)

    return ask


def name_process(name: str) -> None:
    """What ``ps`` and ``top`` show: 15 characters."""
    _LIBC.prctl(_PR_SET_NAME, name.encode()[:15])


def fork(name: str, body: Callable[[], int | None], *, log: Path | None) -> Forked:
    """Run ``body`` in a child with a session of its own. What it returns is the exit status."""
    adopt = die_with_parent(signal.SIGTERM)
    with contextlib.suppress(OSError):  # a terminal that went away, a full disk
        sys.stdout.flush()
        sys.stderr.flush()
    pid = os.fork()
    if pid:
        return Forked(pid)
    status = 1
    try:
        for number in HANDLED:
            signal.signal(number, signal.SIG_DFL)
        adopt()
        os.setsid()  # Ctrl-C reaches the parent alone, which stops its children in their order
        name_process(name)
        if log is not None:
            _write_to(log)
        status = body() or 0
    except SystemExit as leaving:
        status = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
        if isinstance(leaving.code, str):
            print(leaving.code, file=sys.stderr)
    except BaseException:  # noqa: BLE001  the child ends here whatever it was; the parent's cleaning up is not its business
        traceback.print_exc()
    finally:
        _leave(status)
    raise AssertionError("unreachable")


def _leave(status: int) -> None:
    try:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _write_to(log: Path) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(nothing, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.close(nothing)
    os.close(out)


def execute(command: Sequence[str], *, log: Path, parent_death: signal.Signals) -> subprocess.Popen[bytes]:
    """Start another program's file, its output in ``log``."""
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            preexec_fn=die_with_parent(parent_death), start_new_session=True,
        )  # fmt: skip
    finally:
        os.close(out)


def start_ticks(pid: int) -> int | None:
    """When a process began, in the kernel's ticks: with the pid it names one process for good. None: gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *rest = text.rpartition(")")[2].split()
    return None if state == "Z" else int(rest[18])


def wait_until_gone(process: Process, seconds: float) -> bool:
    ends = time.monotonic() + seconds
    while process.poll() is None:
        if time.monotonic() > ends:
            return False
        time.sleep(0.02)
    return True
