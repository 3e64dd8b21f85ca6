"""What is taken around a search: read here, and weighed in boards.py. One statement, two for group visits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from scheduling import catalogue, claims, groups, offers
from scheduling.availability import Busy, Interval
from scheduling.boards import Board
from scheduling.catalogue import Catalogue, VisitKind
from scheduling.claims import Span, Stretches
from scheduling.criteria import Criteria, candidates
from scheduling.errors import OutsideAvailability
from steadwell.ids import PractitionerId, SiteId


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
    taken: Sequence[Stretches],
    reach: dict[UUID, Interval],
) -> Board:
    visits: dict[UUID, list[tuple[int, int]]] = {}
    closures: dict[UUID, list[tuple[int, int]]] = {}
    for stretches in taken:
        claimant_id = stretches.claimant_id
        if claimant_id in criteria.person_ids:  # all of one patient's time stands together
            claimant_id = criteria.person_ids[0]
        kept = closures if stretches.are_closures else visits
        kept.setdefault(claimant_id, []).extend(zip(stretches.starts, stretches.ends, strict=True))
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
