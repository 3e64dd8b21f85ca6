"""``python3 manage.py test``: pytest with its own Postgres and Valkey, gone when it ends.

Where the environment names servers, it works there, in databases of its own (`given`).
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO

from steadwell.launcher import embedded, failures, given, processes
from steadwell.launcher.failures import Failure
from steadwell.launcher.folders import ROOT

PREFIX = "steadwell-run-"
MOST = 4  # test processes
CONNECTIONS = 1000  # a race opens 200 and more, and each test process may run one
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(arguments: list[str]) -> int:
    """Start the services, migrate the template once, run pytest, stop. Returns pytest's status."""
    pytest = ["-m", "pytest", *parallel(arguments), *arguments]
    return with_own_services(pytest, durable=False, settings="test")


def parallel(arguments: list[str]) -> list[str]:
    """One process more than cores for the whole suite, for much of it waits. A part of it is done sooner by
    one, and a debugger needs one.
    """
    alone = (
        "-n",
        "--numprocesses",
        "--dist",
        "-s",
        "--capture",
        "--pdb",
        "--trace",
        "--co",
        "--collect-only",
        "-p",
    )
    chooses = any(word.startswith(alone) for word in arguments)
    names_tests = any((ROOT / word.split("::")[0]).exists() for word in arguments)
    if chooses or names_tests:
        return []
    # Of the ways to distribute this one goes on when a process is lost; by groups it waits for ever.
    return ["-n", str(min((os.cpu_count() or 1) + 1, MOST)), "--dist", "load"]


def with_own_services(arguments: list[str], *, durable: bool, settings: str) -> int:
    """Run this Python with the arguments beside services that start and end with it, or on given ones."""
    with _folder() as folder:
        try:
            with given.scratch(given.from_environment()) as addresses:
                return run_beside(
                    folder / "data",
                    folder,
                    arguments,
                    durable=durable,
                    settings=settings,
                    elsewhere=failures.OTHER_TEMPORARY,
                    addresses=addresses,
                )
        except OSError as error:
            raise failures.explain(error, folder, failures.OTHER_TEMPORARY) from error


def run_beside(
    data: Path,
    sockets: Path,
    arguments: list[str],
    *,
    durable: bool,
    settings: str,
    elsewhere: str,
    migrate: bool = True,
    addresses: Mapping[str, str] | None = None,
) -> int:
    """Start the services on these folders, run this Python with the arguments, stop. Returns its status.

    ``addresses`` names those that are not started: whoever gives them has made sure that they may be filled
    and emptied.
    """
    services = embedded.start(
        data,
        sockets,
        durable=durable,
        given=addresses or {},
        connections=CONNECTIONS,
        elsewhere=elsewhere,
    )
    try:
        environment = os.environ | services.environment()
        environment |= {
            "DJANGO_SETTINGS_MODULE": f"steadwell.config.settings.{settings}",
            "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}",
        }
        if migrate and _child(["manage.py", "migrate", "--verbosity", "0"], environment):
            raise Failure("The database could not be migrated; see above.")
        return _child(arguments, environment)
    finally:
        services.stop()


def _child(arguments: list[str], environment: dict[str, str]) -> int:
    """Wait for a child and hand it the signals that come. Ctrl-C reaches it from the terminal as well."""
    child = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        preexec_fn=processes.die_with_parent(signal.SIGTERM),
    )

    def pass_on(number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGINT or not sys.stdin.isatty():
            child.send_signal(number)

    earlier = {number: signal.signal(number, pass_on) for number in SIGNALS}
    try:
        return child.wait()
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder for this run, with a lock that a kill -9 opens: the next run clears what was left behind."""
    base = Path(tempfile.gettempdir())
    if len(os.fsencode(base)) > 60:
        base = Path("/tmp")  # noqa: S108  a socket's path may have 107 bytes
    for left in base.glob(f"{PREFIX}*"):
        if left.stat().st_uid == os.geteuid() and (lock := _lock(left)):
            shutil.rmtree(left, ignore_errors=True)
            lock.close()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
    folder.chmod(0o711)  # as root without user namespaces, Postgres runs as nobody and has to pass
    held = _lock(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if held:
            held.close()


def _lock(folder: Path) -> IO[str] | None:
    try:
        file = (folder / "lock").open("w")
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file
