"""What people are told, through which channel, and proof that they were."""

from __future__ import annotations

from notifications.alerting import alert_staff
from notifications.contact_points import (
    add_contact,
    confirm_contact,
    list_contacts,
    note_bounce,
    remove_contact,
    send_new_code,
)
from notifications.errors import ActionNotMissed, CodeNotRight, TooManyCodes
from notifications.inbox import Page, calendar_of, list_inbox, mark_all_read, open_notice, unread_count
from notifications.ledger import (
    ActionKind,
    Ending,
    close_actions,
    list_missed,
    open_action,
    register_replay,
    replay_action,
    settle_action,
)
from notifications.ledger_check import check as check_ledger
from notifications.ledger_check import standing as ledger_standing
from notifications.preferences import (
    OFFSETS,
    choose,
    get_preferences,
    reminder_offsets,
    set_preferences,
    wants,
)
from notifications.telling import tell
from notifications.types import (
    Choice,
    ContactView,
    InboxMessage,
    Kind,
    LedgerStanding,
    Letter,
    MissedAction,
    Preferences,
    Receipt,
    Rendered,
    Times,
    Untold,
    Urgency,
)
from notifications.untold import list_untold, settle_untold

__all__ = [
    "OFFSETS",
    "ActionKind",
    "ActionNotMissed",
    "Choice",
    "CodeNotRight",
    "ContactView",
    "Ending",
    "InboxMessage",
    "Kind",
    "LedgerStanding",
    "Letter",
    "MissedAction",
    "Page",
    "Preferences",
    "Receipt",
    "Rendered",
    "Times",
    "TooManyCodes",
    "Untold",
    "Urgency",
    "add_contact",
    "alert_staff",
    "calendar_of",
    "check_ledger",
    "choose",
    "close_actions",
    "confirm_contact",
    "get_preferences",
    "ledger_standing",
    "list_contacts",
    "list_inbox",
    "list_missed",
    "list_untold",
    "mark_all_read",
    "note_bounce",
    "open_action",
    "open_notice",
    "register_replay",
    "reminder_offsets",
    "remove_contact",
    "replay_action",
    "send_new_code",
    "set_preferences",
    "settle_action",
    "settle_untold",
    "tell",
    "unread_count",
    "wants",
]
