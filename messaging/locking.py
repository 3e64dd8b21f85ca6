"""The one lock of messaging: a conversation. The rows of notifications (message, action) come after it, and
nothing of notifications ever asks for a conversation.

``lock_timeout`` is 3 seconds (settings); ``steadwell.transactions.write`` makes Busy of it.
"""

from __future__ import annotations

from uuid import UUID

from messaging.errors import ConversationNotFound
from messaging.models import Conversation


def lock_conversation(conversation_id: UUID) -> Conversation:
    """The row as it stands, kept still until the transaction ends."""
    found = Conversation.objects.select_for_update(no_key=True).filter(pk=conversation_id).first()
    if found is None:
        raise ConversationNotFound
    return found
