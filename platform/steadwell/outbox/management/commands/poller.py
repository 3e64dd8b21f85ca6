"""``python3 manage.py poller``: turns promises that fall due into deliveries until told to stop."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from steadwell.outbox.poller import Poller


class Command(BaseCommand):
    help = "Turn due rows of the outbox into deliveries. Several may run."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: stop.set())
        Poller(stop=stop).run()
