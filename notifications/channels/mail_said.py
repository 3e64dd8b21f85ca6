"""What a provider's report says of a mail, in whichever dialect it said it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

NAME: Final = "message"  # under which the message's id goes out and comes back


class What(StrEnum):
    DELIVERED = "delivered"
    FAILED = "failed"
    COMPLAINED = "complained"
    OTHER = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a report says of a message: found by our id where the provider gives it back, else by its own."""

    what: What
    message_id: UUID | None
    reference: str
    cause: str = ""
