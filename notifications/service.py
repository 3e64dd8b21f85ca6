"""What people are told, through which channel, and proof that they were."""

from __future__ import annotations

from notifications.alerting import alert_staff
from notifications.inbox import Page, calendar_of, list_inbox, mark_all_read, open_notice, unread_count
from notifications.preferences import OFFSETS, get_preferences, reminder_offsets, set_preferences, wants
from notifications.relating import describe_notice, describe_notice_rows
from notifications.telling import tell
from notifications.types import (
    Choice,
    InboxMessage,
    Kind,
    Letter,
    Preferences,
    Receipt,
    Rendered,
    Untold,
    Urgency,
)
from notifications.untold import list_untold, settle_untold

__all__ = [
    "OFFSETS",
    "Choice",
    "InboxMessage",
    "Kind",
    "Letter",
    "Page",
    "Preferences",
    "Receipt",
    "Rendered",
    "Untold",
    "Urgency",
    "alert_staff",
    "calendar_of",
    "describe_notice",
    "describe_notice_rows",
    "get_preferences",
    "list_inbox",
    "list_untold",
    "mark_all_read",
    "open_notice",
    "reminder_offsets",
    "set_preferences",
    "settle_untold",
    "tell",
    "unread_count",
    "wants",
]
