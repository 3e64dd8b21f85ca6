"""Other times: than one that was lost, than a search that found nothing, for a visit that was called off."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from scheduling import access, availability, catalogue, queries, scanning
from scheduling.availability import instant_of
from scheduling.boards import Board, Found
from scheduling.criteria import Criteria, today, widened
from scheduling.errors import OutsideAvailability
from scheduling.types import Alternative, AlternativeKind, Offer, OfferRef
from steadwell.actor import Actor
from steadwell.ids import AppointmentId, PersonId, PractitionerId, SiteId

_DAYS = 28
LOOK_NEAR, LOOK_FURTHER = 4, 28  # days
FEW_SITES = 3
ENOUGH = 4  # alternatives after which nobody looks further


def alternatives_for(
    *, actor: Actor, appointment_id: AppointmentId, now: datetime, limit: int = 6
) -> tuple[Alternative, ...]:
    """Times from the visit's own day on (today, when that is over): the same clinician first, then others at
    the site, then other sites. Three statements; one more for staff.
    """
    visit = queries.see(actor, appointment_id)
    a = visit.appointment
    queries.record_read([a], actor=actor, action="appointment.read", now=now)
    start = max(a.wall_start.date(), today(catalogue.latest(), [a.site_id], now=now))
    criteria = Criteria(
        visit_type_id=a.visit_type_id,
        now=now,
        from_on=start,
        until_on=start + timedelta(days=_DAYS),
        patient_side=access.is_patient_side(actor, a.person_id),
        person_ids=tuple(access.ids_of(actor, a.person_id)),
        without=frozenset({a.appointment_id}),
    )
    return around(criteria=criteria, practitioner_id=a.practitioner_id, site_id=a.site_id, limit=limit)


def nearest(
    *, ref: OfferRef, actor: Actor, person_id: PersonId | None, now: datetime, limit: int = 4
) -> tuple[Offer, ...]:
    """What is open around a time that was lost: the same clinician first, then others at the site, by
    closeness. One statement, mostly; empty where there is nothing close.
    """
    lost = instant_of(ref.starts_at)
    on = availability.local_date(_zone(ref), lost)
    criteria = Criteria(
        visit_type_id=ref.visit_type_id,
        now=now,
        from_on=on,
        until_on=on + timedelta(days=6),
        patient_side=access.searches_as_patient(actor, person_id),
        site_ids=frozenset({ref.site_id}),
        person_ids=access.ids_of_any(actor, person_id),
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


def _zone(ref: OfferRef) -> str:
    site = catalogue.latest().sites.get(ref.site_id)
    return site.time_zone if site else "UTC"


def around(
    *, criteria: Criteria, practitioner_id: PractitionerId, site_id: SiteId, limit: int
) -> tuple[Alternative, ...]:
    """Other times for a visit: the same clinician first, then others at the site, then other sites."""
    board = scanning.gather(widened(criteria, days=0))
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


def instead_of(criteria: Criteria) -> tuple[Alternative, ...]:
    """The same sites some days longer; only where that has too little, everywhere and four weeks longer."""
    near = replace(widened(criteria, days=LOOK_NEAR), site_ids=_sites_of(criteria))
    picked = _picked(scanning.gather(near), _wishes(criteria, near)[:3], each=2, limit=6)
    if len(picked) >= ENOUGH:
        return picked + _elsewhere(criteria)
    wide = widened(criteria, days=LOOK_FURTHER)
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
        # Of those found some were picked for another wish before.
        found, _ = board.scan(criteria, enough=each + len(seen))
        fresh = [one for one in found if one not in seen][:each]
        seen.update(fresh)
        picked.extend(Alternative(kind=kind, offer=board.describe(one)) for one in fresh)
    return tuple(picked[:limit])
