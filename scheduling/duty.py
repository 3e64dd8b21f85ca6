"""Who works at a site at a moment: for what cannot wait until somebody looks."""

from __future__ import annotations

from datetime import datetime, timedelta

from scheduling import availability, catalogue, offers
from scheduling.closures import closing
from scheduling.types import Closure, ClosureKind
from steadwell.errors import NotFound
from steadwell.ids import PractitionerId, SiteId


def list_on_duty(*, site_id: SiteId, at: datetime) -> tuple[PractitionerId, ...]:
    """The clinicians whose hours at the site cover the moment, then the others who work there, each by name.

    Who is on leave then is left out, unless everybody is. Raises NotFound for a site that is not known.
    """
    known = catalogue.current()
    site = known.sites.get(site_id)
    if site is None:
        raise NotFound
    there = [each for each in known.practitioners.values() if site_id in each.site_ids]
    instant = availability.instant_of(at)
    on = availability.local_date(site.time_zone, instant)

    def has_hours(practitioner_id: PractitionerId) -> bool:
        hours = offers.open_instants(known, practitioner_id, site_id, on, None)
        return any(start <= instant < end for start, end in hours)

    ids = [each.practitioner_id for each in there]
    away = {each.practitioner_id for each in _leaves(ids, at)}
    present = [each for each in ids if each not in away] or ids
    return tuple(sorted(present, key=lambda each: not has_hours(each)))


def _leaves(ids: list[PractitionerId], at: datetime) -> list[Closure]:
    found = closing.list_closures(ids, at, at + timedelta(seconds=1))
    return [each for each in found if each.kind is ClosureKind.LEAVE]
