"""Whether an offer can be had now: the set-up, the rules and what is taken, looked at together.

Nothing here takes anything. The claim that follows decides; this is the kind answer, and the choice of rooms.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from scheduling import access, catalogue, claims, groups, rules
from scheduling.availability import instant_of, moment
from scheduling.catalogue import Catalogue
from scheduling.claims import Look, Span, Taken
from scheduling.errors import OutsideAvailability, PatientBusy, SlotTaken
from scheduling.groups import Session
from scheduling.rules import Place
from scheduling.status import Status
from scheduling.types import Mode, OfferRef
from steadwell.actor import Actor
from steadwell.ids import PersonId

ALIAS = "alias"
# Rooms are looked at in the clinician's order; only when these are all taken are the others.
_FEW_ROOMS = 4
# A patient's visits are counted this far ahead.
_AHEAD = timedelta(days=800)
_CAPS = """(
    SELECT (%(cap_ahead)s = 0 OR count(*) < %(cap_ahead)s)
       AND (%(cap_day)s = 0 OR count(*) FILTER (WHERE during && tstzrange(%(day_from)s, %(day_until)s)) <
       %(cap_day)s) FROM scheduling_claim
    WHERE claimant_id = ANY (%(persons)s::uuid[]) AND kind = 'patient' AND NOT overbooked
      AND site_id = %(claim_site)s
      AND during && tstzrange(%(now)s, NULL) AND (expires_at IS NULL OR expires_at > %(now)s)
)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who wants which offer, and how. ``without``: the visit being moved does not stand in its own way."""

    actor: Actor
    person_id: PersonId
    ref: OfferRef
    now: datetime
    overbook: bool = False
    without: frozenset[UUID] = frozenset()

    @property
    def patient_side(self) -> bool:
        return access.is_patient_side(self.actor, self.person_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """An offer as it stands: where it is, and what was seen around it."""

    asked: Asked
    catalogue: Catalogue
    place: Place
    look: Look
    person_ids: tuple[PersonId, ...]  # every id of the patient, who may have been merged
    session: Session | None  # the group session already open for it
    rooms: dict[str, list[UUID]]  # the rooms and equipment looked at, by kind, the preferred one first

    def taken_by_others(self) -> Iterable[Taken]:
        """Live claims of others. Not the former hold's: it is given back in the same transaction."""
        own = self.asked.without | {self.look.former_hold}
        if self.session is not None:
            own |= {self.session.session_id}
        return (taken for taken in self.look.taken if not taken.expired and taken.owner_id not in own)

    def taken_at_the_time(self) -> set[UUID]:
        """Whoever and whatever is busy at the offer's own time, buffers included."""
        low, high = self.place.busy_from, self.place.busy_until
        return {t.claimant_id for t in self.taken_by_others() if t.start < high and t.end > low}

    def may_need_other_rooms(self, every: dict[str, list[UUID]]) -> bool:
        """Whether a kind has too few free rooms among those looked at, and others that were not.

        Not when the clinician is busy: the offer is lost then, whatever the rooms.
        """
        taken = self.taken_at_the_time()
        if self.place.practitioner_id in taken and not self.asked.overbook:
            return False
        looked_at = {room for order in self.rooms.values() for room in order}
        if self.session is not None and not looked_at.issuperset(self.session.resource_ids):
            return True
        wanted = Counter(self.place.kind.resource_kinds)
        return any(
            len(self.rooms[kind]) < len(every[kind]) and len(set(self.rooms[kind]) - taken) < count
            for kind, count in wanted.items()
        )

    def expired_owners(self) -> set[UUID]:
        return {taken.owner_id for taken in self.look.taken if taken.expired}

    def outlived_aliases(self) -> set[UUID]:
        """Whose visits claim the patient's time only because the two were merged once: under none of the
        patient's ids is there a visit of theirs.
        """
        own = [taken for taken in self.look.taken if taken.claimant_id in self.person_ids]
        visits = {taken.owner_id for taken in own if taken.kind != ALIAS}
        return {taken.owner_id for taken in own if taken.kind == ALIAS} - visits


def find(asked: Asked) -> Placing:
    """Look at an offer, with the set-up that holds in the same instant. One statement, two for a group visit;
    one more for staff, who do not know yet which ids the patient has.

    Raises OutsideAvailability when a part of it does not exist, NotFound when it is not this actor's to book.
    """
    access.may_book(asked.actor, person_id=asked.person_id, site_id=asked.ref.site_id)
    person_ids = tuple(access.ids_of(asked.actor, asked.person_id))
    known = catalogue.latest()
    place = rules.find_place(known, asked.ref)
    if place is None:
        known = catalogue.current()
        place = rules.find_place(known, asked.ref)
    few: int | None = _FEW_ROOMS
    while place is not None:
        rooms = _rooms_in_order(known, place)
        seen = claims.look(
            _around(place, asked.now, person_ids, rooms, few),
            user_id=asked.actor.user_id,
            person_ids=person_ids,
            now=asked.now,
        )
        if known.stamp is None or seen.stamp != known.stamp:
            known = catalogue.load()
            place = rules.find_place(known, asked.ref)
            continue
        session = groups.find_session(place, now=asked.now) if place.is_group else None
        found = Placing(
            asked=asked,
            catalogue=known,
            place=place,
            look=seen,
            person_ids=person_ids,
            session=session,
            rooms={kind: order[:few] for kind, order in rooms.items()},
        )
        # Somebody else's claim to this patient's time: left by an un-merge, or by a merge a moment ago.
        fresh = access.ids_now(asked.person_id) if found.outlived_aliases() else [*person_ids]
        if fresh != [*person_ids]:
            person_ids = tuple(fresh)
        elif few is not None and found.may_need_other_rooms(rooms):
            few = None
        else:
            return found
    raise OutsideAvailability


def check(placing: Placing) -> tuple[UUID, ...]:
    """Refuse with the right words, or answer the rooms and equipment to take."""
    asked, place = placing.asked, placing.place
    if asked.patient_side:
        rules.check_patients_rules(place, now=asked.now)
        rules.check_caps(place.site, _visits_ahead(placing), start=place.start)
    else:
        rules.check_desk_rules(place, now=asked.now)
    rules.check_given(placing.catalogue, place)
    if not asked.overbook:
        rules.check_hours(placing.catalogue, place)
    others = list(placing.taken_by_others())
    if any(_meets(t, placing.person_ids, place.start, place.end) for t in others if t.kind != ALIAS):
        raise PatientBusy
    if placing.session is not None and placing.session.seats_taken >= placing.session.capacity:
        raise SlotTaken
    if not asked.overbook and any(
        _meets(t, (place.practitioner_id,), place.busy_from, place.busy_until) for t in others
    ):
        raise SlotTaken
    return _rooms(placing)


def spans(placing: Placing, resource_ids: Iterable[UUID]) -> list[Span]:
    """What an individual visit claims; a group session claims all but the patient's time itself (groups.py).

    A merged patient's time is claimed under every id: so the constraint also sees a booking that began before
    the merge.
    """
    place, own = placing.place, placing.asked.person_id
    patient = [
        Span(claimant_id=each, start=place.start, end=place.end, kind="patient" if each == own else ALIAS)
        for each in {*placing.person_ids, own}
    ]
    return patient if place.is_group else [*patient, *shared_spans(place, resource_ids)]


def shared_spans(place: Place, resource_ids: Iterable[UUID]) -> list[Span]:
    return [
        Span(claimant_id=claimant, start=place.busy_from, end=place.busy_until, kind=kind)
        for claimant, kind in [
            (place.practitioner_id, "practitioner"),
            *((resource, "resource") for resource in resource_ids),
        ]
    ]


def guard(placing: Placing) -> tuple[str, dict[str, Any]]:
    """The caps once more, as a condition of the claim itself: two devices of one patient cannot pass them."""
    site, asked = placing.place.site, placing.asked
    if not asked.patient_side or not (site.cap_ahead or site.cap_per_day):
        return "true", {}
    low, high = rules.day_bounds(site.time_zone, placing.place.start)
    return _CAPS, {
        "cap_ahead": site.cap_ahead,
        "cap_day": site.cap_per_day,
        "persons": list(placing.person_ids),
        "now": asked.now,
        "day_from": moment(low),
        "day_until": moment(high),
    }


def first_status(placing: Placing) -> Status:
    """What a patient books at a site that approves first is a request."""
    wants_approval = placing.asked.patient_side and placing.place.site.mode is Mode.REQUEST
    return Status.PENDING if wants_approval else Status.BOOKED


def _rooms_in_order(known: Catalogue, place: Place) -> dict[str, list[UUID]]:
    """The site's rooms and equipment by kind. Each clinician has an order of their own, so that two who book
    at once rarely want the same room, and a clinician mostly finds themself in the same one.
    """
    at_site, own = known.resources.get(place.site.site_id, {}), place.practitioner_id.bytes
    return {
        kind: sorted(at_site.get(kind, ()), key=lambda room: zlib.crc32(own + room.bytes))
        for kind in place.kind.resource_kinds
    }


def _around(
    place: Place,
    now: datetime,
    person_ids: Iterable[PersonId],
    rooms: dict[str, list[UUID]],
    few: int | None,
) -> list[Span]:
    first, last = min(instant_of(now), place.start), instant_of(now + _AHEAD)
    ahead = [Span(claimant_id=each, start=first, end=last) for each in person_ids]
    looked_at = {room for order in rooms.values() for room in order[:few]}
    return [*ahead, *shared_spans(place, looked_at)]


def _visits_ahead(placing: Placing) -> list[int]:
    present = instant_of(placing.asked.now)
    return [
        taken.start
        for taken in placing.taken_by_others()
        if taken.kind == "patient" and taken.site_id == placing.place.site.site_id and taken.end > present
    ]


def _meets(taken: Taken, claimants: Collection[UUID], start: int, end: int) -> bool:
    return taken.claimant_id in claimants and taken.start < end and taken.end > start


def _rooms(placing: Placing) -> tuple[UUID, ...]:
    """One free room or piece of equipment of each kind."""
    place, chosen = placing.place, list[UUID]()
    taken = placing.taken_at_the_time()
    if placing.session is not None and not taken.intersection(placing.session.resource_ids):
        return placing.session.resource_ids
    for kind in place.kind.resource_kinds:
        order = placing.rooms[kind]
        free = [room for room in order if room not in chosen and room not in taken]
        if not free and placing.asked.overbook:
            free = [room for room in order if room not in chosen]
        if not order:
            raise OutsideAvailability
        if not free:
            raise SlotTaken
        chosen.append(free[0])
    return tuple(chosen)
