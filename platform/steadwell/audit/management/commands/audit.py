"""``python3 manage.py audit seal`` and ``audit verify``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from steadwell import clock
from steadwell.audit import sealing, verifying


class Command(BaseCommand):
    help = "Seal the audit trail, or verify that it is what was sealed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["seal", "verify"])
        parser.add_argument("--all", action="store_true", help="seal: look at the whole table")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "seal":
            count = sealing.seal(now=clock.now(), everything=options["all"])
            self.stdout.write(f"{count} entries sealed")
            return
        verdict = verifying.verify()
        if not verdict.intact:
            place = f"batch {verdict.batch}" + (f", entry {verdict.entry_id}" if verdict.entry_id else "")
            raise CommandError(f"The trail is not what was sealed. {verdict.fault}: {place}", returncode=2)
        self.stdout.write(
            f"Intact: {verdict.entries} entries in {verdict.batches} batches,"
            f" {verdict.unsealed} not sealed yet"
        )
