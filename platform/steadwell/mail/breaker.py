"""A server that cannot be reached is left alone for a while: workers do not wait for it one by one."""

from __future__ import annotations

import threading
import time
from functools import cache
from typing import Final

FAILURES: Final = 5  # in a row
PAUSE: float = 30.0  # seconds


class Breaker:
    """Open after FAILURES in a row. Then one caller per PAUSE goes through as a probe; its success closes it.

    Each process learns for itself: what it saves is its own threads' time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._since = 0.0

    def admits(self) -> bool:
        with self._lock:
            if self._failures < FAILURES:
                return True
            if time.monotonic() - self._since < PAUSE:
                return False
            self._since = time.monotonic()  # this caller is the probe; the others wait for its news
            return True

    def failed(self) -> None:
        with self._lock:
            self._failures, self._since = self._failures + 1, time.monotonic()

    def passed(self) -> None:
        with self._lock:
            self._failures = 0


@cache
def breaker_of(host: str, port: int) -> Breaker:
    return Breaker()
