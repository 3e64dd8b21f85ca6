"""``python3 manage.py catalogue``: bring the Spanish catalogue in line with the source, and compile it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from steadwell.portal.catalogue.extraction import extract
from steadwell.portal.catalogue.messages import compile_mo, read_po, write_po


class Command(BaseCommand):
    help = "Collects every translatable text, keeps what is translated, compiles, and names what is missing."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--language", default="es")
        parser.add_argument("--missing", action="store_true", help="list the texts without translation")

    def handle(self, *args: Any, language: str, missing: bool, **options: Any) -> None:
        folder = Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES"
        file = folder / "django.po"
        known = read_po(file.read_text(encoding="utf-8")) if file.exists() else {}
        messages = extract(settings.ROOT)
        for key, message in messages.items():
            if key in known:
                message.translations = known[key].translations
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(write_po(messages.values()), encoding="utf-8")
        (folder / "django.mo").write_bytes(compile_mo(messages.values()))
        left = [message for message in messages.values() if not message.is_translated]
        self.stdout.write(f"{len(messages)} texts, {len(left)} without translation.")
        for message in left if missing else []:
            self.stdout.write(f"  {message.text!r}")
