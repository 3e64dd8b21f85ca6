"""The facade in the Django admin."""

from __future__ import annotations

from fhir_facade.hl7v2.admin import Hl7MessageAdmin, Hl7QuarantineAdmin, Hl7SenderAdmin

__all__ = ["Hl7MessageAdmin", "Hl7QuarantineAdmin", "Hl7SenderAdmin"]
