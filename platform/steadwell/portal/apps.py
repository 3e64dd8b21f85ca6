from __future__ import annotations

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "steadwell.portal"
    verbose_name = "Portal"
