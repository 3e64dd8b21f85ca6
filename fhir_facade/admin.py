"""The facade in the Django admin."""

from __future__ import annotations

from fhir_facade.hl7v2.admin import Hl7MessageAdmin, Hl7QuarantineAdmin, Hl7SenderAdmin
from fhir_facade.oauth.admin import RegistrationAdmin
from fhir_facade.subscriptions.admin import SubscriptionAdmin

__all__ = [
    "Hl7MessageAdmin",
    "Hl7QuarantineAdmin",
    "Hl7SenderAdmin",
    "RegistrationAdmin",
    "SubscriptionAdmin",
]
