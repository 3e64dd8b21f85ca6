from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MessagingConfig(AppConfig):
    name = "messaging"
    verbose_name = _("Conversations")

    def ready(self) -> None:
        from messaging import metrics
        from messaging.views import registering

        metrics.register()
        registering.register()
