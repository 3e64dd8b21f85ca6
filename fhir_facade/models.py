"""The facade's tables."""

from __future__ import annotations

from fhir_facade.bulk.models import Export, ExportFile
from fhir_facade.consents.models import ConsentRule
from fhir_facade.forms.models import FormOffer, FormOfferVersion
from fhir_facade.hl7v2.models import Hl7Message, Hl7Outcome, Hl7Quarantine, Hl7Sender
from fhir_facade.oauth.models import Approval, Binding, Launch, Registration, UsedAssertion
from fhir_facade.server.models import ConditionClaim, Document, DocumentVersion, SearchValue
from fhir_facade.smart.models import AccessToken, Client, ClientWindow
from fhir_facade.subscriptions.models import ReceiverPlace, Subscription, SubscriptionEvent

__all__ = [
    "AccessToken",
    "Approval",
    "Binding",
    "Client",
    "ClientWindow",
    "ConditionClaim",
    "ConsentRule",
    "Document",
    "DocumentVersion",
    "Export",
    "ExportFile",
    "FormOffer",
    "FormOfferVersion",
    "Hl7Message",
    "Hl7Outcome",
    "Hl7Quarantine",
    "Hl7Sender",
    "Launch",
    "ReceiverPlace",
    "Registration",
    "SearchValue",
    "Subscription",
    "SubscriptionEvent",
    "UsedAssertion",
]
