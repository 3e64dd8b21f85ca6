"""Everything taken around a search, asked which of the set-up's starts are open."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from scheduling import availability, offers, rules
from scheduling.availability import Busy
from scheduling.catalogue import Catalogue, VisitKind
from scheduling.criteria import Criteria, candidates
from scheduling.types import Offer, TimeOfDay
from steadwell.ids import PractitionerId, SiteId

_HOURS = {TimeOfDay.MORNING: (0, 12), TimeOfDay.AFTERNOON: (12, 17), TimeOfDay.EVENING: (17, 24)}
_EMPTY = Busy(())


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

    def scan(self, criteria: Criteria, *, enough: int | None = None) -> tuple[list[Found], dict[date, Tally]]:
        """Open starts in time order, and a tally per date, for criteria within those of the board. With
        ``enough`` no further date is looked at once there are so many.
        """
        found: list[Found] = []
        tallies: dict[date, Tally] = {}
        pairs = candidates(self.catalogue, self.kind, criteria)
        columns: dict[tuple[PractitionerId, SiteId], Column] = {}
        for on in criteria.dates():
            if enough is not None and len(found) >= enough:
                break
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


def _all_free(rooms: list[list[Busy]], busy_from: int, busy_until: int) -> bool:
    """Whether one of each is free for the whole stretch."""
    return all(any(not room.touches(busy_from, busy_until) for room in kind) for kind in rooms)
