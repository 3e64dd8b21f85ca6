"""What is running, noted in the data folder so that another shell can ask."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from steadwell.launcher.processes import start_ticks

FILE = "running.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessState:
    """One child. ``since`` is seconds since 1970; ``restarts`` counts from this start of the whole."""

    name: str
    pid: int | None
    since: float
    restarts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A running Steadwell. ``ticks`` tells its parent apart from a later process with the same number."""

    pid: int
    ticks: int
    started_at: float
    address: str
    environment: Mapping[str, str]
    processes: list[ProcessState] = field(default_factory=list)

    def is_alive(self) -> bool:
        return start_ticks(self.pid) == self.ticks


def write(data: Path, state: State) -> None:
    """Replace the note in one step: a reader sees the old one or the new one."""
    draft = data / f"{FILE}.new"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # it holds the signing key
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(state), file, indent=1)
    draft.replace(data / FILE)


def read(data: Path) -> State | None:
    """The note as last written, which may be of a run that was killed. None when there is none."""
    try:
        found = json.loads((data / FILE).read_text())
    except (FileNotFoundError, NotADirectoryError, PermissionError, json.JSONDecodeError):
        return None
    return State(**{**found, "processes": [ProcessState(**each) for each in found["processes"]]})


def find(data: Path) -> State | None:
    """The run that is alive on this data, if there is one."""
    state = read(data)
    return state if state is not None and state.is_alive() else None


def forget(data: Path) -> None:
    (data / FILE).unlink(missing_ok=True)
