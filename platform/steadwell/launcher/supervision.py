"""Keeps every process running: starts one that ended again, with growing pauses; stops all in order."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from steadwell.launcher import failures
from steadwell.launcher.processes import Process
from steadwell.launcher.running import ProcessState

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 30.0
STEADY = 60.0  # after so many seconds of life an end counts as the first one again
LOOK_ROUND = 60.0
LOG_LIMIT = 20 * 1024 * 1024


@dataclass(slots=True, kw_only=True)
class Program:
    """Something that is to run all the time. Stages start upwards and stop downwards, each one together."""

    name: str
    stage: int
    launch: Callable[[], Process]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 10.0
    process: Process | None = None
    since: float = 0.0
    restarts: int = 0
    failures: int = 0
    due: float = field(default=0.0, repr=False)  # when to start it again, on the monotonic clock

    def start(self) -> None:
        self.process = self.launch()
        self.since = time.time()

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """One loop, woken by signals only. It never starts a thread: its children are forks of it."""

    def __init__(
        self,
        programs: Iterable[Program],
        *,
        changed: Callable[[list[ProcessState]], None],
        say: Callable[[str], None],
    ) -> None:
        self._programs = sorted(programs, key=lambda program: program.stage)
        self._changed = changed
        self._say = say
        self._looked = 0.0
        self._told_full = float("-inf")
        hangs_up = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN  # nohup means: stay
        self._ends = {signal.SIGINT, signal.SIGTERM, *({signal.SIGHUP} if hangs_up else ())}
        self._signals = {signal.SIGCHLD, *self._ends}

    def start(self) -> None:
        """Take the signals over, and start what does not run yet."""
        signal.pthread_sigmask(signal.SIG_BLOCK, self._signals)
        for program in self._programs:
            if program.process is None:
                program.start()
            program.since = program.since or time.time()
        self._changed(self.states())

    def states(self) -> list[ProcessState]:
        return [
            ProcessState(
                name=program.name,
                pid=program.process.pid if program.process and program.is_running() else None,
                since=program.since,
                restarts=program.restarts,
            )
            for program in self._programs
        ]

    def run(self, until: Process | None = None) -> None:
        """Watch until somebody asks to stop, or until the process ``until`` has ended."""
        while until is None or until.poll() is None:
            self._look_after()
            caught = signal.sigtimedwait(self._signals, self._next_wake())
            if caught is not None and caught.si_signo in self._ends:
                return

    def _look_after(self) -> None:
        now, changed = time.monotonic(), False
        for program in self._programs:
            if program.process is not None and program.process.poll() is not None:
                self._note_end(program, program.process.poll() or 0, now)
                changed = True
            if program.process is None and now >= program.due:
                changed = self._start_again(program, now) or changed
        if changed:
            self._changed(self.states())
        if now - self._looked > LOOK_ROUND:
            self._looked = now
            self._trim_logs()

    def _start_again(self, program: Program, now: float) -> bool:
        """A machine that refuses (a full disk, no process left) makes this program wait and no other end."""
        try:
            program.start()
        except (OSError, subprocess.SubprocessError, failures.Failure) as error:
            program.failures += 1
            pause = self._pause(program, now)
            self._say(f"  ! {program.name} could not be started, again in {pause:.2g} s: {error}")
            self._tell_when_full(program, now)
            return False
        program.restarts += 1
        return True

    def _note_end(self, program: Program, status: int, now: float) -> None:
        lived = time.time() - program.since
        program.failures = 1 if lived > STEADY else program.failures + 1
        pause = self._pause(program, now)
        how = f"signal {-status}" if status < 0 else f"status {status}"
        after = f", again in {pause:.0f} s" if pause >= 1 else ""
        self._say(f"  ! {program.name} ended ({how}) and is started again{after}. Its log: {program.log}")
        self._tell_when_full(program, now)

    def _pause(self, program: Program, now: float) -> float:
        """Let it wait, twice as long as the last time."""
        pause: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(program.failures - 1, 16))
        program.process, program.due = None, now + pause
        return pause

    def _tell_when_full(self, program: Program, now: float) -> None:
        if failures.out_of_room(program.log.parent) and now - self._told_full > LOOK_ROUND:
            self._told_full = now
            self._say(f"  ! {failures.disk_is_full(program.log.parent)}")

    def _next_wake(self) -> float:
        waiting = [program.due - time.monotonic() for program in self._programs if program.process is None]
        return max(0.01, min([LOOK_ROUND, *waiting]))

    def _trim_logs(self) -> None:
        """Keep the last piece of a log that grew too long. Its writers append, so they go on at the start."""
        for log in {program.log for program in self._programs}:
            with contextlib.suppress(OSError):  # no room for the copy: then the log stays until there is
                if log.stat().st_size > LOG_LIMIT:
                    _trim(log)

    def stop(self) -> None:
        """All of them, stage by stage from the top. A second Ctrl-C stops asking."""
        signal.pthread_sigmask(signal.SIG_BLOCK, self._signals)
        hurried = False
        for stage in sorted({program.stage for program in self._programs}, reverse=True):
            living = [
                program for program in self._programs if program.stage == stage and program.is_running()
            ]
            for program in living:
                _send(program, signal.SIGKILL if hurried and stage > 0 else program.stop_signal)
            hurried = self._wait_for(living) or hurried

    def _wait_for(self, programs: list[Program]) -> bool:
        """Wait for them to end; those that do not are killed. True when somebody pressed Ctrl-C again."""
        ends = time.monotonic() + max((program.patience for program in programs), default=0.0)
        hurried = False
        while any(program.is_running() for program in programs):
            if hurried or time.monotonic() > ends:
                for program in programs:
                    _send(program, signal.SIGKILL)
            caught = signal.sigtimedwait(self._signals, 0.2)
            hurried = hurried or (caught is not None and caught.si_signo == signal.SIGINT)
        return hurried


def _send(program: Program, sign: signal.Signals) -> None:
    if program.process is not None:
        program.process.send_signal(sign)


def _trim(log: Path) -> None:
    kept = log.with_suffix(".log.1")
    with log.open("r+b") as file:
        file.seek(-LOG_LIMIT, os.SEEK_END)
        try:
            kept.write_bytes(file.read())
        except OSError:
            kept.unlink()
            raise
        file.truncate(0)
