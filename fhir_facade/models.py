"""The facade's tables."""

from __future__ import annotations

from fhir_facade.hl7v2.models import Hl7Message, Hl7Outcome, Hl7Quarantine, Hl7Sender

__all__ = ["Hl7Message", "Hl7Outcome", "Hl7Quarantine", "Hl7Sender"]
