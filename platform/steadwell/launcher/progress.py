"""One calm line per step, with a tick and its seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


def say(text: str = "") -> None:
    """A line for the person who started this. A terminal that went away does not stop the clinic."""
    try:
        print(text, flush=True)
    except UnicodeEncodeError:
        print(text.encode("ascii", "replace").decode(), flush=True)
    except OSError:
        pass


def _tick() -> str:
    return "✓" if (sys.stdout.encoding or "").lower().replace("-", "") == "utf8" else "ok"


@contextmanager
def step(words: str, *, slow: str = "") -> Iterator[None]:
    """Announce a step and tick it off when it is done. ``slow`` is said first where it may take a while."""
    on_terminal = sys.stdout.isatty()
    if on_terminal:
        print(f"  · {slow or words}", end="", flush=True)
    elif slow:
        say(f"  . {slow}")
    began = time.monotonic()
    try:
        yield
    except BaseException:
        if on_terminal:
            print(flush=True)
        raise
    if on_terminal:
        print("\r\033[K", end="")
    say(f"  {_tick()} {words:<58} {time.monotonic() - began:5.1f} s")
