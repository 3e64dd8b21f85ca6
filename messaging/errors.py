"""What messaging refuses."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from messaging.types import ConversationView
from steadwell.errors import NotFound, Refusal, Stale


class ConversationNotFound(NotFound):
    """Not there, or not yours."""


class StaleConversation(Stale):
    """The patient or a colleague was faster. ``seen`` is the conversation as its writer saw it (None for what
    never was), ``current`` as it is: what came between are the last entries of the one and not of the other.
    """

    code: ClassVar[str] = "stale-conversation"
    message = _("Something was written since you opened this. Read it first; your words are kept below.")

    def __init__(self, *, seen: ConversationView | None, current: ConversationView) -> None:
        super().__init__()
        self.seen, self.current = seen, current


class ConversationIsClosed(Refusal):
    code: ClassVar[str] = "conversation-closed"
    message = _("This conversation is closed already.")


class ConversationIsFull(Refusal):
    """No page and no answer of the API is longer than one can be."""

    code: ClassVar[str] = "conversation-full"
    message = _("This conversation has become very long. Please start a new one.")


class NotOfTheTeam(Refusal):
    """Whom a conversation is handed to has to be somebody who may read it."""

    code: ClassVar[str] = "not-of-the-team"
    message = _("This colleague does not answer such conversations here.")
