"""``python3 manage.py simulate providers [--port N]``: providers on loopback, until told to stop.

Its first line on standard output is a JSON object of ports; then it is ready. See
``notifications.simulator.house.House.control`` for what can be asked of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from notifications.simulator.house import House


class Command(BaseCommand):
    help = "Simulate providers of text messages, mail and push on this machine."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["providers"])
        parser.add_argument("--port", type=int, default=2600, help="of the control; the others follow it")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.SECURE_SSL_REDIRECT:
            raise CommandError("Production has real providers.")
        with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
            asyncio.run(self._run(options["port"]))

    async def _run(self, port: int) -> None:
        running = asyncio.ensure_future(House(port).run(self._tell))
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, running.cancel)
        await running

    def _tell(self, ports: dict[str, int]) -> None:
        self.stdout.write(json.dumps(ports))
        self.stdout.flush()
