from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MedicationsConfig(AppConfig):
    name = "medications"
    verbose_name = _("Medications")

    def ready(self) -> None:
        from medications import metrics, ports, subscribers
        from medications.pharmacy.http import HttpPharmacyNetwork
        from medications.views import registering

        metrics.register()
        ports.bind(network=HttpPharmacyNetwork())
        subscribers.register()
        registering.register()
