"""Tables of notifications: messages and their lives, who carries them, what readers chose."""

from __future__ import annotations

from notifications.models.calls import StaffCall
from notifications.models.choices import ReaderChoice, ReminderChoice
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

__all__ = [
    "Attempt",
    "Channel",
    "DeliveryReport",
    "DemoMail",
    "Message",
    "MessageState",
    "ProviderAccount",
    "ProviderChange",
    "ProviderWindow",
    "PushSubscription",
    "ReaderChoice",
    "Reading",
    "ReminderChoice",
    "StaffCall",
    "new_token",
]
