"""How long a bench may take, the filling included. A figure that finds no time any more is left out and
named in the notes; whatever hangs is cut off, and what was measured by then is told.
"""

from __future__ import annotations

import signal
import time
from types import FrameType

TOTAL = 12.5 * 60  # seconds
_STOPPING = 15  # for a server and its load to end before the alarm rings

_ends = float("inf")


class OutOfTime(Exception):
    """The bench's whole time is over."""


def begin(seconds: float = TOTAL) -> None:
    """From now on ``left`` counts down, and OutOfTime interrupts the main thread at the end."""
    global _ends
    _ends = time.monotonic() + seconds

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise OutOfTime

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def over() -> None:
    """Nothing is interrupted any more: what is left to do is to tell."""
    signal.setitimer(signal.ITIMER_REAL, 0)


def allows(seconds: float) -> bool:
    """Whether something that takes so long can still be begun."""
    return time.monotonic() + seconds + _STOPPING < _ends
