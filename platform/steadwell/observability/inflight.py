"""Which requests this process is answering, and for how long: a thread that hangs must not stay for ever.

gunicorn's time-out watches the worker's main loop, not its threads, and a frozen Postgres hangs an open
connection whatever its time limits. So each worker watches its own threads, see ``steadwell.config.web``.
"""

from __future__ import annotations

import threading
from time import monotonic

_started: dict[int, float] = {}


def begin() -> None:
    _started[threading.get_ident()] = monotonic()


def end() -> None:
    _started.pop(threading.get_ident(), None)


def longest_seconds() -> float:
    """The age of the oldest request that is still being answered."""
    oldest = min(list(_started.values()), default=None)
    return 0.0 if oldest is None else monotonic() - oldest
