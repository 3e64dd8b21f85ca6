from __future__ import annotations

from django.apps import AppConfig


class ObservabilityConfig(AppConfig):
    name = "steadwell.observability"
    verbose_name = "Observability"
