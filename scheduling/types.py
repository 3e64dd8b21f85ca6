"""What crosses the edge of scheduling: frozen values, ids and plain types only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from scheduling.status import Move, Status
from steadwell.errors import Invalid, NotFound
from steadwell.ids import AppointmentId, HoldId, OrganisationId, PersonId, PractitionerId, SiteId, VisitTypeId

Key = TypeVar("Key")
Info = TypeVar("Info")


class Mode(StrEnum):
    """How a site takes bookings from patients."""

    OPEN = "open"
    REQUEST = "request"  # the clinic approves each one
    VIEW_ONLY = "view-only"


class Modality(StrEnum):
    IN_PERSON = "in-person"
    VIDEO = "video"


class TimeOfDay(StrEnum):
    MORNING = "morning"  # 00:00 to 12:00, wall time of the site
    AFTERNOON = "afternoon"  # 12:00 to 17:00
    EVENING = "evening"  # from 17:00


class CancelledBy(StrEnum):
    PATIENT = "patient"
    CLINIC = "clinic"


class ClosureKind(StrEnum):
    LEAVE = "leave"
    BLOCK = "block"
    IMPORTED = "imported"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteInfo:
    site_id: SiteId
    organisation_id: OrganisationId
    name: str
    address: str
    phone: str
    time_zone: str
    mode: Mode
    book_lead_minutes: int
    cancel_lead_minutes: int
    answer_hours: int  # working hours within which a request is to be answered
    answer_lead_minutes: int  # before the visit, when a request without an answer ends
    window_days: int
    cap_per_day: int  # 0: no cap
    cap_ahead: int  # 0: no cap


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerInfo:
    practitioner_id: PractitionerId
    name: str
    title: str
    specialities: tuple[str, ...]
    languages: tuple[str, ...]
    site_ids: frozenset[SiteId]


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitTypeInfo:
    visit_type_id: VisitTypeId
    code: str
    name: str
    description: str
    preparation: str  # what to bring or do before, in the clinic's words
    speciality: str
    modality: Modality
    minutes: int
    capacity: int  # 1, or the places of a group visit
    patients_may_book: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicInfo:
    """All of the set-up at one moment, for a page that shows several parts of it."""

    sites: Mapping[SiteId, SiteInfo]
    practitioners: Mapping[PractitionerId, PractitionerInfo]
    visit_types: Mapping[VisitTypeId, VisitTypeInfo]
    # What pages work out from it, such as a long list of clinicians: it lives and dies with the set-up.
    kept: dict[object, object] = field(default_factory=dict, compare=False, repr=False)

    def site(self, site_id: SiteId) -> SiteInfo:
        return _known(self.sites, site_id)

    def practitioner(self, practitioner_id: PractitionerId) -> PractitionerInfo:
        return _known(self.practitioners, practitioner_id)

    def visit_type(self, visit_type_id: VisitTypeId) -> VisitTypeInfo:
        return _known(self.visit_types, visit_type_id)


def _known(found: Mapping[Key, Info], key: Key) -> Info:
    if key not in found:
        raise NotFound
    return found[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRef:
    """Names one offer in a form or an address: no offer is stored, so this is all there is to it."""

    visit_type_id: VisitTypeId
    practitioner_id: PractitionerId
    site_id: SiteId
    starts_at: datetime

    @property
    def text(self) -> str:
        start = int(self.starts_at.timestamp())
        return f"{self.visit_type_id.hex}.{self.practitioner_id.hex}.{self.site_id.hex}.{start}"

    @classmethod
    def parse(cls, text: str) -> OfferRef:
        try:
            visit_type, practitioner, site, start = text.split(".")
            return cls(
                visit_type_id=VisitTypeId(UUID(visit_type)),
                practitioner_id=PractitionerId(UUID(practitioner)),
                site_id=SiteId(UUID(site)),
                starts_at=datetime.fromtimestamp(int(start), UTC),
            )
        except (ValueError, OverflowError, OSError) as error:
            raise Invalid() from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A time one can have. ``wall_start`` is what the clock on the site's wall says (naive)."""

    visit_type_id: VisitTypeId
    visit_type_name: str
    practitioner_id: PractitionerId
    practitioner_name: str
    site_id: SiteId
    site_name: str
    modality: Modality
    starts_at: datetime
    ends_at: datetime
    wall_start: datetime
    time_zone: str
    repeated_hour: bool = False  # the second pass of an hour that comes twice: say so beside the time
    seats_left: int | None = None  # group visits only

    @property
    def ref(self) -> OfferRef:
        return OfferRef(
            visit_type_id=self.visit_type_id,
            practitioner_id=self.practitioner_id,
            site_id=self.site_id,
            starts_at=self.starts_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a search or a day has nothing: a stable code and a sentence."""

    code: str
    text: str


class AlternativeKind(StrEnum):
    OTHER_TIME = "other-time"  # same day and clinician, outside the time of day asked for
    OTHER_DAY = "other-day"
    OTHER_SITE = "other-site"
    OTHER_CLINICIAN = "other-clinician"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    kind: AlternativeKind
    offer: Offer


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """``offers`` in time order. Empty offers come with at least one reason, and alternatives where there are
    any.
    """

    offers: tuple[Offer, ...]
    reasons: tuple[Reason, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    more: bool = False  # the window holds more offers than the limit showed

    @property
    def first(self) -> Offer | None:
        return self.offers[0] if self.offers else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayGlance:
    on: date
    open: int  # how many offers
    reason: Reason | None = None  # why there are none


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthGlance:
    month: date  # its first day
    days: tuple[DayGlance, ...]
    first: Offer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A time kept for one user and patient until ``expires_at``; the visit that grows out of it has the same
    id.
    """

    hold_id: HoldId
    person_id: PersonId
    offer: Offer
    expires_at: datetime
    needs_approval: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedMove:
    """Another time that the patient asked for. The visit keeps its own until the clinic decides."""

    move_request_id: UUID
    visit_type_id: VisitTypeId
    practitioner_id: PractitionerId
    practitioner_name: str
    site_id: SiteId  # its clinic decides
    site_name: str
    session_id: UUID | None
    resource_ids: tuple[UUID, ...]
    starts_at: datetime
    ends_at: datetime
    wall_start: datetime
    time_zone: str
    busy_from: datetime
    busy_until: datetime
    asked_at: datetime
    overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """A visit as it stands. ``moves`` is what the asking actor may do to it now."""

    appointment_id: AppointmentId
    person_id: PersonId
    version: int
    status: Status
    visit_type_id: VisitTypeId
    visit_type_name: str
    modality: Modality
    practitioner_id: PractitionerId
    practitioner_name: str
    site_id: SiteId
    site_name: str
    site_address: str
    site_phone: str
    rooms: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    wall_start: datetime
    time_zone: str
    booked_at: datetime
    note: str = ""  # the patient's own words
    cancelled_by: CancelledBy | None = None
    cancel_reason: str = ""
    rebook_offered: bool = False  # the clinic called it off and offers other times
    overbooked: bool = False
    overdue: bool = False  # a request that has waited too long for its answer
    lapsed: bool = False  # a request that was never answered
    is_group: bool = False
    video_link: str = ""
    requested_move: RequestedMove | None = None
    moves: frozenset[Move] = frozenset()

    @property
    def needs_approval(self) -> bool:
        return self.status is Status.PENDING


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentVersion:
    """One move in the life of a visit."""

    version: int
    status: Status
    move: str
    practitioner_id: PractitionerId
    site_id: SiteId
    starts_at: datetime
    ends_at: datetime
    wall_start: datetime
    time_zone: str
    recorded_at: datetime
    recorded_by: UUID | None
    recorded_role: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """A stretch a clinician cannot be booked in: leave, a block, or busy time read from another calendar."""

    closure_id: UUID
    practitioner_id: PractitionerId
    kind: ClosureKind
    starts_at: datetime
    ends_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTime:
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicianDay:
    """One clinician's column of a day."""

    practitioner_id: PractitionerId
    practitioner_name: str
    hours: tuple[OpenTime, ...]
    visits: tuple[Appointment, ...]
    closures: tuple[Closure, ...]
    asked: tuple[Appointment, ...] = ()  # visits elsewhere in time whose patients asked to move to this day


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicDay:
    """One local day of a site (or, for one clinician, of each site they work at)."""

    on: date
    site_id: SiteId
    site_name: str
    time_zone: str
    holiday: str  # its name, or empty
    columns: tuple[ClinicianDay, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class DayMove:
    """What calling off a clinician's day did: the visits it touched, each told and offered other times."""

    closure: Closure
    touched: tuple[Appointment, ...]
    elsewhere: int = 0  # visits that still stand, at clinics where the actor does not work


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A private calendar address. ``token`` is known only in the answer that made it; only its hash is
    kept.
    """

    feed_id: UUID
    token: str
    created_at: datetime
