"""``python3 manage.py audit seal``, ``audit verify`` and ``audit watch``."""

from __future__ import annotations

import signal
import threading
from datetime import UTC, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from steadwell import clock
from steadwell.audit import sealing, verifying, watching


def _time_of_day(text: str) -> time:
    return datetime.strptime(text, "%H:%M").replace(tzinfo=UTC).timetz()


class Command(BaseCommand):
    help = "Seal the audit trail, verify that it is what was sealed, or verify it every night until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["seal", "verify", "watch"])
        parser.add_argument("--all", action="store_true", help="seal: look at the whole table")
        parser.add_argument("--at", type=_time_of_day, default="03:15", help="watch: time of day, UTC")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "seal":
            count = sealing.seal(now=clock.now(), everything=options["all"])
            self.stdout.write(f"{count} entries sealed")
            return
        if options["what"] == "watch":
            self._watch(options["at"])
            return
        verdict = verifying.verify()
        if not verdict.intact:
            place = f"batch {verdict.batch}" + (f", entry {verdict.entry_id}" if verdict.entry_id else "")
            raise CommandError(f"The trail is not what was sealed. {verdict.fault}: {place}", returncode=2)
        self.stdout.write(
            f"Intact: {verdict.entries} entries in {verdict.batches} batches,"
            f" {verdict.unsealed} not sealed yet"
        )

    def _watch(self, at: time) -> None:
        stop = threading.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: stop.set())
        watching.Watch(at=at, stop=stop).run()
