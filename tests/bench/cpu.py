"""CPU time of process families, from /proc: what the web spent, what Postgres spent, apart."""

from __future__ import annotations

import os
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on; the name before them may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                children.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
            except (OSError, IndexError):
                continue
    found, todo = [], [pid]
    while todo:
        each = todo.pop()
        found.append(each)
        todo += children.get(each, [])
    return found


def seconds(pid: int) -> float:
    """User and system time of a family so far, the ended and waited-for members included."""
    total = 0
    for member in family(pid):
        try:
            fields = _stat(member)
        except OSError:
            continue
        own = int(fields[11]) + int(fields[12])
        # Children that ended were added to their parent's count when it waited for them.
        ended = int(fields[13]) + int(fields[14])
        total += own + ended
    return total / _TICK


def parent(pid: int) -> int:
    return int(_stat(pid)[1])
