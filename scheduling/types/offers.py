"""Times that can be had, and why there are none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from uuid import UUID

from scheduling.types.clinic import Modality
from steadwell.errors import Invalid
from steadwell.ids import HoldId, PersonId, PractitionerId, SiteId, VisitTypeId


class TimeOfDay(StrEnum):
    MORNING = "morning"  # 00:00 to 12:00, wall time of the site
    AFTERNOON = "afternoon"  # 12:00 to 17:00
    EVENING = "evening"  # from 17:00


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
