from __future__ import annotations

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = "Notifications"

    def ready(self) -> None:
        from notifications import checks, navigation, subscribers  # noqa: F401 - importing registers the check

        subscribers.register()
        navigation.register()
