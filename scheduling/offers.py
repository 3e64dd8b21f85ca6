"""Which starts a clinician's hours allow on a date, before anything is taken. Pure: set-up in, instants
out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from scheduling import availability
from scheduling.availability import DAY, Free, Interval
from scheduling.catalogue import Catalogue, Hours, VisitKind
from scheduling.types import Offer
from steadwell.ids import PractitionerId, SiteId

_PLANS_KEPT = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The starts of one visit type, clinician, site and local date, in time order; ``holiday`` names a
    closed day.
    """

    starts: tuple[int, ...]
    holiday: str = ""


_NONE = Plan(starts=())


def plan(
    catalogue: Catalogue, kind: VisitKind, practitioner_id: PractitionerId, site_id: SiteId, on: date
) -> Plan:
    """Worked out once per snapshot."""
    key = (kind.info.visit_type_id, practitioner_id, site_id, on)
    found: Plan | None = catalogue.plans.get(key)
    if found is None:
        if len(catalogue.plans) >= _PLANS_KEPT:
            catalogue.plans.clear()
        found = catalogue.plans[key] = _work_out(catalogue, kind, practitioner_id, site_id, on)
    return found


def wall_windows(
    catalogue: Catalogue, practitioner_id: PractitionerId, site_id: SiteId, on: date, kind: VisitKind | None
) -> list[tuple[int, list[Interval]]]:
    """The windows of a date in wall seconds: where each one's grid begins, and what exceptions left of it.

    Without a kind: all hours, whatever they are for.
    """
    if on in catalogue.holidays.get(site_id, ()):
        return []
    at = (practitioner_id, site_id)
    windows = [
        hours
        for hours in catalogue.hours.get(at, ())
        if hours.weekday == on.weekday() and hours.valid_from <= on <= hours.valid_until
    ]
    removes: list[Interval] = []
    exceptions = catalogue.exceptions.get(at, {}).get(on)
    if exceptions is not None:
        windows.extend(exceptions.adds)
        removes = [(hours.starts, hours.ends) for hours in exceptions.removes if _suits(hours, kind)]
    return [
        (hours.starts, availability.subtract([(hours.starts, hours.ends)], removes))
        for hours in windows
        if _suits(hours, kind)
    ]


def open_instants(
    catalogue: Catalogue, practitioner_id: PractitionerId, site_id: SiteId, on: date, kind: VisitKind | None
) -> list[Interval]:
    """The hours of a date as instants, joined where windows touch."""
    zone = catalogue.sites[site_id].time_zone
    return availability.merge(
        interval
        for _, pieces in wall_windows(catalogue, practitioner_id, site_id, on, kind)
        for starts, ends in pieces
        for interval in availability.window(zone, on, starts, ends)
    )


def _suits(hours: Hours, kind: VisitKind | None) -> bool:
    return kind is None or not hours.visit_type_ids or kind.info.visit_type_id in hours.visit_type_ids


def _work_out(
    catalogue: Catalogue, kind: VisitKind, practitioner_id: PractitionerId, site_id: SiteId, on: date
) -> Plan:
    holiday = catalogue.holidays.get(site_id, {}).get(on)
    if holiday is not None:
        return Plan(starts=(), holiday=holiday)
    windows = wall_windows(catalogue, practitioner_id, site_id, on, kind)
    if not windows:
        return _NONE
    zone = catalogue.sites[site_id].time_zone
    open_time = open_instants(catalogue, practitioner_id, site_id, on, kind)
    if any(pieces and pieces[-1][1] == DAY for _, pieces in windows):
        # A night: the hours after midnight are the next date's, and a visit may run into them.
        following = open_instants(catalogue, practitioner_id, site_id, on + timedelta(days=1), kind)
        open_time = availability.merge([*open_time, *following])
    free = Free(open_time)
    starts = {
        start
        for anchor, pieces in windows
        for _, ends in pieces[-1:]
        for start in availability.grid(zone, on, anchor, ends, kind.step)
        if free.covers(start, start + kind.length)
    }
    return Plan(starts=tuple(sorted(starts)))


def describe(
    catalogue: Catalogue,
    kind: VisitKind,
    practitioner_id: PractitionerId,
    site_id: SiteId,
    start: int,
    *,
    seats_left: int | None = None,
) -> Offer:
    site = catalogue.sites[site_id]
    reading = availability.wall(site.time_zone, start)
    return Offer(
        visit_type_id=kind.info.visit_type_id,
        visit_type_name=kind.info.name,
        practitioner_id=practitioner_id,
        practitioner_name=catalogue.practitioners[practitioner_id].name,
        site_id=site_id,
        site_name=site.name,
        modality=kind.info.modality,
        starts_at=availability.moment(start),
        ends_at=availability.moment(start + kind.length),
        wall_start=reading.replace(fold=0),
        time_zone=site.time_zone,
        repeated_hour=bool(reading.fold),
        seats_left=seats_left,
    )
