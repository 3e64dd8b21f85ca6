from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings


class ObservabilityConfig(AppConfig):
    name = "steadwell.observability"
    verbose_name = "Observability"

    def ready(self) -> None:
        from steadwell.observability import health, logs, machines

        logs.configure(style=settings.LOG_STYLE, level=settings.LOG_LEVEL)
        health.register_own()
        if settings.METRICS_PORT:
            machines.serve(settings.METRICS_PORT)
