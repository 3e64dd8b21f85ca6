from __future__ import annotations

from datetime import timedelta

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "steadwell.outbox"
    verbose_name = "Promised work"

    def ready(self) -> None:
        from steadwell.outbox import housekeeping, metrics
        from steadwell.outbox.registry import repeat

        metrics.register()
        repeat("outbox.prune", every=timedelta(hours=1), queue="default", handler=housekeeping.prune_when_due)
