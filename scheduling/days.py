"""The clinic's day and week: who works when, with whom, and what is closed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from scheduling import access, catalogue, offers, queries, visits
from scheduling.availability import day_segments, instant_of, local_date, moment
from scheduling.catalogue import Catalogue
from scheduling.closures import closing
from scheduling.status import Status
from scheduling.types import ClinicDay, ClinicianDay, Closure, OpenTime
from scheduling.visits import Visit
from steadwell.actor import Actor
from steadwell.errors import NotFound
from steadwell.ids import PractitionerId, SiteId

# What was called off or never was is not part of a day.
_SHOWN = [status for status in Status if status not in {Status.CANCELLED, Status.ENTERED_IN_ERROR}]


def list_day(
    *,
    actor: Actor,
    on: date,
    now: datetime,
    site_id: SiteId | None = None,
    practitioner_id: PractitionerId | None = None,
) -> tuple[ClinicDay, ...]:
    """One local day: a ClinicDay per site.

    With a site: a column per clinician who has hours or visits there. With a clinician: a ClinicDay for each
    of their sites that the actor may see, with one column. At most four statements.
    """
    return _list(actor, on, 1, now, site_id, practitioner_id)


def list_week(
    *,
    actor: Actor,
    monday: date,
    now: datetime,
    site_id: SiteId | None = None,
    practitioner_id: PractitionerId | None = None,
) -> tuple[ClinicDay, ...]:
    """Seven days from ``monday``, by date and then by site. At most four statements."""
    return _list(actor, monday, 7, now, site_id, practitioner_id)


def _list(
    actor: Actor,
    first: date,
    count: int,
    now: datetime,
    site_id: SiteId | None,
    practitioner_id: PractitionerId | None,
) -> tuple[ClinicDay, ...]:
    known = catalogue.current()
    site_ids = _sites(actor, known, site_id, practitioner_id)
    dates = [first + timedelta(days=number) for number in range(count)]
    low, high = _span(known, site_ids, dates)
    found, asking = queries.list_with_asked(
        low, high, site_ids=site_ids, practitioner_id=practitioner_id, statuses=_SHOWN
    )
    clinicians = [
        each
        for each, info in known.practitioners.items()
        if (practitioner_id is None or each == practitioner_id) and info.site_ids.intersection(site_ids)
    ]
    away = closing.list_closures(clinicians, low, high)
    read = [visit.appointment for visit in (*found, *asking)]
    queries.record_read(read, actor=actor, action="appointment.list", now=now)
    by_day: dict[tuple[date, SiteId], list[Visit]] = {}
    for visit in found:
        a = visit.appointment
        by_day.setdefault((a.wall_start.date(), a.site_id), []).append(visit)
    return tuple(
        ClinicDay(
            on=on,
            site_id=site,
            site_name=known.sites[site].name,
            time_zone=known.sites[site].time_zone,
            holiday=known.holidays.get(site, {}).get(on, ""),
            columns=_columns(
                actor, known, site, on, now, by_day.get((on, site), []), asking, away, clinicians
            ),
        )
        for on in dates
        for site in site_ids
    )


def _sites(
    actor: Actor, known: Catalogue, site_id: SiteId | None, practitioner_id: PractitionerId | None
) -> list[SiteId]:
    """The sites of the answer, in the order of their names."""
    if site_id is not None and site_id not in known.sites:
        raise NotFound
    if practitioner_id is None:
        if site_id is None:
            raise NotFound
        access.may_run_site(actor, site_id)
        return [site_id]
    clinician = known.practitioners.get(practitioner_id)
    if clinician is None:
        raise NotFound
    seen = access.may_see_clinician(actor, practitioner_id, clinician.site_ids & known.sites.keys())
    if site_id is not None:
        seen &= {site_id}
    return sorted(seen, key=lambda each: known.sites[each].name)


def _span(known: Catalogue, site_ids: Iterable[SiteId], dates: list[date]) -> tuple[datetime, datetime]:
    segments = [
        segment
        for site_id in site_ids
        for on in (dates[0], dates[-1])
        for segment in day_segments(known.sites[site_id].time_zone, on)
    ]
    if not segments:
        raise NotFound
    return moment(min(low for low, _, _ in segments)), moment(max(high for _, high, _ in segments))


def _columns(
    actor: Actor,
    known: Catalogue,
    site_id: SiteId,
    on: date,
    now: datetime,
    found: list[Visit],
    asking: list[Visit],
    away: list[Closure],
    clinicians: list[PractitionerId],
) -> tuple[ClinicianDay, ...]:
    zone = known.sites[site_id].time_zone
    columns = []
    names = {visit.appointment.practitioner_id: visit.appointment.practitioner_name for visit in found}
    for each in clinicians:
        names.setdefault(each, known.practitioners[each].name)
    for practitioner_id, name in sorted(names.items(), key=lambda item: item[1]):
        hours = offers.open_instants(known, practitioner_id, site_id, on, None)
        own = [visit for visit in found if visit.appointment.practitioner_id == practitioner_id]
        asked = [
            visit
            for visit in asking
            if (move := visit.appointment.requested_move) is not None
            and (move.practitioner_id, move.site_id, move.wall_start.date()) == (practitioner_id, site_id, on)
        ]
        if not (hours or own or asked):
            continue
        closed = [
            closure
            for closure in away
            if closure.practitioner_id == practitioner_id
            and local_date(zone, instant_of(closure.starts_at)) <= on
            and local_date(zone, instant_of(closure.ends_at) - 1) >= on
        ]
        columns.append(
            ClinicianDay(
                practitioner_id=practitioner_id,
                practitioner_name=name,
                hours=tuple(OpenTime(starts_at=moment(low), ends_at=moment(high)) for low, high in hours),
                visits=tuple(visits.shown(visit, actor=actor, now=now) for visit in own),
                closures=tuple(closed),
                asked=tuple(visits.shown(visit, actor=actor, now=now) for visit in asked),
            )
        )
    return tuple(columns)
