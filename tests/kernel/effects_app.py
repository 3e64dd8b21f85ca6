from __future__ import annotations

from django.apps import AppConfig


class EffectsConfig(AppConfig):
    """A process of a test hears the tests' events for as long as it lives."""

    name = "effects_app"

    def ready(self) -> None:
        from effects import Registered

        Registered().__enter__()
