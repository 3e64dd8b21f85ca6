"""What a site lets be booked, when, and how often. Pure: set-up, an offer and the instant in, refusals
out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from scheduling import availability, offers
from scheduling.availability import DAY, instant_of
from scheduling.catalogue import Catalogue, VisitKind
from scheduling.errors import (
    CapReached,
    NotForPatients,
    OutsideAvailability,
    TooFarAhead,
    TooSoon,
    ViewOnly,
)
from scheduling.types import Mode, OfferRef, SiteInfo
from steadwell.ids import PractitionerId

# Staff book what is just beginning: the patient stands at the desk.
_DESK_GRACE = 60 * 60
_FURTHEST_DAYS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One offer, found in the set-up. Seconds since 1970; ``busy_*`` with the buffers."""

    kind: VisitKind
    practitioner_id: PractitionerId
    site: SiteInfo
    start: int

    @property
    def end(self) -> int:
        return self.start + self.kind.length

    @property
    def busy_from(self) -> int:
        return self.start - self.kind.before

    @property
    def busy_until(self) -> int:
        return self.end + self.kind.after

    @property
    def is_group(self) -> bool:
        return self.kind.info.capacity > 1

    @property
    def wall_start(self) -> str:
        return availability.wall(self.site.time_zone, self.start).replace(fold=0).isoformat()


def find_place(catalogue: Catalogue, ref: OfferRef) -> Place | None:
    """The offer's parts in this snapshot; None when one of them is not there."""
    kind, site = catalogue.visit_types.get(ref.visit_type_id), catalogue.sites.get(ref.site_id)
    if kind is None or site is None or ref.practitioner_id not in catalogue.practitioners:
        return None
    return Place(kind=kind, practitioner_id=ref.practitioner_id, site=site, start=instant_of(ref.starts_at))


def check_given(catalogue: Catalogue, place: Place) -> None:
    """The clinician gives this kind of visit, works at the site, and the site's organisation offers it. No
    reason of the desk's goes over that.
    """
    if not catalogue.gives(place.practitioner_id, place.kind):
        raise OutsideAvailability
    if place.kind.organisation_id != place.site.organisation_id:
        raise OutsideAvailability
    if place.site.site_id not in catalogue.practitioners[place.practitioner_id].site_ids:
        raise OutsideAvailability


def check_hours(catalogue: Catalogue, place: Place) -> None:
    """The start is one that the clinician's hours allow for this kind of visit."""
    on = availability.local_date(place.site.time_zone, place.start)
    plan = offers.plan(catalogue, place.kind, place.practitioner_id, place.site.site_id, on)
    if place.start not in plan.starts:
        raise OutsideAvailability


def check_patients_rules(place: Place, *, now: datetime) -> None:
    """What holds for patients and those who stand for them."""
    if place.site.mode is Mode.VIEW_ONLY:
        raise ViewOnly
    if not place.kind.info.patients_may_book:
        raise NotForPatients
    earliest, _ = bounds(place.site, patient_side=True, now=now)
    if place.start < earliest:
        raise TooSoon
    if availability.local_date(place.site.time_zone, place.start) > last_date(place.site, now=now):
        raise TooFarAhead


def check_desk_rules(place: Place, *, now: datetime) -> None:
    earliest, latest = bounds(place.site, patient_side=False, now=now)
    if place.start < earliest:
        raise TooSoon
    if place.start > latest:
        raise TooFarAhead


def bounds(site: SiteInfo, *, patient_side: bool, now: datetime) -> tuple[int, int]:
    """The first and last instant at which a visit may start."""
    present = instant_of(now)
    if not patient_side:
        return present - _DESK_GRACE, present + _FURTHEST_DAYS * DAY
    segments = availability.day_segments(site.time_zone, last_date(site, now=now) + timedelta(days=1))
    latest = segments[0][0] - 1 if segments else present + (site.window_days + 1) * DAY
    return present + site.book_lead_minutes * 60, latest


def last_date(site: SiteInfo, *, now: datetime) -> date:
    """The last local date open to patients."""
    return availability.local_date(site.time_zone, instant_of(now)) + timedelta(days=site.window_days)


def check_caps(site: SiteInfo, starts: list[int], *, start: int) -> None:
    """``starts``: the patient's visits and holds ahead at this site, without the one being moved."""
    if site.cap_ahead and len(starts) >= site.cap_ahead:
        raise CapReached
    low, high = day_bounds(site.time_zone, start)
    if site.cap_per_day and sum(low <= each < high for each in starts) >= site.cap_per_day:
        raise CapReached


def day_bounds(zone: str, start: int) -> tuple[int, int]:
    """The local day of an instant, from its first instant to the one after its last."""
    segments = availability.day_segments(zone, availability.local_date(zone, start))
    return segments[0][0], segments[-1][1]
