"""What crosses the edge of messaging."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from steadwell.ids import PersonId, PractitionerId, SiteId, UserId

# Room for a page of handwriting. In characters, a line's end counting as one.
LONGEST = 4000


class Subject(StrEnum):
    """What a conversation is about, as far as it decides who reads it (``access``)."""

    APPOINTMENT = "appointment"
    MEDICINES = "medicines"
    RESULTS = "results"
    OTHER = "other"


class State(StrEnum):
    """Whose turn it is."""

    WAITING = "waiting"  # the patient wrote, and the care team has not answered
    ANSWERED = "answered"
    CLOSED = "closed"  # by the care team; a further message of the patient opens it again


class Side(StrEnum):
    PATIENT = "patient"  # the patient, or who acts for them
    CARE_TEAM = "care-team"


class Step(StrEnum):
    """What an entry is."""

    MESSAGE = "message"
    CLOSED = "closed"  # its words are the reason
    ASSIGNED = "assigned"  # to somebody, or to nobody again; for the care team's eyes only


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """One entry. ``read_at``: when somebody of the other side first had it on their screen."""

    number: int
    step: Step
    side: Side
    author_id: UserId | None
    role: str
    practitioner_id: PractitionerId | None
    text: str
    assigned_to: UserId | None
    at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationView:
    """A conversation. ``version`` is the number of its last entry.

    ``waiting_since`` and ``answer_by`` are those of the oldest message that waits for an answer; an answer is
    promised before ``answer_by``. ``has_news``: the care team wrote what nobody of the patient's side has
    read. ``entries`` is empty in lists, and leaves out ``Step.ASSIGNED`` for the patient's side.
    """

    conversation_id: UUID
    version: int
    person_id: PersonId
    site_id: SiteId
    subject: Subject
    state: State
    started_at: datetime
    changed_at: datetime
    waiting_since: datetime | None
    answer_by: datetime | None
    assigned_to: UserId | None
    has_news: bool
    entries: tuple[EntryView, ...] = ()
