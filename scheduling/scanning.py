"""Offers computed: the set-up's starts, less what is taken. One statement reads all of it, two for group
visits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from scheduling import availability, catalogue, claims, groups, offers, rules
from scheduling.availability import Busy, Interval, instant_of
from scheduling.catalogue import Catalogue, VisitKind
from scheduling.claims import Span
from scheduling.errors import OutsideAvailability
from scheduling.types import Mode, Offer, TimeOfDay
from steadwell.ids import PersonId, PractitionerId, SiteId, VisitTypeId

LONGEST_WINDOW = 62  # days
_HOURS = {TimeOfDay.MORNING: (0, 12), TimeOfDay.AFTERNOON: (12, 17), TimeOfDay.EVENING: (17, 24)}
_EMPTY = Busy(())


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


@dataclass(slots=True)
class Tally:
    """How many starts there were, and what took each of the others."""

    starts: int = 0
    open: int = 0
    too_soon: int = 0
    too_far: int = 0
    other_time: int = 0
    closed: int = 0  # leave, blocks
    taken: int = 0
    patient_busy: int = 0
    holidays: set[str] = field(default_factory=set)

    def add(self, other: Tally) -> None:
        for name in (
            "starts",
            "open",
            "too_soon",
            "too_far",
            "other_time",
            "closed",
            "taken",
            "patient_busy",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.holidays |= other.holidays


@dataclass(frozen=True, slots=True)
class Found:
    """An open start, before it is described."""

    start: int
    practitioner_id: PractitionerId
    site_id: SiteId
    seats_left: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One clinician at one site: everything that decides about a start."""

    zone: str
    low: int
    high: int
    hours: tuple[int, int] | None
    before: int
    length: int
    after: int
    visits: Busy
    closures: Busy
    patient: Busy
    rooms: list[list[Busy]]

    def why_not(self, start: int, seats: int | None) -> str:
        """The Tally's word for what stands against a start, ``open`` for nothing. ``seats``: of an open
        session.
        """
        if start < self.low:
            return "too_soon"
        if start > self.high:
            return "too_far"
        if self.hours and not self.hours[0] <= availability.wall(self.zone, start).hour < self.hours[1]:
            return "other_time"
        busy_from, end = start - self.before, start + self.length
        busy_until = end + self.after
        if self.closures.touches(busy_from, busy_until):
            return "closed"
        if seats is None:
            if self.visits.touches(busy_from, busy_until) or not _all_free(self.rooms, busy_from, busy_until):
                return "taken"
        elif seats <= 0:
            return "taken"
        return "patient_busy" if self.patient.touches(start, end) else "open"


@dataclass(slots=True, kw_only=True)
class Board:
    """Everything taken around some criteria, and the set-up of the same instant."""

    catalogue: Catalogue
    kind: VisitKind
    criteria: Criteria
    visits: dict[UUID, Busy]
    closures: dict[UUID, Busy]
    sessions: dict[tuple[UUID, UUID, int], int]

    def scan(self, criteria: Criteria) -> tuple[list[Found], dict[date, Tally]]:
        """Open starts in time order, and a tally per date, for criteria within those of the board."""
        found: list[Found] = []
        tallies: dict[date, Tally] = {}
        pairs = candidates(self.catalogue, self.kind, criteria)
        columns: dict[tuple[PractitionerId, SiteId], Column] = {}
        for on in criteria.dates():
            tally = tallies[on] = Tally()
            for pair in pairs:
                plan = offers.plan(self.catalogue, self.kind, *pair, on)
                if plan.holiday:
                    tally.holidays.add(plan.holiday)
                if plan.starts:
                    if pair not in columns:
                        columns[pair] = self._column(criteria, *pair)
                    self._scan_day(columns[pair], pair, plan, tally, found)
        found.sort(key=lambda f: f.start)
        return found, tallies

    def describe(self, found: Found) -> Offer:
        return offers.describe(
            self.catalogue,
            self.kind,
            found.practitioner_id,
            found.site_id,
            found.start,
            seats_left=found.seats_left,
        )

    def _scan_day(
        self,
        column: Column,
        pair: tuple[PractitionerId, SiteId],
        plan: offers.Plan,
        tally: Tally,
        found: list[Found],
    ) -> None:
        tally.starts += len(plan.starts)
        group = self.kind.info.capacity > 1
        for start in plan.starts:
            seats = self.sessions.get((*pair, start)) if group else None
            cause = column.why_not(start, seats)
            setattr(tally, cause, getattr(tally, cause) + 1)
            if cause == "open":
                left = (self.kind.info.capacity if seats is None else seats) if group else None
                found.append(Found(start, *pair, left))

    def _column(self, criteria: Criteria, practitioner_id: PractitionerId, site_id: SiteId) -> Column:
        site, kind = self.catalogue.sites[site_id], self.kind
        low, high = rules.bounds(site, patient_side=criteria.patient_side, now=criteria.now)
        return Column(
            zone=site.time_zone,
            low=low,
            high=high,
            hours=_HOURS[criteria.time_of_day] if criteria.time_of_day else None,
            before=kind.before,
            length=kind.length,
            after=kind.after,
            visits=self.visits.get(practitioner_id, _EMPTY),
            closures=self.closures.get(practitioner_id, _EMPTY),
            patient=self.visits.get(criteria.person_ids[0], _EMPTY) if criteria.person_ids else _EMPTY,
            rooms=self._rooms(site_id),
        )

    def _rooms(self, site_id: SiteId) -> list[list[Busy]]:
        at_site = self.catalogue.resources.get(site_id, {})
        needed: list[list[Busy]] = []
        for kind in self.kind.resource_kinds:
            rooms = at_site.get(kind, ())
            if (
                rooms
                and not all(room in self.visits for room in rooms)
                and self.kind.resource_kinds.count(kind) == 1
            ):
                continue  # one of them has nothing at all in the whole window
            needed.append([self.visits.get(room, _EMPTY) for room in rooms])
        return needed


def gather(criteria: Criteria) -> Board:
    """Read what is taken around the criteria. Raises OutsideAvailability for a visit type that is not
    there.
    """
    known = catalogue.latest()
    while True:
        kind = known.visit_types.get(criteria.visit_type_id)
        if kind is None:
            known = catalogue.current()
            kind = known.visit_types.get(criteria.visit_type_id)
            if kind is None:
                raise OutsideAvailability
        reach = _reach(known, kind, criteria)
        spans = [Span(claimant_id=each, start=low, end=high) for each, (low, high) in reach.items()]
        stamp, taken = claims.busy(spans, now=criteria.now, without=criteria.without)
        if stamp == known.stamp:
            return _board(known, kind, criteria, taken, reach)
        known = catalogue.load()
        if known.stamp is None:
            raise OutsideAvailability  # a clinic without any set-up


def candidates(known: Catalogue, kind: VisitKind, criteria: Criteria) -> list[tuple[PractitionerId, SiteId]]:
    """Clinicians who may give the visit type, at sites that fit, in the language asked for."""
    if criteria.patient_side and not kind.info.patients_may_book:
        return []
    return [
        (practitioner_id, site_id)
        for practitioner_id, clinician in known.practitioners.items()
        if kind.info.speciality in clinician.specialities
        and (not criteria.practitioner_ids or practitioner_id in criteria.practitioner_ids)
        and (not criteria.language or criteria.language in clinician.languages)
        for site_id in sorted(clinician.site_ids)
        if (site := known.sites.get(site_id)) is not None
        and (not criteria.site_ids or site_id in criteria.site_ids)
        and site.organisation_id == kind.organisation_id
        and not (criteria.patient_side and site.mode is Mode.VIEW_ONLY)
        and _has_rooms(known, kind, site_id)
    ]


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


def _all_free(rooms: list[list[Busy]], busy_from: int, busy_until: int) -> bool:
    """Whether one of each is free for the whole stretch."""
    return all(any(not room.touches(busy_from, busy_until) for room in kind) for kind in rooms)


def _reach(known: Catalogue, kind: VisitKind, criteria: Criteria) -> dict[UUID, Interval]:
    """From when to when it matters what each clinician, room and the patient have: the stretch from the first
    start there is to the end of the last one, buffers included.

    It decides what a search costs: every claim in it is read.
    """
    dates = list(criteria.dates())
    reach: dict[UUID, Interval] = {}
    for practitioner_id, site_id in candidates(known, kind, criteria):
        first = _first_starts(known, kind, practitioner_id, site_id, dates)
        if not first:
            continue
        last = _first_starts(known, kind, practitioner_id, site_id, dates[::-1])
        low, high = first[0] - kind.before, last[-1] + kind.length + kind.after
        at_site = known.resources.get(site_id, {})
        rooms = (room for each in kind.resource_kinds for room in at_site.get(each, ()))
        for claimant in (practitioner_id, *rooms, *criteria.person_ids):
            known_low, known_high = reach.get(claimant, (low, high))
            reach[claimant] = (min(low, known_low), max(high, known_high))
    return reach


def _first_starts(
    known: Catalogue,
    kind: VisitKind,
    practitioner_id: PractitionerId,
    site_id: SiteId,
    dates: Sequence[date],
) -> tuple[int, ...]:
    """The starts of the first of the dates that has any."""
    plans = (offers.plan(known, kind, practitioner_id, site_id, on) for on in dates)
    return next((plan.starts for plan in plans if plan.starts), ())


def _board(
    known: Catalogue,
    kind: VisitKind,
    criteria: Criteria,
    taken: list[tuple[UUID, str, int, int]],
    reach: dict[UUID, Interval],
) -> Board:
    visits: dict[UUID, list[tuple[int, int]]] = {}
    closures: dict[UUID, list[tuple[int, int]]] = {}
    for claimant_id, claim, start, end in taken:
        if claimant_id in criteria.person_ids:  # all of one patient's time stands together
            claimant_id = criteria.person_ids[0]
        (closures if claim == "closure" else visits).setdefault(claimant_id, []).append((start, end))
    sessions: dict[tuple[UUID, UUID, int], int] = {}
    if kind.info.capacity > 1 and reach:
        for each in groups.list_open(
            visit_type_id=kind.info.visit_type_id,
            practitioner_ids=known.practitioners.keys() & reach.keys(),
            low=min(low for low, _ in reach.values()),
            high=max(high for _, high in reach.values()),
            now=criteria.now,
        ):
            sessions[each.practitioner_id, each.site_id, each.start] = each.seats_left
    return Board(
        catalogue=known,
        kind=kind,
        criteria=criteria,
        sessions=sessions,
        visits={key: Busy(value) for key, value in visits.items()},
        closures={key: Busy(value) for key, value in closures.items()},
    )
