from __future__ import annotations

from django.apps import AppConfig


class TerminologyConfig(AppConfig):
    name = "steadwell.terminology"
    verbose_name = "Codes and units"
