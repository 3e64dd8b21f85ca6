"""Messaging: secure conversations between patients and care teams. The only module others import."""

from __future__ import annotations

from messaging.demo.seeding import DemoPatient
from messaging.demo.seeding import seed as seed_demo
from messaging.errors import (
    ConversationIsClosed,
    ConversationIsFull,
    ConversationNotFound,
    NotOfTheTeam,
    StaleConversation,
)
from messaging.reading import list_conversations, list_queue, list_team, read_conversation
from messaging.relating import describe_message_rows
from messaging.types import (
    LONGEST,
    ConversationView,
    EntryView,
    Side,
    State,
    Step,
    Subject,
)
from messaging.writing import (
    answer,
    assign_conversation,
    close_conversation,
    list_sites,
    start_conversation,
    write_message,
)

__all__ = [
    "LONGEST",
    "ConversationIsClosed",
    "ConversationIsFull",
    "ConversationNotFound",
    "ConversationView",
    "DemoPatient",
    "EntryView",
    "NotOfTheTeam",
    "Side",
    "StaleConversation",
    "State",
    "Step",
    "Subject",
    "answer",
    "assign_conversation",
    "close_conversation",
    "describe_message_rows",
    "list_conversations",
    "list_queue",
    "list_sites",
    "list_team",
    "read_conversation",
    "seed_demo",
    "start_conversation",
    "write_message",
]
