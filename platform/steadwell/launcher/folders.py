"""Where a running Steadwell keeps its things: a data folder that stays, a short one for sockets, a lock."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from steadwell.launcher import failures, running
from steadwell.launcher.failures import Failure

ROOT = Path(__file__).resolve().parents[3]
DATA_DIR = "STEADWELL_DATA_DIR"
LONGEST_SOCKET = 107 - len("/.s.PGSQL.5432.lock")
NOBODY = 65534
BENCH = "bench"  # the benches' own data, in the project's folder and used by nobody else
MARKER = "steadwell.lock"  # a folder with this file is ours to clean up in
OURS = (
    "postgres",
    "postgres.new",
    "valkey",
    "valkey.unreadable",
    "logs",
    "secret-key",
    running.FILE,
)

_SECOND = (
    "A second one needs its own data: python3 manage.py up --data-dir ANOTHER_FOLDER --port ANOTHER_PORT"
)


def data_folder(given: str | None = None) -> Path:
    """The folder asked for, else the environment's, else the project's own."""
    return Path(given or os.environ.get(DATA_DIR) or ROOT / ".steadwell").expanduser().resolve()


@dataclass(slots=True)
class Folders:
    """``data`` survives; ``sockets`` is remade at each start: a socket's path may have 107 bytes at most."""

    data: Path
    sockets: Path
    _lock: IO[str] | None = field(default=None, repr=False)

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def metrics(self) -> Path:
        """Where the processes lay down their counters, so that /metrics can answer for all of them."""
        return self.sockets / "metrics"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def leave(self) -> None:
        shutil.rmtree(self.sockets, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()


def take(data: Path, elsewhere: str = failures.OTHER_DATA) -> Folders:
    """Make the folders and hold them: two runs on the same data would destroy it."""
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (data / MARKER).exists() and any(each.name != BENCH for each in data.iterdir()):
            raise Failure(
                f"{data} holds other things already. Choose an empty or a new folder: --data-dir FOLDER"
            )
        lock = _lock(data)
        folders = Folders(data=data, sockets=_socket_folder(data), _lock=lock)
        for folder in (folders.logs, folders.metrics):
            folder.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise failures.explain(error, data, elsewhere) from error
    return folders


def _lock(data: Path) -> IO[str]:
    file = (data / MARKER).open("w")
    ends = time.monotonic() + 40
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        except BlockingIOError:
            # A parent that was killed leaves children that are still ending: that passes by itself.
            state = running.read(data)
            if (state is not None and state.is_alive()) or time.monotonic() > ends:
                raise Failure(_already_running(data, state)) from None
            time.sleep(0.1)


def refuse_a_second(data: Path) -> None:
    """Before anything is opened: whoever forgot that it runs wants its address."""
    state = running.find(data)
    if state is not None:
        raise Failure(_already_running(data, state))


def is_held(data: Path) -> bool:
    """Whether a start or an end is under way on this data, even where no note of it stands yet."""
    try:
        with (data / MARKER).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _already_running(data: Path, state: running.State | None) -> str:
    if state is None or not state.is_alive():
        return f"Another process holds the data in {data}.\nWait until it has ended, or end it. {_SECOND}"
    return (
        f"Steadwell already runs here, at {state.address} (process {state.pid}, data in {data}).\n"
        f"Stop it with Ctrl-C in its terminal, or from anywhere: kill {state.pid}\n{_SECOND}"
    )


def _socket_folder(data: Path) -> Path:
    """A private folder with a short path, the same for the same data: an old run's leftovers are found."""
    name = f"steadwell-{hashlib.sha256(f'{os.geteuid()}:{data}'.encode()).hexdigest()[:12]}"
    for place in dict.fromkeys([tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm"]):  # noqa: S108
        folder = Path(place) / name
        if len(os.fsencode(folder)) > LONGEST_SOCKET or not os.access(place, os.W_OK):
            continue
        if _is_foreign(folder):  # somebody else took the name: never speak through their folder
            folder = folder.with_name(f"{name}-{secrets.token_hex(4)}")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        return folder
    raise Failure(
        "No temporary folder has a path short enough for the sockets. Set TMPDIR to one, for example /tmp."
    )


def _is_foreign(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    return (
        found.st_uid not in ({os.geteuid(), NOBODY} if os.geteuid() == 0 else {os.geteuid()})
        or folder.is_symlink()
    )


def empty(folders: Folders) -> None:
    """Forget everything that was kept: what we made, and nothing else."""
    for name in OURS:
        path = folders.data / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    folders.logs.mkdir(mode=0o700)


def own_key(data: Path) -> str:
    """This installation's own signing key, made once: nobody forges its sessions from the public source."""
    file = data / "secret-key"
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(secrets.token_urlsafe(50))
    return file.read_text()
