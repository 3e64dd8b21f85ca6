"""What is searched for, and who could give it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from scheduling import availability
from scheduling.availability import instant_of
from scheduling.catalogue import Catalogue, VisitKind
from scheduling.types import Mode, TimeOfDay
from steadwell.ids import PersonId, PractitionerId, SiteId, VisitTypeId

LONGEST_WINDOW = 62  # days


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What is searched for. Dates are local dates of each site, both included."""

    visit_type_id: VisitTypeId
    now: datetime
    from_on: date
    until_on: date
    patient_side: bool
    site_ids: frozenset[SiteId] = frozenset()
    practitioner_ids: frozenset[PractitionerId] = frozenset()
    language: str = ""
    time_of_day: TimeOfDay | None = None
    person_ids: tuple[PersonId, ...] = ()  # the patient's, whose own visits stand in the way
    without: frozenset[UUID] = frozenset()

    def dates(self) -> Iterator[date]:
        days = min((self.until_on - self.from_on).days, LONGEST_WINDOW)
        return (self.from_on + timedelta(days=number) for number in range(days + 1))


def candidates(known: Catalogue, kind: VisitKind, criteria: Criteria) -> list[tuple[PractitionerId, SiteId]]:
    """Clinicians who may give the visit type, at sites that fit, in the language asked for."""
    if criteria.patient_side and not kind.info.patients_may_book:
        return []
    given = _given(known, kind, patient_side=criteria.patient_side)
    wanted = criteria.practitioner_ids
    asked = sorted(given.keys() & wanted) if wanted else given
    return [
        (practitioner_id, site_id)
        for practitioner_id in asked
        if not criteria.language or criteria.language in known.practitioners[practitioner_id].languages
        for site_id in given[practitioner_id]
        if not criteria.site_ids or site_id in criteria.site_ids
    ]


def _given(
    known: Catalogue, kind: VisitKind, *, patient_side: bool
) -> dict[PractitionerId, tuple[SiteId, ...]]:
    """Who gives a visit type, and at which sites: worked out once per snapshot."""
    key = ("given", kind.info.visit_type_id, patient_side)
    found: dict[PractitionerId, tuple[SiteId, ...]] | None = known.plans.get(key)
    if found is None:
        sites = [
            site.site_id
            for site in known.sites.values()
            if site.organisation_id == kind.organisation_id
            and not (patient_side and site.mode is Mode.VIEW_ONLY)
            and _has_rooms(known, kind, site.site_id)
        ]
        found = known.plans[key] = {
            practitioner_id: at
            for practitioner_id, clinician in known.practitioners.items()
            if kind.info.speciality in clinician.specialities
            and (at := tuple(sorted(clinician.site_ids.intersection(sites))))
        }
    return found


def widened(criteria: Criteria, *, days: int) -> Criteria:
    """The same search everywhere, with everybody, at any time of day, some days longer."""
    return replace(
        criteria,
        site_ids=frozenset(),
        practitioner_ids=frozenset(),
        time_of_day=None,
        until_on=min(
            criteria.until_on + timedelta(days=days), criteria.from_on + timedelta(days=LONGEST_WINDOW)
        ),
    )


def today(known: Catalogue, site_ids: Iterable[SiteId], *, now: datetime) -> date:
    """The earliest local date that it is at one of the sites, or at any."""
    zones = {known.sites[site_id].time_zone for site_id in site_ids if site_id in known.sites}
    zones = zones or {site.time_zone for site in known.sites.values()} or {"UTC"}
    return min(availability.local_date(zone, instant_of(now)) for zone in zones)


def _has_rooms(known: Catalogue, kind: VisitKind, site_id: SiteId) -> bool:
    at_site = known.resources.get(site_id, {})
    return all(len(at_site.get(each, ())) >= kind.resource_kinds.count(each) for each in kind.resource_kinds)
