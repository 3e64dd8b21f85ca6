"""Keeping a time for a few minutes while somebody decides.

A hold takes the same claims as the visit that grows out of it, with an end. Nothing waits for a sweep: an
ended hold counts for nobody, and whoever wants its time deletes its claims on the way. What nobody wants any
more is tidied away later, and each ended hold is counted once, when its row goes.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from scheduling import access, catalogue, claims, groups, metrics, offers, placing
from scheduling.availability import instant_of, moment
from scheduling.errors import HoldEnded
from scheduling.models import Hold as HoldRow
from scheduling.placing import Asked, Placing
from scheduling.status import Status
from scheduling.transactions import look_then_write, write
from scheduling.types import Hold, OfferRef
from steadwell import prepared
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import Forbidden
from steadwell.ids import HoldId, PersonId, PractitionerId, SiteId, VisitTypeId, new_id
from steadwell.transactions import LostRace

LASTS = timedelta(minutes=8)
# Servers' clocks differ a little: a hold that is being booked just in time on another one is left alone.
_GRACE = timedelta(minutes=1)
_BATCH = 500

_FIELDS = (
    "id",
    "person_id",
    "held_by",
    "visit_type_id",
    "practitioner_id",
    "site_id",
    "starts_at",
    "session_id",
    "needs_approval",
    "expires_at",
)
_HELD = """
held AS (
    INSERT INTO scheduling_hold
        (id, person_id, visit_type_id, practitioner_id, site_id, session_id, resource_ids, starts_at, ends_at,
         wall_start, time_zone, held_by, needs_approval, claims, created_at, expires_at)
    SELECT %(owner)s, %(person)s, %(kind)s, %(practitioner)s, %(site)s, %(session)s::uuid, %(rooms)s::uuid[],
           %(starts)s, %(ends)s, %(wall)s, %(zone)s, %(user)s, %(approval)s, %(own_claims)s, %(now)s,
           %(claim_until)s
    FROM won ON CONFLICT DO NOTHING RETURNING 1
)
SELECT 1 FROM held
"""
# It never waits: whoever has a row locked is booking it, or deleting it as we are.
_TIDY = """
DELETE FROM scheduling_hold WHERE id IN (
    SELECT id FROM scheduling_hold WHERE expires_at <= %(before)s
    ORDER BY id LIMIT %(batch)s FOR UPDATE SKIP LOCKED
) RETURNING id
"""


def hold(*, actor: Actor, person_id: PersonId, offer: OfferRef, now: datetime) -> Hold:
    """Keep a time for 8 minutes, for this user and this patient.

    The same offer again (reload, back button, double click) answers the same hold with the same end; another
    offer gives the former one back. That makes it repeatable without a request key. Refuses SlotTaken
    (``nearest`` knows other times), PatientBusy, OutsideAvailability, TooSoon, TooFarAhead, CapReached,
    ViewOnly, NotForPatients; NotFound where the patient or the site is not this actor's to book for.
    """
    _user(actor)
    asked = Asked(actor=actor, person_id=person_id, ref=offer, now=now)
    return look_then_write(lambda: _look(asked), lambda seen: _hold(*seen))


def get_hold(*, actor: Actor, hold_id: HoldId, now: datetime) -> Hold:
    """The user's own live hold; HoldEnded for one that ended, was given back, is somebody else's, or is for
    a patient whom this user may book for no more, alike.
    """
    row = (
        HoldRow.objects.filter(pk=hold_id, held_by=_user(actor), expires_at__gt=now).values(*_FIELDS).first()
    )
    if row is None:
        raise HoldEnded
    may_still_book(actor, person_id=PersonId(row["person_id"]), site_id=SiteId(row["site_id"]))
    return _described(row, now=now)


def find_hold(*, actor: Actor, person_id: PersonId, now: datetime) -> Hold | None:
    """The live hold of this user for this patient, if there is one."""
    row = (
        HoldRow.objects.filter(
            held_by=_user(actor), person_id__in=access.ids_of(actor, person_id), expires_at__gt=now
        )
        .order_by("-expires_at")
        .values(*_FIELDS)
        .first()
    )
    if row is None or not access.books_for(actor, person_id=person_id, site_id=SiteId(row["site_id"])):
        return None
    return _described(row, now=now)


def may_still_book(actor: Actor, *, person_id: PersonId, site_id: SiteId) -> None:
    """Whoever held a time and lost the right to book for its patient has it no more: HoldEnded."""
    if not access.books_for(actor, person_id=person_id, site_id=site_id):
        raise HoldEnded


def release_hold(*, actor: Actor, hold_id: HoldId, now: datetime) -> None:
    """Give a time back. A hold that is gone already is no failure: the wish is fulfilled."""

    def work() -> None:
        row = HoldRow.objects.filter(pk=hold_id, held_by=_user(actor)).values("person_id", "site_id").first()
        if row is None:
            return
        drop(hold_id, now=now)
        person_id, site_id = PersonId(row["person_id"]), SiteId(row["site_id"])
        _audit(actor, "appointment.release_hold", person_id, site_id, hold_id, now)

    write(work)


def drop(hold_id: UUID, *, now: datetime) -> None:
    """Delete a hold and what it took, in the caller's transaction.

    A hold that was booked at this moment is gone, and its claims, now a visit's, have no end any more: the
    two conditions leave them alone. Without them a second tab could free the time of a visit that stands.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH gone AS (DELETE FROM scheduling_hold WHERE id = %(id)s RETURNING session_id, expires_at),"
            " freed AS (DELETE FROM scheduling_claim"
            " WHERE owner_id = %(id)s AND expires_at IS NOT NULL AND EXISTS (SELECT FROM gone))"
            " SELECT session_id, expires_at <= %(now)s FROM gone",
            {"id": hold_id, "now": now},
        )
        row = cursor.fetchone()
    if row is None:
        return
    session_id, ended = row
    if ended:
        _count_ended(1)
    if session_id is not None:
        groups.leave_seat(session_id, hold_id, now=now)


def tidy(*, now: datetime) -> int:
    """Delete holds that ended and what is left of their claims. Answers how many holds.

    No booking waits for this or relies on it: it keeps the tables small and the count complete.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_TIDY, {"before": now - _GRACE, "batch": _BATCH})
            ended = [row[0] for row in cursor.fetchall()]
        claims.drop_expired(ended, now=now - _GRACE)
        _count_ended(len(ended))
    return len(ended)


def _count_ended(holds: int) -> None:
    transaction.on_commit(partial(metrics.holds_expired.inc, holds))


def _look(asked: Asked) -> tuple[Placing, Hold | tuple[UUID, ...]]:
    """What there is, and the hold that this user has of it already, or the rooms and equipment to take."""
    found = placing.find(asked)
    same = _former_if_same(found, found.look.former_hold) if found.look.former_hold is not None else None
    return found, same or placing.check(found)


def _hold(found: Placing, rooms: Hold | tuple[UUID, ...]) -> Hold:
    if isinstance(rooms, Hold):
        return rooms
    asked = found.asked
    clear_the_way(found)
    hold_id, expires_at = HoldId(new_id()), asked.now + LASTS
    taken = _take(found, hold_id, rooms, expires_at)
    _audit(asked.actor, "appointment.hold", asked.person_id, asked.ref.site_id, hold_id, asked.now)
    transaction.on_commit(metrics.holds_made.inc)
    return taken


def clear_the_way(found: Placing) -> None:
    """Give back the user's former hold, and delete what has ended, before anything is claimed."""
    if found.look.former_hold is not None:
        drop(found.look.former_hold, now=found.asked.now)
    ended = found.expired_owners()
    if ended:
        claims.drop_expired(ended, now=found.asked.now)
    outlived = found.outlived_aliases()
    if outlived:
        claims.drop_aliases(outlived, found.person_ids)


def _take(found: Placing, hold_id: HoldId, rooms: tuple[UUID, ...], expires_at: datetime) -> Hold:
    asked, place = found.asked, found.place
    session_id = None
    if place.is_group:
        session_id = groups.take_seat(
            place,
            owner_id=hold_id,
            resource_ids=rooms,
            shared=placing.shared_spans(place, rooms),
            expires_at=expires_at,
            now=asked.now,
        )
    guard, caps = placing.guard(found)
    spans = placing.spans(found, rooms)
    sql, values = claims.inserting(
        spans,
        owner_id=hold_id,
        site_id=place.site.site_id,
        expires_at=expires_at,
        guard=guard,
    )
    needs_approval = placing.first_status(found) is Status.PENDING
    values |= caps | place_values(found, session_id, rooms)
    own_claims = sum(span.kind != placing.ALIAS for span in spans)
    values |= {"user": asked.actor.user_id, "approval": needs_approval, "now": asked.now}
    values["own_claims"] = own_claims
    with prepared.cursor() as cursor:
        cursor.execute(f"WITH {sql}, {_HELD}", values)
        if cursor.fetchone() is None:
            raise LostRace
    offer = offers.describe(
        found.catalogue, place.kind, place.practitioner_id, place.site.site_id, place.start
    )
    return Hold(
        hold_id=hold_id,
        person_id=asked.person_id,
        offer=offer,
        expires_at=expires_at,
        needs_approval=needs_approval,
    )


def place_values(found: Placing, session_id: UUID | None, rooms: tuple[UUID, ...]) -> dict[str, Any]:
    """The parameters that a hold and a visit share."""
    place = found.place
    return {
        "person": found.asked.person_id,
        "kind": place.kind.info.visit_type_id,
        "practitioner": place.practitioner_id,
        "site": place.site.site_id,
        "session": session_id,
        "rooms": list(rooms),
        "starts": moment(place.start),
        "ends": moment(place.end),
        "wall": place.wall_start,
        "zone": place.site.time_zone,
    }


def _former_if_same(found: Placing, former: UUID) -> Hold | None:
    row = HoldRow.objects.filter(pk=former).values(*_FIELDS).first()
    place = found.place
    if row is None or row["expires_at"] <= found.asked.now:
        return None
    wanted = (place.kind.info.visit_type_id, place.practitioner_id, place.site.site_id, place.start)
    has = (row["visit_type_id"], row["practitioner_id"], row["site_id"], instant_of(row["starts_at"]))
    return _described(row, now=found.asked.now, known=found.catalogue) if wanted == has else None


def _described(row: dict[str, Any], *, now: datetime, known: catalogue.Catalogue | None = None) -> Hold:
    known = known or catalogue.current()
    kind = known.visit_types.get(VisitTypeId(row["visit_type_id"]))
    site_id, practitioner_id = SiteId(row["site_id"]), PractitionerId(row["practitioner_id"])
    if kind is None or site_id not in known.sites or practitioner_id not in known.practitioners:
        raise HoldEnded  # the clinic took the clinician, the site or the visit type out of service
    return Hold(
        hold_id=HoldId(row["id"]),
        person_id=PersonId(row["person_id"]),
        offer=offers.describe(known, kind, practitioner_id, site_id, instant_of(row["starts_at"])),
        expires_at=row["expires_at"],
        needs_approval=row["needs_approval"],
    )


def _user(actor: Actor) -> UUID:
    """Holds are a signed-in user's own."""
    if actor.user_id is None:
        raise Forbidden
    return actor.user_id


def _audit(
    actor: Actor, action: str, person_id: PersonId, site_id: SiteId, hold_id: UUID, now: datetime
) -> None:
    audit.record(
        actor=actor, action=action, category="appointment", now=now,
        subject_id=person_id, entity_id=hold_id, site_id=site_id,
    )  # fmt: skip
