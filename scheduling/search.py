"""Finding a time: offers, why there are none, and what is near."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TypedDict, Unpack

from scheduling import access, availability, catalogue, offers, reasons, rules, scanning
from scheduling.availability import instant_of
from scheduling.errors import OutsideAvailability
from scheduling.scanning import Board, Criteria, Found, Tally
from scheduling.types import (
    Alternative,
    AlternativeKind,
    DayGlance,
    MonthGlance,
    Offer,
    OfferRef,
    SearchResult,
    TimeOfDay,
)
from steadwell.actor import Actor
from steadwell.errors import Invalid, NotFound
from steadwell.ids import AppointmentId, PersonId, PractitionerId, SiteId, VisitTypeId

DAYS = 14
LOOK_NEAR, LOOK_FURTHER = 7, 28  # days
FEW_SITES = 3
ENOUGH = 4  # alternatives after which nobody looks further
MOST = 500


class Wishes(TypedDict, total=False):
    """What else a time must fit. ``person_id`` leaves out times at which the patient is busy; ``moving`` is
    the visit that does not count as busy.
    """

    site_ids: Sequence[SiteId]
    practitioner_ids: Sequence[PractitionerId]
    language: str
    time_of_day: TimeOfDay | None
    person_id: PersonId | None
    moving: AppointmentId | None


def search(
    *,
    actor: Actor,
    visit_type_id: VisitTypeId,
    now: datetime,
    from_on: date | None = None,
    until_on: date | None = None,
    limit: int = 60,
    **wishes: Unpack[Wishes],
) -> SearchResult:
    """Offers in time order. Dates are local dates of each site, both included; by default the next 14 days.

    An empty answer says why and what is near. One statement (two for a group visit, one more when empty, and
    one more where staff search for a patient).
    """
    start = from_on or scanning.today(catalogue.latest(), wishes.get("site_ids", ()), now=now)
    criteria = _criteria(
        actor, visit_type_id, now, start, until_on or start + timedelta(days=DAYS - 1), wishes
    )
    if criteria.until_on < criteria.from_on:
        raise Invalid(fields={"until_on": "before-start"})
    board = scanning.gather(criteria)
    found, tallies = board.scan(criteria)
    limit = max(1, min(limit, MOST))
    if found:
        shown = tuple(board.describe(each) for each in found[:limit])
        return SearchResult(offers=shown, more=len(found) > limit)
    total = Tally()
    for tally in tallies.values():
        total.add(tally)
    return SearchResult(
        offers=(), reasons=reasons.why_none(board, criteria, total), alternatives=_alternatives(criteria)
    )


def months_glance(
    *,
    actor: Actor,
    visit_type_id: VisitTypeId,
    month: date,
    now: datetime,
    **wishes: Unpack[Wishes],
) -> MonthGlance:
    """How many offers each day of a month has, and why a day has none. One statement (two for a group
    visit).
    """
    first_on = month.replace(day=1)
    criteria = _criteria(
        actor,
        visit_type_id,
        now,
        first_on,
        first_on.replace(day=calendar.monthrange(month.year, month.month)[1]),
        wishes,
    )
    board = scanning.gather(criteria)
    found, tallies = board.scan(criteria)
    days = tuple(
        DayGlance(
            on=on,
            open=tally.open,
            reason=None if tally.open else reasons.of_day(board, criteria, on, tally),
        )
        for on, tally in tallies.items()
    )
    return MonthGlance(month=first_on, days=days, first=board.describe(found[0]) if found else None)


def first_available(
    *,
    actor: Actor,
    visit_type_id: VisitTypeId,
    now: datetime,
    **wishes: Unpack[Wishes],
) -> Offer | None:
    """The earliest offer within the booking window, or within ``LONGEST_WINDOW`` days for staff. One
    statement when it is this week, else two.
    """
    start = scanning.today(catalogue.latest(), wishes.get("site_ids", ()), now=now)
    criteria = _criteria(actor, visit_type_id, now, start, start + timedelta(days=6), wishes)
    # Mostly it is this week; only a full week is worth reading two months for.
    for until_on in (criteria.until_on, start + timedelta(days=scanning.LONGEST_WINDOW)):
        board = scanning.gather(replace(criteria, until_on=until_on))
        found, _ = board.scan(board.criteria)
        if found:
            return board.describe(found[0])
    return None


def describe_offer(*, ref: OfferRef, now: datetime) -> Offer:
    """Names and wall time of an offer, without asking whether it is still open. OutsideAvailability if it
    cannot be.
    """
    known = catalogue.latest()
    place = rules.find_place(known, ref)
    if place is None:
        known = catalogue.current()
        place = rules.find_place(known, ref)
    if place is None:
        raise OutsideAvailability
    return offers.describe(known, place.kind, place.practitioner_id, place.site.site_id, place.start)


def nearest(
    *, ref: OfferRef, actor: Actor, person_id: PersonId | None, now: datetime, limit: int = 4
) -> tuple[Offer, ...]:
    """What is open around a time that was lost: the same clinician first, then others at the site, by
    closeness. One statement, mostly; empty where there is nothing close.
    """
    lost = instant_of(ref.starts_at)
    on = availability.local_date(describe_zone(ref), lost)
    criteria = Criteria(
        visit_type_id=ref.visit_type_id,
        now=now,
        from_on=on,
        until_on=on + timedelta(days=6),
        patient_side=_patient_side(actor, person_id),
        site_ids=frozenset({ref.site_id}),
        person_ids=_ids_of(actor, person_id),
    )
    # Mostly the clinician has another time next day; only else is the whole site read for a week.
    same = replace(
        criteria, until_on=on + timedelta(days=1), practitioner_ids=frozenset({ref.practitioner_id})
    )
    board, found = None, list[Found]()
    for ring in (same, criteria):
        try:
            board = scanning.gather(ring)
        except OutsideAvailability:
            return ()
        found, _ = board.scan(ring)
        if len(found) >= limit:
            break
    found.sort(key=lambda f: (f.practitioner_id != ref.practitioner_id, abs(f.start - lost)))
    return tuple(board.describe(each) for each in found[:limit]) if board else ()


def describe_zone(ref: OfferRef) -> str:
    site = catalogue.latest().sites.get(ref.site_id)
    return site.time_zone if site else "UTC"


def around(
    *, criteria: Criteria, practitioner_id: PractitionerId, site_id: SiteId, limit: int
) -> tuple[Alternative, ...]:
    """Other times for a visit: the same clinician first, then others at the site, then other sites."""
    board = scanning.gather(scanning.widened(criteria, days=0))
    here = frozenset({site_id})
    return _picked(
        board,
        [
            (
                AlternativeKind.OTHER_DAY,
                replace(criteria, site_ids=here, practitioner_ids=frozenset({practitioner_id})),
            ),
            (AlternativeKind.OTHER_CLINICIAN, replace(criteria, site_ids=here)),
            (AlternativeKind.OTHER_SITE, criteria),
        ],
        each=max(1, limit // 3),
        limit=limit,
    )


def _alternatives(criteria: Criteria) -> tuple[Alternative, ...]:
    """The same sites a week longer; only where that has too little, everywhere and four weeks longer."""
    near = replace(scanning.widened(criteria, days=LOOK_NEAR), site_ids=_sites_of(criteria))
    picked = _picked(scanning.gather(near), _wishes(criteria, near)[:3], each=2, limit=6)
    if len(picked) >= ENOUGH:
        return picked + _elsewhere(criteria)
    wide = scanning.widened(criteria, days=LOOK_FURTHER)
    return _picked(scanning.gather(wide), _wishes(criteria, wide), each=2, limit=6)


def _elsewhere(criteria: Criteria) -> tuple[Alternative, ...]:
    """Who asked for a site learns of a few others, on the same dates."""
    others = [site_id for site_id in catalogue.latest().sites if site_id not in criteria.site_ids]
    if not criteria.site_ids or not others:
        return ()
    there = replace(criteria, site_ids=frozenset(others[:FEW_SITES]))
    return _picked(scanning.gather(there), [(AlternativeKind.OTHER_SITE, there)], each=2, limit=2)


def _sites_of(criteria: Criteria) -> frozenset[SiteId]:
    """The sites asked for, else those of the clinicians asked for, else all (empty)."""
    known = catalogue.latest().practitioners
    asked = (known[each].site_ids for each in criteria.practitioner_ids if each in known)
    return criteria.site_ids or frozenset(site_id for site_ids in asked for site_id in site_ids)


def _wishes(criteria: Criteria, wide: Criteria) -> list[tuple[AlternativeKind, Criteria]]:
    """Each kind of alternative gives up one wish; all of them lie within ``wide``."""
    until, sites = wide.until_on, wide.site_ids
    anybody = replace(criteria, until_on=until, practitioner_ids=frozenset(), language="")
    return [
        (AlternativeKind.OTHER_TIME, replace(criteria, time_of_day=None)),
        (AlternativeKind.OTHER_DAY, replace(criteria, until_on=until)),
        (AlternativeKind.OTHER_CLINICIAN, replace(anybody, site_ids=criteria.site_ids or sites)),
        (AlternativeKind.OTHER_SITE, replace(criteria, until_on=until, site_ids=frozenset())),
    ]


def _picked(
    board: Board, wishes: list[tuple[AlternativeKind, Criteria]], *, each: int, limit: int
) -> tuple[Alternative, ...]:
    picked: list[Alternative] = []
    seen: set[Found] = set()
    for kind, criteria in wishes:
        found, _ = board.scan(criteria)
        fresh = [one for one in found if one not in seen][:each]
        seen.update(fresh)
        picked.extend(Alternative(kind=kind, offer=board.describe(one)) for one in fresh)
    return tuple(picked[:limit])


def _criteria(
    actor: Actor, visit_type_id: VisitTypeId, now: datetime, from_on: date, until_on: date, wishes: Wishes
) -> Criteria:
    person_id, moving = wishes.get("person_id"), wishes.get("moving")
    return Criteria(
        visit_type_id=visit_type_id,
        now=now,
        from_on=from_on,
        until_on=until_on,
        patient_side=_patient_side(actor, person_id),
        site_ids=frozenset(wishes.get("site_ids", ())),
        practitioner_ids=frozenset(wishes.get("practitioner_ids", ())),
        language=wishes.get("language", ""),
        time_of_day=wishes.get("time_of_day"),
        person_ids=_ids_of(actor, person_id),
        without=frozenset({moving} if moving else ()),
    )


def _ids_of(actor: Actor, person_id: PersonId | None) -> tuple[PersonId, ...]:
    return tuple(access.ids_of(actor, person_id)) if person_id else ()


def _patient_side(actor: Actor, person_id: PersonId | None) -> bool:
    """Whether the patients' rules hold for this search. A patient whom the actor does not book for is not
    there.
    """
    staff = actor.is_staff or actor.is_system
    if person_id is None:
        return not staff
    if not (staff or access.is_patient_side(actor, person_id)):
        raise NotFound
    return access.is_patient_side(actor, person_id)
