"""What crosses the edge of identity: plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from steadwell.ids import PersonId, SourceRecordId


class Sex(StrEnum):
    """Administrative sex, in FHIR's words (administrative-gender)."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNKNOWN = "unknown"


class IdentifierType(StrEnum):
    """Kinds of identifiers, in HL7 table 0203's codes."""

    RECORD_NUMBER = "MR"
    NATIONAL = "NI"
    SOCIAL_SECURITY = "SS"
    INSURANCE_MEMBER = "MB"
    DRIVERS_LICENCE = "DL"
    PASSPORT = "PPN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """A number that ``system`` (a URI or a short name) gave to one person. ``type`` is a code of HL7 table
    0203.
    """

    system: str
    type: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    lines: tuple[str, ...] = ()
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demographics:
    """What one system says about one person, at one time. Empty means the system did not say."""

    family_name: str
    given_name: str
    middle_name: str = ""
    suffix: str = ""
    former_names: tuple[str, ...] = ()
    birth_date: date | None = None
    sex: str = Sex.UNKNOWN
    phone: str | None = None
    email: str | None = None
    language: str = "en"
    address: Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSummary:
    """One person in a line: what a list, a heading or a calendar entry needs.

    ``person_id`` is the id that was asked for; ``number`` the clinic record number of the person it is now.
    """

    person_id: PersonId
    family_name: str
    given_name: str
    birth_date: date | None
    sex: str
    number: str
    email: str | None
    phone: str | None
    language: str

    @property
    def full_name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordView:
    """One source record in one of its versions."""

    record_id: SourceRecordId
    source: str
    external_id: str
    version: int
    recorded_at: datetime
    demographics: Demographics
    identifiers: tuple[Identifier, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSaid:
    """What a system says about its record, as ``register`` takes it."""

    source: str
    external_id: str
    demographics: Demographics
    identifiers: tuple[Identifier, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordStanding:
    """Whose a source record is. ``decided``: a person said so. ``sources`` are the systems that hold other
    records of whoever it is now (after merges).
    """

    record_id: SourceRecordId
    person_id: PersonId
    current_id: PersonId
    decided: bool
    sources: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDetail:
    """A person with every source record that is open for them. ``records[0]`` is the one whose words are
    shown.
    """

    summary: PersonSummary
    person_ids: tuple[PersonId, ...]
    records: tuple[RecordView, ...]

    @property
    def shown(self) -> RecordView:
        return self.records[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody a record may be: why we think so (codes), and how much it weighs in bits (0 when nobody
    measured).
    """

    person_id: PersonId
    reasons: tuple[str, ...]
    weight: float = 0.0
    certain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A record that waits for a person to say who it is. ``person_id`` is whom it stands for meanwhile."""

    review_id: UUID
    record_id: SourceRecordId
    person_id: PersonId
    opened_at: datetime
    candidates: tuple[Candidate, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """One row of a trusted first load (see ``load_people``)."""

    person_id: PersonId
    external_id: str
    demographics: Demographics
    identifiers: tuple[Identifier, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """One of many who fit (see ``select_people``). ``person_ids`` are all ids that mean them, the present one
    first.
    """

    person_id: PersonId
    language: str
    person_ids: tuple[PersonId, ...]
