"""``python3 manage.py relay``: hands promised work over to its queues until told to stop."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from steadwell.outbox.relay import Relay


class Command(BaseCommand):
    help = "Hand deliveries of the outbox over to their Celery queues. Several may run."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: stop.set())
        Relay(stop=stop).run()
