from __future__ import annotations

from django.apps import AppConfig


class FhirFacadeConfig(AppConfig):
    name = "fhir_facade"
    verbose_name = "FHIR facade"
