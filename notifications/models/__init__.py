"""Tables of notifications: messages and their lives, who carries them, what readers chose."""

from __future__ import annotations

from notifications.models.calls import StaffCall
from notifications.models.campaigns import Campaign, CampaignRecipient
from notifications.models.choices import ReaderChoice, ReaderSettings, ReminderChoice
from notifications.models.contacts import ContactPoint
from notifications.models.deferred import Deferred
from notifications.models.ledger import LedgerCheck, PatientAction
from notifications.models.messages import (
    Attempt,
    Channel,
    DemoMail,
    Message,
    MessageState,
    Reading,
    new_token,
)
from notifications.models.providers import (
    DeliveryReport,
    ProviderAccount,
    ProviderChange,
    ProviderWindow,
)
from notifications.models.push import PushSubscription
from notifications.models.wordings import Wording

__all__ = [
    "Attempt",
    "Campaign",
    "CampaignRecipient",
    "Channel",
    "ContactPoint",
    "Deferred",
    "DeliveryReport",
    "DemoMail",
    "LedgerCheck",
    "Message",
    "MessageState",
    "PatientAction",
    "ProviderAccount",
    "ProviderChange",
    "ProviderWindow",
    "PushSubscription",
    "ReaderChoice",
    "ReaderSettings",
    "Reading",
    "ReminderChoice",
    "StaffCall",
    "Wording",
    "new_token",
]
