"""What crosses the edge of notifications."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from steadwell.ids import MessageId, PersonId, UserId


class Urgency(StrEnum):
    """The lane a message travels in. Urgent ones never wait behind the others."""

    URGENT = "urgent"
    STANDARD = "standard"
    BULK = "bulk"


class Kind(StrEnum):
    """What a message is about, as far as a reader chooses by it."""

    VISITS = "visits"
    RESULTS = "results"
    MEDICATIONS = "medications"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A message in words of one language. ``lines`` are paragraphs; ``action`` labels the button to
    ``path``.
    """

    subject: str
    lines: tuple[str, ...]
    action: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxMessage:
    """One message as its reader sees it in the portal. ``token`` is its address there and means nothing."""

    message_id: MessageId
    token: str
    person_id: PersonId
    told_at: datetime
    is_read: bool
    has_calendar: bool
    words: Rendered


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What one reader chose about one person's messages. In-app always arrives; it is not a choice."""

    person_id: PersonId
    reader_id: UserId
    kind: Kind
    email: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """Everything a reader may choose about one person. ``offsets``: how long before a visit to remind."""

    person_id: PersonId
    choices: tuple[Choice, ...]
    offsets: tuple[timedelta, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """A message that did not reach its person by this channel, for staff. ``cause`` is a code."""

    message_id: MessageId
    person_id: PersonId
    template: str
    params: Mapping[str, str]
    about: UUID | None
    cause: str
    failed_at: datetime
    told_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a channel needs to carry one message. ``message_id`` is the same at every attempt."""

    message_id: MessageId
    attempt: int
    address: str
    language: str
    subject: str
    text: str
    html: str
    calendar: str = ""
    is_last_attempt: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """How a channel's attempt ended. ``cause`` is a code when the message was refused for good."""

    accepted: bool
    provider: str
    cause: str = ""
