"""What crosses the edge of notifications."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

from steadwell.ids import MessageId, PersonId, SiteId, UserId


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
    MESSAGES = "messages"
    CAMPAIGNS = "campaigns"  # invitations of the clinic: flu shots, check-ups
    SAFETY = "safety"  # what nobody may decline to hear


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """``lines`` whose variables have no value are left out, so a visit without a place has no line about
    it. ``sms`` is what a text message says; empty: the subject.
    """

    subject: str
    lines: tuple[str, ...]
    action: str
    sms: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A message in words of one language. ``lines`` are paragraphs; ``action`` labels the button to
    ``path``.
    """

    subject: str
    lines: tuple[str, ...]
    action: str
    path: str
    sms: str = ""


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
    sms: bool = False
    push: bool = False
    digest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """When one reader is told, by the wall clock of their account. No quiet hours: both ends None.
    ``most_per_day``: messages besides urgent ones before the rest comes together; 0 is no limit.
    """

    quiet_from: time | None
    quiet_until: time | None
    quiet_email: bool
    digest_at: time
    most_per_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """Everything a reader may choose about one person. ``offsets``: how long before a visit to remind.
    ``has_sms`` and ``has_push``: whether there is a confirmed telephone, a device that takes notices.
    """

    person_id: PersonId
    choices: tuple[Choice, ...]
    offsets: tuple[timedelta, ...]
    times: Times
    has_sms: bool
    has_push: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactView:
    """One address of a reader. ``is_down``: messages came back from it, with a code as cause."""

    contact_id: UUID
    channel: str
    address: str
    is_verified: bool
    is_down: bool
    cause: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedAction:
    """Something a patient asked for that did not end in time. ``cause`` is a code; ``was_told``: the patient
    knows that it is not done.
    """

    action_id: UUID
    kind: str
    about: UUID
    person_id: PersonId
    opened_at: datetime
    deadline: datetime
    was_told: bool
    cause: str
    replays: int
    can_replay: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerStanding:
    """What the last check of the ledger counted. ``silent`` must be nought: neither done nor told."""

    checked_at: datetime
    under_way: int
    told: int
    silent: int
    is_stale: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WordingView:
    """One version of a template's words. Without an id it is what ships."""

    wording_id: UUID | None
    template: str
    version: int
    texts: Mapping[str, Text]
    state: str
    proposed_by: UUID | None
    proposed_at: datetime | None
    decided_by: UUID | None
    decided_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignView:
    """A campaign. The counts are of people; nought until it was worked out."""

    campaign_id: UUID
    name: str
    template: str
    criteria: Mapping[str, str | int]
    site_id: SiteId | None
    state: str
    per_minute: int
    created_at: datetime
    planned_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    planned: int
    told: int
    failed: int

    @property
    def people(self) -> int:
        return self.planned + self.told + self.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitedGroup:
    """How many are told in one language by the same ways; no ways: in the portal only."""

    language: str
    ways: tuple[str, ...]
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """One person a campaign tells."""

    person_id: PersonId
    language: str
    ways: tuple[str, ...]
    state: str
    cause: str
