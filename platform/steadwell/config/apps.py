from __future__ import annotations

from django.apps import AppConfig


class WiringConfig(AppConfig):
    """Last of the installed apps: what the others offer is there to be bound."""

    name = "steadwell.config"
    label = "wiring"

    def ready(self) -> None:
        # Tasks of the apps belong to this Celery application in every process, not only in a worker.
        from steadwell.config import celery, wiring

        celery.app.set_default()
        wiring.bind()
