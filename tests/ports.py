"""Where a server of a test's or of the bench's may listen."""

from __future__ import annotations

import secrets
import socket
from contextlib import suppress

_taken: list[socket.socket] = []  # one for each port that this process gave out, for as long as it lives


def free_port() -> int:
    """Below those the system gives out: one that is tried while nobody listens could connect to itself.

    No two get the same, also not from two processes of a test run: a server that is slow to start leaves its
    port free for a while, and one that was killed comes back to it.
    """
    while True:
        port = secrets.choice(range(20_000, 32_000))
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            claim = socket.socket(socket.AF_UNIX)
            try:
                claim.bind(f"\0steadwell-port-{port}")  # a name without a file: it goes with the process
            except OSError:
                claim.close()
                continue
            _taken.append(claim)
            return port
