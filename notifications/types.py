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
class CallToMake:
    """A message that somebody of the clinic has to say on the telephone."""

    message_id: MessageId
    person_id: PersonId
    template: str
    params: Mapping[str, str]
    opened_at: datetime
    tries: int
    taken_by: UserId | None
    is_taken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderHealth:
    """One provider as staff see it; counts are of the last minute, ``mean_ms`` of its calls."""

    code: str
    channel: str
    weight: int
    is_off: bool
    breaker: str
    cause: str
    since: datetime | None
    reason: str
    passed: int
    failed: int
    slow: int
    mean_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOfProvider:
    """A breaker moved, or somebody switched. ``cause`` is a code, or what they wrote."""

    provider: str
    what: str
    cause: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageStep:
    """One step of a message's life, as its attempts keep it."""

    number: int
    step: str
    provider: str
    cause: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldMessage:
    """One message of a person, for staff."""

    message_id: MessageId
    channel: str
    template: str
    params: Mapping[str, str]
    state: str
    cause: str
    provider: str
    told_at: datetime
    not_before: datetime | None
    language: str
    urgency: str
    steps: tuple[MessageStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A browser that takes notices (RFC 8030, 8291). ``public_key`` and ``auth`` are base64url."""

    device_id: UUID
    endpoint: str
    public_key: str
    auth: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One provider of one channel, as the settings describe it.

    ``weight``: its share beside the others. ``rate``: messages a second that it takes, 0 for any.
    ``concurrency``: calls at once from one process. ``deadline``: seconds for one call. ``honours_keys``:
    the same key twice is one message to it. ``finds``: it answers what became of a key. ``report_seconds``:
    within them it usually reports a delivery; 0 when it never does. ``dialect``: of mail by HTTP.
    """

    code: str
    channel: str
    kind: str
    url: str = ""
    dialect: str = ""
    user: str = ""
    secret: str = field(default="", repr=False)
    sender: str = ""
    weight: int = 50
    rate: int = 0
    concurrency: int = 8
    deadline: float = 10.0
    honours_keys: bool = False
    finds: bool = False
    report_secret: str = field(default="", repr=False)
    report_seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a channel needs to carry one message. ``message_id`` is the same at every attempt, and its key.

    ``text`` is the whole message in a channel without subjects. ``report_url`` is where the provider tells
    what became of it, ``path`` where the reader goes on in the portal, ``devices`` where a push goes;
    after ``expires_at`` it is of no use.
    """

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
    report_url: str = ""
    path: str = ""
    urgent: bool = False
    devices: tuple[Device, ...] = ()
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """How a channel's attempt ended. ``cause`` is a code when the message was refused for good.

    ``reference`` is the provider's own name for it; ``delivered``: it says that it has arrived already;
    ``gone`` are devices that will never take anything again.
    """

    accepted: bool
    provider: str
    cause: str = ""
    reference: str = ""
    delivered: bool = False
    gone: tuple[UUID, ...] = ()


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
    skipped: int = 0

    @property
    def people(self) -> int:
        return self.planned + self.told + self.failed + self.skipped


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
