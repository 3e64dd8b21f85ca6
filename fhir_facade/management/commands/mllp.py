"""``python3 manage.py mllp``: takes HL7 messages over MLLP until told to stop."""

from __future__ import annotations

import asyncio
import signal
import socket
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from fhir_facade.hl7v2 import senders, tls
from fhir_facade.hl7v2.listener import Listener, Rules
from fhir_facade.hl7v2.splitter import Limits
from steadwell import clock


class Command(BaseCommand):
    help = "Take HL7 v2 messages over MLLP: store, acknowledge, promise the work. Several may run."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=settings.MLLP_HOST)
        parser.add_argument("--port", type=int, default=settings.MLLP_PORT, help="0: any free one")
        parser.add_argument(
            "--socket", type=int, help="an open socket's descriptor, instead of host and port"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        senders.ensure_demo(now=clock.now())
        if options["socket"] is not None:
            sock = socket.socket(fileno=options["socket"])
        else:
            sock = socket.create_server((options["host"], options["port"]), backlog=128)
        self.stdout.write("Listening on {}:{}".format(*sock.getsockname()[:2]))
        self.stdout.flush()
        asyncio.run(_serve(sock))


async def _serve(sock: socket.socket) -> None:
    listener = Listener(rules_of_settings(), tls=tls.server_context())
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, listener.stopping.set)
    await listener.run(sock)


def rules_of_settings() -> Rules:
    return Rules(
        limits=Limits(size=settings.MLLP_MAX_BYTES),
        idle_seconds=settings.MLLP_IDLE_SECONDS,
        frame_seconds=settings.MLLP_FRAME_SECONDS,
        connections=settings.MLLP_CONNECTIONS,
        writers=settings.MLLP_WRITERS,
    )
