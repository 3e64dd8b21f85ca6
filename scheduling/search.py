"""Finding a time: offers, why there are none, and what is near."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TypedDict, Unpack

from scheduling import access, alternatives, catalogue, offers, reasons, rules, scanning
from scheduling.boards import Board, Found, Tally
from scheduling.criteria import LONGEST_WINDOW, Criteria, today
from scheduling.errors import OutsideAvailability
from scheduling.types import (
    DayGlance,
    MonthGlance,
    Offer,
    OfferRef,
    SearchResult,
    TimeOfDay,
)
from steadwell.actor import Actor
from steadwell.errors import Invalid
from steadwell.ids import AppointmentId, PersonId, PractitionerId, SiteId, VisitTypeId

DAYS = 14
FIRST_DAYS = 4  # over any weekend
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

    An empty answer says why and what is near. One statement where the first days have enough, two for all
    others (twice as many for a group visit, a few more when empty, and one more where staff search for a
    patient).
    """
    start = from_on or today(catalogue.latest(), wishes.get("site_ids", ()), now=now)
    criteria = _criteria(
        actor, visit_type_id, now, start, until_on or start + timedelta(days=DAYS - 1), wishes
    )
    if criteria.until_on < criteria.from_on:
        raise Invalid(fields={"until_on": "before-start"})
    limit = max(1, min(limit, MOST))
    board, found, tallies = _find(criteria, enough=limit + 1)
    if found:
        shown = tuple(board.describe(each) for each in found[:limit])
        return SearchResult(offers=shown, more=len(found) > limit)
    total = Tally()
    for tally in tallies.values():
        total.add(tally)
    return SearchResult(
        offers=(),
        reasons=reasons.why_none(board, criteria, total),
        alternatives=alternatives.instead_of(criteria),
    )


def _find(criteria: Criteria, *, enough: int) -> tuple[Board, list[Found], dict[date, Tally]]:
    """Open starts, with a tally of each date that was looked at. Mostly the first days have enough, and what
    is taken on the others is not read.
    """
    parts, border = [criteria], criteria.from_on + timedelta(days=FIRST_DAYS)
    if criteria.until_on > border:
        parts = [
            replace(criteria, until_on=border - timedelta(days=1)),
            replace(criteria, from_on=border),
        ]
    found, tallies = list[Found](), dict[date, Tally]()
    for part in parts:
        board = scanning.gather(part)
        more, days = board.scan(part, enough=enough - len(found))
        found, tallies = found + more, tallies | days
        if len(found) >= enough:
            break
    found.sort(key=lambda each: each.start)
    return board, found, tallies


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
    start = today(catalogue.latest(), wishes.get("site_ids", ()), now=now)
    criteria = _criteria(actor, visit_type_id, now, start, start + timedelta(days=6), wishes)
    # Mostly it is this week; only a full week is worth reading two months for.
    for until_on in (criteria.until_on, start + timedelta(days=LONGEST_WINDOW)):
        board = scanning.gather(replace(criteria, until_on=until_on))
        found, _ = board.scan(board.criteria, enough=1)
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


def _criteria(
    actor: Actor, visit_type_id: VisitTypeId, now: datetime, from_on: date, until_on: date, wishes: Wishes
) -> Criteria:
    person_id, moving = wishes.get("person_id"), wishes.get("moving")
    return Criteria(
        visit_type_id=visit_type_id,
        now=now,
        from_on=from_on,
        until_on=until_on,
        patient_side=access.searches_as_patient(actor, person_id),
        site_ids=frozenset(wishes.get("site_ids", ())),
        practitioner_ids=frozenset(wishes.get("practitioner_ids", ())),
        language=wishes.get("language", ""),
        time_of_day=wishes.get("time_of_day"),
        person_ids=access.ids_of_any(actor, person_id),
        without=frozenset({moving} if moving else ()),
    )
