"""``python3 manage.py seed_demo``: the made-up clinic of the demo."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from steadwell import clock


class Command(BaseCommand):
    help = "Make the demo clinic: 3 sites, 14 clinicians, 600 patients. Repeating it changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        from scheduling.demo import seeding

        if not getattr(settings, "DEMO", False):
            raise CommandError("This is not a demo (DEMO is off): made-up people do not go among real ones.")
        made = seeding.seed(now=clock.now())
        self.stdout.write("The demo clinic is ready." if made else "The demo clinic was there already.")
