"""What people are told, through which channel, and proof that they were."""

from __future__ import annotations

from notifications.alerting import alert_staff
from notifications.calling import close_call, list_calls, take_call
from notifications.contact_points import (
    add_contact,
    confirm_contact,
    list_contacts,
    note_bounce,
    remove_contact,
    send_new_code,
)
from notifications.devices import push_key, subscribe_device, unsubscribe_device
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
from notifications.relating import describe_notice, describe_notice_rows
from notifications.replaying import replay_message
from notifications.switching import list_changes, list_providers, switch_provider
from notifications.telling import Telling, tell, tell_many
from notifications.types import (
    CallToMake,
    ChangeOfProvider,
    Choice,
    ContactView,
    InboxMessage,
    Kind,
    LedgerStanding,
    Letter,
    MissedAction,
    Preferences,
    ProviderHealth,
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
    "CallToMake",
    "ChangeOfProvider",
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
    "ProviderHealth",
    "Receipt",
    "Rendered",
    "Telling",
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
    "close_call",
    "confirm_contact",
    "describe_notice",
    "describe_notice_rows",
    "get_preferences",
    "ledger_standing",
    "list_calls",
    "list_changes",
    "list_contacts",
    "list_inbox",
    "list_missed",
    "list_providers",
    "list_untold",
    "mark_all_read",
    "note_bounce",
    "open_action",
    "open_notice",
    "push_key",
    "register_replay",
    "reminder_offsets",
    "remove_contact",
    "replay_action",
    "replay_message",
    "send_new_code",
    "set_preferences",
    "settle_action",
    "settle_untold",
    "subscribe_device",
    "switch_provider",
    "take_call",
    "tell",
    "tell_many",
    "unread_count",
    "unsubscribe_device",
    "wants",
]
