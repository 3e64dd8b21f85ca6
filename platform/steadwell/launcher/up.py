"""``python3 manage.py up``: everything, from nothing to an address, and down again on Ctrl-C."""

from __future__ import annotations

import argparse
import errno
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from steadwell.launcher import failures, folders, processes, progress, walk
from steadwell.launcher.failures import Failure
from steadwell.launcher.start import Start

PORT = 8000
HL7_PORT = 2575  # the one that IANA keeps for HL7


def run(arguments: list[str]) -> int:
    """The whole life of one start. Returns the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.check and options.no_demo:
        parser.error("--check books as a demo patient: leave --no-demo out.")
    _turn_signals_into_interrupts()
    try:
        with _data_folder(options) as data:
            folders.refuse_a_second(data)
            with _listen(options, data) as listener, _listen_for_hl7(options) as hl7:
                demo = not options.no_demo
                return _live(options, Start(data=data, listener=listener, hl7=hl7, demo=demo))
    except KeyboardInterrupt:
        progress.say("\nStopped.")
        return 130
    except OSError as error:
        raise failures.explain(error, folders.data_folder(options.data_dir)) from error


def _live(options: argparse.Namespace, start: Start) -> int:
    if options.reset and not options.yes:
        _ask_before_forgetting(start.data)
    try:
        start.take_folders(reset=options.reset)
        start.start_services()
        start.prepare_database()
        if start.demo:
            start.fill_demo()
        start.start_programs()
        if options.check:
            return start.watch(processes.fork("sw-check", lambda: walk.run(start.address), log=None))
        start.say_welcome()
        return start.watch()
    finally:
        start.down()
        progress.say("Stopped." if options.check else "Stopped. The data stays.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 manage.py up",
        description="Start Steadwell on this machine. Ctrl-C stops it; the data stays.",
    )
    parser.add_argument("--port", type=int, help=f"where the pages answer on this machine (default {PORT})")
    parser.add_argument(
        "--hl7-port", type=int, help=f"where HL7 messages are taken on this machine (default {HL7_PORT})"
    )
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


def _ask_before_forgetting(data: Path) -> None:
    if not sys.stdin.isatty():
        raise Failure("--reset forgets all data, so it asks first. Without a terminal, say --reset --yes.")
    if input(f"  Forget all data in {data}? Type yes: ").strip().lower() != "yes":
        raise Failure("Nothing was changed.")


@contextmanager
def _data_folder(options: argparse.Namespace) -> Iterator[Path]:
    """The folder asked for; a check without one gets a folder that goes with it."""
    if not options.check or options.data_dir:
        yield folders.data_folder(options.data_dir)
        return
    folder = Path(tempfile.mkdtemp(prefix="steadwell-check-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _listen(options: argparse.Namespace, data: Path) -> Iterator[socket.socket]:
    """The web's socket is opened here and stays open: a web process started again drops no visitor."""
    port = options.port if options.port is not None else 0 if options.check else PORT
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise Failure(_port_words(port, error, data)) from error
        listener.listen(512)
        yield listener


@contextmanager
def _listen_for_hl7(options: argparse.Namespace) -> Iterator[socket.socket]:
    """Open as long as the web's. Where no port was asked for and its own is taken, any free one will do."""
    wanted = options.hl7_port
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", wanted if wanted is not None else 0 if options.check else HL7_PORT))
        except (OSError, OverflowError) as error:
            if wanted is not None:
                raise Failure(f"Port {wanted} cannot take HL7 messages: {error}. Choose another.") from error
            listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        yield listener


def _port_words(port: int, error: Exception, data: Path) -> str:
    if isinstance(error, OverflowError):
        return "A port is a number from 1 to 65535."
    if isinstance(error, PermissionError):
        return f"Port {port} is kept for the system. Choose one above 1023: python3 manage.py up --port 8000"
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        if folders.is_held(data):
            return f"Steadwell is just starting or stopping on the data in {data}.\nTry again in a moment."
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            free = probe.getsockname()[1]
        return f"Port {port} is taken by another program. Choose another: python3 manage.py up --port {free}"
    return f"Port {port} cannot be opened: {error}"
