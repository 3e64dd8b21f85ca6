"""Booking: what was held, or an offer at once."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from scheduling import claims, groups, holds, metrics, placing, publishing, queries, visits
from scheduling.errors import HoldEnded, ReasonNeeded
from scheduling.placing import Asked, Placing
from scheduling.transactions import write
from scheduling.types import Appointment, OfferRef
from scheduling.visits import Visit
from steadwell import prepared
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import Forbidden, NotFound
from steadwell.ids import AppointmentId, HoldId, PersonId, made_at, new_id
from steadwell.outbox import service as outbox
from steadwell.transactions import LostRace

NOTE_LENGTH = 500

_INSERT = """
changed AS (
    INSERT INTO scheduling_appointment
        (id, person_id, visit_type_id, practitioner_id, site_id, session_id, resource_ids, starts_at, ends_at,
         wall_start, time_zone, status, version, note, booked_by, booked_at, cancelled_by, cancel_reason,
         rebook_offered, overbooked)
    SELECT %(owner)s::uuid, %(person)s::uuid, %(kind)s::uuid, %(practitioner)s::uuid, %(site)s::uuid,
           %(session)s::uuid, %(rooms)s::uuid[], %(starts)s::timestamptz, %(ends)s::timestamptz, %(wall)s,
           %(zone)s, %(status)s, 1, %(note)s, %(by)s::uuid, %(now)s::timestamptz, '', '', false,
           %(overbooked)s FROM won RETURNING *
)
"""
# Booking what is held: the hold must be this user's and alive, and each claim it took still be there. A
# claimer who deleted one of them as ended leaves fewer than ``claims``, and then nothing of this statement
# has happened. Aliases (see placing.spans) may go at any time.
_FROM_HOLD = """
held AS (
    DELETE FROM scheduling_hold WHERE id = %(id)s AND held_by = %(user)s AND expires_at > %(now)s RETURNING *
), kept AS (
    UPDATE scheduling_claim SET expires_at = NULL
    WHERE owner_id = %(id)s AND EXISTS (SELECT FROM held) RETURNING kind
), changed AS (
    INSERT INTO scheduling_appointment
        (id, person_id, visit_type_id, practitioner_id, site_id, session_id, resource_ids, starts_at, ends_at,
         wall_start, time_zone, status, version, note, booked_by, booked_at, cancelled_by, cancel_reason,
         rebook_offered, overbooked)
    SELECT id, person_id, visit_type_id, practitioner_id, site_id, session_id, resource_ids, starts_at,
    ends_at, wall_start, time_zone, CASE WHEN needs_approval THEN 'pending' ELSE 'booked' END, 1, %(note)s,
           %(by)s::uuid, %(now)s::timestamptz, '', '', false, false
    FROM held WHERE claims = (SELECT count(*) FROM kept WHERE kind <> 'alias') RETURNING *
)
"""


def book(*, actor: Actor, hold_id: HoldId, request_key: str, now: datetime, note: str = "") -> Appointment:
    """Book what is held. The visit has the hold's id; its status is ``pending`` where the clinic approves
    first.

    Repeating it answers the same visit. Refuses HoldEnded, also for a hold that was given back, never was,
    or is somebody else's: they look the same.
    """
    if actor.user_id is None:
        raise Forbidden
    body = {"hold": hold_id, "note": note}
    return write(lambda: _book(actor, hold_id, request_key, body, note[:NOTE_LENGTH], now))


def book_direct(
    *, actor: Actor, person_id: PersonId, offer: OfferRef, request_key: str, now: datetime, note: str = ""
) -> Appointment:
    """Hold and book in one step: the front desk, the API. Refuses what ``hold`` refuses."""
    asked = Asked(actor=actor, person_id=person_id, ref=offer, now=now)
    return _one_step(asked, request_key, note, reason="")


def overbook(
    *,
    actor: Actor,
    person_id: PersonId,
    offer: OfferRef,
    reason: str,
    request_key: str,
    now: datetime,
    note: str = "",
) -> Appointment:
    """Staff book over a taken clinician or room, also outside hours, with a reason that is kept and audited.

    Never over another visit of the same patient: PatientBusy.
    """
    if not actor.works_at(offer.site_id) or actor.stands_for(person_id):
        raise NotFound
    if not reason.strip():
        raise ReasonNeeded(fields={"reason": "missing"})
    asked = Asked(actor=actor, person_id=person_id, ref=offer, now=now, overbook=True)
    return _one_step(asked, request_key, note, reason=reason.strip())


def _book(
    actor: Actor, hold_id: HoldId, request_key: str, body: dict[str, object], note: str, now: datetime
) -> Appointment:
    outbox.claim_request(
        actor=actor, key=request_key, operation="appointment.book", body=body, result_id=hold_id, now=now
    )
    values = {"id": hold_id, "user": actor.user_id, "note": note}
    values |= visits.version_values(actor=actor, move="book", why="", now=now)
    with prepared.cursor() as cursor:
        cursor.execute(f"WITH {_FROM_HOLD}, {visits.VERSIONED} {visits.CHANGED}", values)
        row = cursor.fetchone()
    if row is None:
        return _booked_before(actor, hold_id, now)
    visit = visits.read(row)
    _may_still_book(actor, visit)
    if visit.session_id is not None and not groups.book_seat(visit.session_id, hold_id):
        raise HoldEnded
    seconds = max(0.0, now.timestamp() - made_at(hold_id))
    transaction.on_commit(partial(metrics.booking_latency.observe, seconds))
    return _told(visit, actor=actor, action="appointment.book", reason="", now=now)


def _booked_before(actor: Actor, hold_id: HoldId, now: datetime) -> Appointment:
    """Nothing was booked now: because this user booked it before, else because there is nothing to book."""
    visit = queries.find_booked_by(AppointmentId(hold_id), user_id=actor.user_id)
    if visit is None:
        raise HoldEnded
    _may_still_book(actor, visit)
    return visits.shown(visit, actor=actor, now=now)


def _may_still_book(actor: Actor, visit: Visit) -> None:
    person_id, site_id, _ = visit.place
    holds.may_still_book(actor, person_id=person_id, site_id=site_id)


def _one_step(asked: Asked, request_key: str, note: str, *, reason: str) -> Appointment:
    return write(lambda: _book_at_once(asked, request_key, note[:NOTE_LENGTH], reason))


def _book_at_once(asked: Asked, request_key: str, note: str, reason: str) -> Appointment:
    action = "appointment.overbook" if asked.overbook else "appointment.book"
    body = {"person": asked.person_id, "offer": asked.ref.text, "note": note, "reason": reason}
    new = AppointmentId(new_id())
    first = outbox.claim_request(
        actor=asked.actor, key=request_key, operation=action, body=body, result_id=new, now=asked.now
    )
    if first != new:
        return queries.repeat(asked.actor, AppointmentId(first), now=asked.now)
    found = placing.find(asked)
    rooms = placing.check(found)
    holds.clear_the_way(found)
    visit = _claim_and_insert(found, new, rooms, note, reason)
    return _told(visit, actor=asked.actor, action=action, reason=reason, now=asked.now)


def _claim_and_insert(
    found: Placing, new: AppointmentId, rooms: tuple[UUID, ...], note: str, reason: str
) -> Visit:
    asked, place = found.asked, found.place
    session_id = None
    if place.is_group:
        session_id = groups.take_seat(
            place,
            owner_id=new,
            resource_ids=rooms,
            shared=placing.shared_spans(place, rooms),
            expires_at=None,
            now=asked.now,
            overbooked=asked.overbook,
        )
    guard, caps = placing.guard(found)
    sql, values = claims.inserting(
        placing.spans(found, rooms),
        owner_id=new,
        site_id=place.site.site_id,
        expires_at=None,
        overbooked=asked.overbook,
        guard=guard,
    )
    values |= caps | holds.place_values(found, session_id, rooms)
    values |= {"status": placing.first_status(found).value, "note": note}
    move = "overbook" if asked.overbook else "book"
    values |= visits.version_values(actor=asked.actor, move=move, why=reason, now=asked.now)
    with prepared.cursor() as cursor:
        cursor.execute(f"WITH {sql}, {_INSERT}, {visits.VERSIONED} {visits.CHANGED}", values)
        row = cursor.fetchone()
    if row is None:
        raise LostRace
    return visits.read(row)


def _told(visit: Visit, *, actor: Actor, action: str, reason: str, now: datetime) -> Appointment:
    """The end of every booking: audit, outbox, answer."""
    booked = visit.appointment
    detail: dict[str, Any] = {"status": booked.status.value}
    audit.record(
        actor=actor,
        action=action,
        category="appointment",
        now=now,
        subject_id=booked.person_id,
        entity_id=booked.appointment_id,
        reason=reason,
        detail=detail,
        site_id=booked.site_id,
    )
    publishing.booked_or_requested(booked, now=now)
    transaction.on_commit(partial(metrics.booked.inc, mode=booked.status.value))
    return visits.shown(visit, actor=actor, now=now)
