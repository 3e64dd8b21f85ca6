"""What people are told, through which channel, and proof that they were."""

from __future__ import annotations

from notifications.alerting import alert_staff
from notifications.calling import close_call, list_calls, take_call
from notifications.devices import push_key, subscribe_device, unsubscribe_device
from notifications.inbox import Page, calendar_of, list_inbox, mark_all_read, open_notice, unread_count
from notifications.preferences import OFFSETS, get_preferences, reminder_offsets, set_preferences, wants
from notifications.replaying import replay_message
from notifications.switching import list_changes, list_providers, switch_provider
from notifications.telling import tell
from notifications.types import (
    CallToMake,
    ChangeOfProvider,
    Choice,
    InboxMessage,
    Kind,
    Letter,
    Preferences,
    ProviderHealth,
    Receipt,
    Rendered,
    Untold,
    Urgency,
)
from notifications.untold import list_untold, settle_untold

__all__ = [
    "OFFSETS",
    "CallToMake",
    "ChangeOfProvider",
    "Choice",
    "InboxMessage",
    "Kind",
    "Letter",
    "Page",
    "Preferences",
    "ProviderHealth",
    "Receipt",
    "Rendered",
    "Untold",
    "Urgency",
    "alert_staff",
    "calendar_of",
    "close_call",
    "get_preferences",
    "list_calls",
    "list_changes",
    "list_inbox",
    "list_providers",
    "list_untold",
    "mark_all_read",
    "open_notice",
    "push_key",
    "reminder_offsets",
    "replay_message",
    "set_preferences",
    "settle_untold",
    "subscribe_device",
    "switch_provider",
    "take_call",
    "tell",
    "unread_count",
    "unsubscribe_device",
    "wants",
]
