"""``python3 manage.py up``: everything, from nothing to an address, and down again on Ctrl-C."""

from __future__ import annotations

import argparse
import errno
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from steadwell.config.queues import QUEUES
from steadwell.launcher import database, embedded, failures, folders, processes, progress, running
from steadwell.launcher.failures import Failure
from steadwell.launcher.supervision import Program, Supervisor

PORT = 8000
GIVEN = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")
# Web 2 x 4, workers 13 threads + 9, relay and poller 3 each, the seed, a shell or two: well below.
CONNECTIONS = 100


def run(arguments: list[str]) -> int:
    """The whole life of one start. Returns the exit status."""
    options = _parser().parse_args(arguments)
    _turn_signals_into_interrupts()
    try:
        with _data_folder(options) as data, _listen(options.port) as listener:
            return _Start(options, data, listener).run()
    except KeyboardInterrupt:
        progress.say("\nStopped.")
        return 130
    except OSError as error:
        raise failures.explain(error, folders.data_folder(options.data_dir)) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 manage.py up",
        description="Start Steadwell on this machine. Ctrl-C stops it; the data stays.",
    )
    parser.add_argument("--port", type=int, help=f"where the pages answer on this machine (default {PORT})")
    parser.add_argument(
        "--data-dir", metavar="FOLDER", help="where the data stays (default .steadwell in the project)"
    )
    parser.add_argument("--no-demo", action="store_true", help="no demo clinic and no demo sign-in")
    parser.add_argument("--reset", action="store_true", help="forget the data of earlier starts first")
    parser.add_argument("--yes", action="store_true", help="do not ask before --reset")
    parser.add_argument(
        "--check",
        action="store_true",
        help="start on throw-away data, walk one booking through the pages, stop",
    )
    return parser


def _turn_signals_into_interrupts() -> None:
    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, interrupt)


@contextmanager
def _data_folder(options: argparse.Namespace) -> Iterator[Path]:
    if not options.check or options.data_dir:
        yield folders.data_folder(options.data_dir)
        return
    folder = Path(tempfile.mkdtemp(prefix="steadwell-check-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _listen(asked: int | None) -> Iterator[socket.socket]:
    """The web's socket is opened here and stays open: a web process started again drops no visitor."""
    port = PORT if asked is None else asked
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise Failure(_port_words(port, error)) from error
        listener.listen(512)
        yield listener


def _port_words(port: int, error: Exception) -> str:
    if isinstance(error, OverflowError):
        return "A port is a number from 1 to 65535."
    if isinstance(error, PermissionError):
        return f"Port {port} is kept for the system. Choose one above 1023: python3 manage.py up --port 8000"
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            free = probe.getsockname()[1]
        return f"Port {port} is taken by another program. Choose another: python3 manage.py up --port {free}"
    return f"Port {port} cannot be opened: {error}"


class _Start:
    """The steps of one start, in their order."""

    def __init__(self, options: argparse.Namespace, data: Path, listener: socket.socket) -> None:
        self._options = options
        self._data = data
        self._listener = listener
        self._address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._began = time.time()

    def run(self) -> int:
        self._folders = folders.take(self._data)
        self._services: embedded.Services | None = None
        self._supervisor: Supervisor | None = None
        try:
            return self._start_and_watch()
        finally:
            self._stop()

    def _start_and_watch(self) -> int:
        if self._options.reset:
            self._reset()
        self._start_services()
        self._prepare_database()
        self._start_programs()
        if self._options.check:
            return self._check()
        progress.say(self._welcome())
        assert self._supervisor is not None  # noqa: S101
        self._supervisor.run()
        return 0

    def _reset(self) -> None:
        if not self._options.yes:
            if not sys.stdin.isatty():
                raise Failure(
                    "--reset forgets all data, so it asks first. Without a terminal, say --reset --yes."
                )
            if input(f"  Forget all data in {self._data}? Type yes: ").strip().lower() != "yes":
                raise Failure("Nothing was changed.")
        with progress.step("Forgot the data of earlier starts"):
            folders.empty(self._folders)

    def _start_services(self) -> None:
        given = {name: os.environ[name] for name in GIVEN if os.environ.get(name)}
        with progress.step("PostgreSQL and Valkey answer", slow="Starting PostgreSQL and Valkey"):
            self._services = embedded.start(
                self._data,
                self._folders.sockets,
                given=given,
                connections=CONNECTIONS,
                logs=self._folders.logs,
            )
        os.environ.update(self._services.environment())
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "steadwell.config.settings.dev")
        os.environ.setdefault("SECRET_KEY", folders.own_key(self._data))
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(self._folders.metrics)
        os.environ["DEMO"] = "0" if self._options.no_demo else "1"

    def _prepare_database(self) -> None:
        services = self._services
        assert services is not None  # noqa: S101
        with progress.step("Database is up to date", slow="Bringing the database up to date"):
            child = processes.fork(
                "sw-migrate", _migrate(services.database_owner_url), log=self._folders.log("migrate")
            )
            from steadwell.config import programs

            programs.load()  # meanwhile, on the other core
            self._insist(child, "migrate", "The database could not be brought up to date")
            if services.has_two_roles:
                database.insist_on_two_roles(services.database_url)
            else:
                progress.say(
                    "  ! One database role does it all, so the audit is unprotected: set DATABASE_OWNER_URL."
                )
        if not self._options.no_demo and programs.is_command("seed_demo"):
            with progress.step("Demo clinic is there", slow="Filling the demo clinic"):
                child = processes.fork(
                    "sw-seed", lambda: programs.command(name="seed_demo"), log=self._folders.log("seed")
                )
                self._insist(child, "seed", "The demo clinic could not be filled")

    def _insist(self, child: processes.Forked, log: str, words: str) -> None:
        if child.wait() == 0:
            return
        text = failures.tail(self._folders.log(log))
        if failures.out_of_room(self._data, text):
            raise Failure(failures.disk_is_full(self._data))
        raise Failure(f"{words}. The end of {self._folders.log(log)}:\n{text}")

    def _start_programs(self) -> None:
        self._supervisor = Supervisor(self._programs(), changed=self._note, say=progress.say)
        with progress.step("Web, workers, relay and poller run"):
            self._supervisor.start()
            self._wait_for_web()

    def _programs(self) -> list[Program]:
        from steadwell.config import programs

        services = self._services
        assert services is not None  # noqa: S101
        started = list(services.processes)
        found: list[Program] = []
        if services.cluster:
            found.append(
                Program(name="postgres", stage=0, launch=services.cluster.launch, log=services.cluster.log,
                        stop_signal=signal.SIGINT, patience=30.0, process=started.pop(0))
            )  # fmt: skip
        if services.bell:
            found.append(
                Program(name="valkey", stage=1, launch=services.bell.launch, log=services.bell.log,
                        process=started.pop(0))
            )  # fmt: skip
        found += [self._forked(f"worker {queue}", 2, _worker(queue)) for queue in QUEUES]
        found += [
            self._forked(name, 2, _command(name)) for name in ("relay", "poller") if programs.is_command(name)
        ]
        return [*found, self._forked("web", 3, self._web)]

    def _forked(self, name: str, stage: int, body: Callable[[], None]) -> Program:
        log = self._folders.log(name.replace(" ", "-"))
        title = "sw-" + name.removeprefix("worker ")
        return Program(name=name, stage=stage, log=log, launch=lambda: processes.fork(title, body, log=log))

    def _web(self) -> None:
        from steadwell.config import programs

        programs.web(
            listener=self._listener.fileno(),
            adopt=processes.die_with_parent(signal.SIGTERM),
        )

    def _note(self, states: list[running.ProcessState]) -> None:
        services = self._services
        assert services is not None  # noqa: S101
        names = ("DJANGO_SETTINGS_MODULE", "SECRET_KEY", "DEMO")
        environment = services.environment() | {name: os.environ[name] for name in names}
        ticks = processes.start_ticks(os.getpid())
        running.write(
            self._data,
            running.State(
                pid=os.getpid(), ticks=ticks or 0, started_at=self._began, address=self._address,
                environment=environment, processes=states,
            ),
        )  # fmt: skip

    def _wait_for_web(self) -> None:
        port = self._listener.getsockname()[1]
        waiter = processes.fork("sw-wait", lambda: _ask_until_live(port), log=None)
        assert self._supervisor is not None  # noqa: S101
        self._supervisor.run(until=waiter)
        if waiter.poll() is None:
            raise KeyboardInterrupt
        if waiter.poll():
            raise Failure(
                f"The web does not answer. The end of its log:\n{failures.tail(self._folders.log('web'))}"
            )

    def _check(self) -> int:
        raise Failure("--check is not there yet.")

    def _welcome(self) -> str:
        return (
            f"\n  Steadwell is ready:  {self._address}\n\n  Ctrl-C stops it. The data stays in {self._data}\n"
        )

    def _stop(self) -> None:
        if self._supervisor is not None:
            progress.say("\nStopping …")
            self._supervisor.stop()
            progress.say("Stopped. The data stays." if not self._options.check else "Stopped.")
        elif self._services is not None:
            self._services.stop()
        running.forget(self._data)
        self._folders.leave()


def _worker(queue: str) -> Callable[[], None]:
    def body() -> None:
        from steadwell.config import programs

        programs.worker(queue=queue)

    return body


def _command(name: str) -> Callable[[], None]:
    def body() -> None:
        from steadwell.config import programs

        programs.command(name=name)

    return body


def _migrate(owner_url: str) -> Callable[[], None]:
    def body() -> None:
        os.environ["DATABASE_URL"] = owner_url
        from steadwell.config import programs

        programs.migrate()

    return body


def _ask_until_live(port: int) -> int:
    import http.client

    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/healthz/live")
            return 0 if connection.getresponse().status < 500 else 1
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    return 1
