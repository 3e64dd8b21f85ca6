"""``python3 manage.py loinc load FILE``, ``loinc status`` and ``loinc show CODE``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from steadwell import clock
from steadwell.terminology import loading
from steadwell.terminology.loinc import find_names
from steadwell.terminology.models import LoincRelease


class Command(BaseCommand):
    help = "Load your own copy of LOINC (Loinc.csv), see which release is in use, or look a code up."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_subparsers(dest="what", required=True, metavar="load|status|show")
        load = what.add_parser("load", help="load a Loinc.csv and use it from then on")
        load.add_argument("file", type=Path)
        load.add_argument(
            "--release", default="", help="its name; without it, the newest version in the file"
        )
        what.add_parser("status", help="which release is in use")
        show = what.add_parser("show", help="what is known of a code")
        show.add_argument("code")

    def handle(self, *args: Any, **options: Any) -> None:
        {"load": self._load, "status": self._status, "show": self._show}[options["what"]](options)

    def _load(self, options: dict[str, Any]) -> None:
        try:
            loaded = loading.load(path=options["file"], now=clock.now(), release=options["release"])
        except loading.FileRefused as refusal:
            raise CommandError(f"{options['file']}: {refusal.text}") from refusal
        how = "was in use already" if loaded.again else "is in use"
        self.stdout.write(f"LOINC {loaded.release} {how}: {loaded.terms} laboratory codes")

    def _status(self, options: dict[str, Any]) -> None:
        found = LoincRelease.objects.filter(current=True).first()
        if found is None:
            self.stdout.write("No release of LOINC is loaded: the shipped table answers alone")
            return
        self.stdout.write(
            f"LOINC {found.name}: {found.terms} laboratory codes, loaded {found.loaded_at:%Y-%m-%d}"
        )

    def _show(self, options: dict[str, Any]) -> None:
        found = find_names([options["code"]]).get(options["code"].strip())
        if found is None:
            raise CommandError(f"Nothing is known of {options['code']}")
        source = f"LOINC {found.release}" if found.release else "the shipped table"
        self.stdout.write(f"{found.loinc}  {found.name}  {found.unit or 'no unit'}  ({source})")
