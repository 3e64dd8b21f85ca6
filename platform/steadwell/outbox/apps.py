from __future__ import annotations

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "steadwell.outbox"
    verbose_name = "Promised work"

    def ready(self) -> None:
        from steadwell.outbox import metrics

        metrics.register()
