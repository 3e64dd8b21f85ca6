"""The simulated providers as a process: its ports on the first line, then until SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Callable

from notifications.simulator.house import House


def run(port: int) -> None:
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(serve(House(port), _tell))


async def serve(house: House, ready: Callable[[dict[str, int]], None]) -> None:
    running = asyncio.ensure_future(house.run(ready))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    await running


def _tell(ports: dict[str, int]) -> None:
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
