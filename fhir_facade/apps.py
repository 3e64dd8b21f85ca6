from __future__ import annotations

from django.apps import AppConfig


class FhirFacadeConfig(AppConfig):
    name = "fhir_facade"
    verbose_name = "FHIR facade"

    def ready(self) -> None:
        from fhir_facade.hl7v2 import metrics, reading
        from steadwell.events import CriticalLabMessageStored, LabMessageStored
        from steadwell.outbox import service as outbox

        metrics.register()
        outbox.subscribe_batch(
            LabMessageStored, consumer="hl7.read", queue="labs.ingest", handler=reading.read_stored
        )
        outbox.subscribe_batch(
            CriticalLabMessageStored, consumer="hl7.read_critical", queue="labs.critical",
            handler=reading.read_stored,
        )  # fmt: skip
