"""A visit gets another time: at once, or, where the clinic approves first, once it has said yes.

The old time stays until the new one is certain. Every change is one transaction and one version.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import connection

from scheduling import (
    access,
    changes,
    claims,
    groups,
    holds,
    locking,
    move_requests,
    placing,
    publishing,
    visits,
)
from scheduling.availability import moment
from scheduling.changes import REASON_LENGTH, Change
from scheduling.errors import MoveNotAllowed, TimeClosed
from scheduling.placing import Asked, Placing
from scheduling.status import Move, Status
from scheduling.transactions import write
from scheduling.types import Appointment, OfferRef, RequestedMove
from scheduling.visits import Visit
from steadwell.actor import Actor
from steadwell.errors import Stale
from steadwell.ids import AppointmentId
from steadwell.transactions import LostRace

_MOVED = """
changed AS (
    UPDATE scheduling_appointment SET version = version + 1, visit_type_id = %(kind)s, practitioner_id =
    %(practitioner)s, site_id = %(site)s, session_id = %(session)s::uuid, resource_ids = %(rooms)s::uuid[],
    starts_at = %(starts)s, ends_at = %(ends)s, wall_start = %(wall)s, time_zone = %(zone)s, status =
    %(status)s, overbooked = false, overdue_at = NULL
    WHERE id = %(owner)s AND EXISTS (SELECT FROM won) RETURNING *
)
"""
# The place of a request, once its time is claimed for the visit.
_SWAPPED = """
changed AS (
    UPDATE scheduling_appointment a SET version = a.version + 1, visit_type_id = m.visit_type_id,
        practitioner_id = m.practitioner_id, site_id = m.site_id, session_id = %(session)s::uuid,
        resource_ids = m.resource_ids, starts_at = m.starts_at, ends_at = m.ends_at,
        wall_start = m.wall_start, time_zone = m.time_zone, overbooked = false
    FROM scheduling_moverequest m
    WHERE a.id = %(owner)s AND m.id = %(request)s AND EXISTS (SELECT FROM won) RETURNING a.*
)
"""
_NOTED = f"""
WITH changed AS (
    UPDATE scheduling_appointment SET version = version + 1 WHERE id = %(id)s RETURNING *
), {visits.VERSIONED} {visits.CHANGED}
"""  # noqa: S608 - constants only


def reschedule(
    *,
    actor: Actor,
    appointment_id: AppointmentId,
    offer: OfferRef,
    request_key: str,
    now: datetime,
    reason: str = "",
    seen_version: int | None = None,
) -> Appointment:
    """Move a visit to another offer. The old time stays until the new one is won, in one transaction.

    A patient's booked visit that would go to a clinic which approves first is not moved: it stays as it is,
    and its ``requested_move`` is kept beside it until the clinic decides. Asking for another time takes the
    former request back. Refuses what ``hold`` refuses, TooLate for patients, Stale when ``seen_version`` is
    not the current one.
    """
    change = Change(
        actor=actor,
        move=Move.RESCHEDULE,
        appointment_id=appointment_id,
        request_key=request_key,
        now=now,
        reason=reason.strip()[:REASON_LENGTH],
    )
    return write(lambda: _reschedule(change, offer, seen_version))


def approve_move(
    *, actor: Actor, appointment_id: AppointmentId, request_key: str, now: datetime
) -> Appointment:
    """The clinic says yes: the visit has the new time, and its old one is free, in one transaction.

    Refuses TimeClosed where the clinician was taken out of the new time meanwhile, MoveNotAllowed where there
    is no request any more.
    """
    return changes.step(actor, Move.APPROVE_MOVE, appointment_id, request_key, now, work=_swap)


def decline_move(
    *, actor: Actor, appointment_id: AppointmentId, reason: str, request_key: str, now: datetime
) -> Appointment:
    """The clinic says no, with a reason: the visit stays as it is, and the new time is free."""
    changes.need_reason(reason)
    return changes.step(actor, Move.DECLINE_MOVE, appointment_id, request_key, now, reason=reason, work=end)


def withdraw_move(
    *, actor: Actor, appointment_id: AppointmentId, request_key: str, now: datetime
) -> Appointment:
    """The patient keeps the time they have after all."""
    return changes.step(actor, Move.WITHDRAW_MOVE, appointment_id, request_key, now, work=end)


ENDS = {Move.DECLINE_MOVE: "declined", Move.WITHDRAW_MOVE: "withdrawn", Move.LAPSE_MOVE: "lapsed"}


def end(change: Change, visit: Visit, *, by_clinic: bool = False) -> Visit:
    """A request is over and the visit stays, in the caller's transaction."""
    asked = _asked_for(visit)
    move_requests.close(visit, ENDS[change.move], now=change.now)
    changed = _note(change, visit, by_clinic=by_clinic)
    publishing.move_answered(changed.appointment, asked, answer=ENDS[change.move], now=change.now)
    return changed


def _asked_for(visit: Visit) -> RequestedMove:
    asked = visit.appointment.requested_move
    if asked is None:
        raise MoveNotAllowed
    return asked


def _reschedule(change: Change, offer: OfferRef, seen_version: int | None) -> Appointment:
    actor, now = change.actor, change.now
    body = {"visit": change.appointment_id, "offer": offer.text, "reason": change.reason}
    repeated = changes.claim(change, body=body)
    if repeated is not None:
        return repeated
    visit = locking.lock_visit(change.appointment_id)
    changes.check(change, visit)
    if seen_version is not None and seen_version != visit.appointment.version:
        raise Stale
    former = visit.appointment.requested_move
    own = {visit.appointment.appointment_id, *([former.move_request_id] if former else [])}
    asked = Asked(
        actor=actor, person_id=visit.appointment.person_id, ref=offer, now=now, without=frozenset(own)
    )
    found = placing.find(asked)
    if _is_same(visit.appointment, found.place.start, offer):
        return visits.shown(visit, actor=actor, now=now)
    if visit.appointment.status is Status.BOOKED and placing.first_status(found) is Status.PENDING:
        if former is None or not _is_same(former, found.place.start, offer):
            visit = _ask(change, found, visit)
        return visits.shown(visit, actor=actor, now=now)
    rooms = placing.check(found)
    holds.clear_the_way(found)
    move_requests.close(visit, "ended", now=now)
    changes.give_back(visit, now=now)
    moved = _claim_new_place(change, found, rooms, visit)
    changes.record(change, moved)
    publishing.moved(moved.appointment, now=now)
    return visits.shown(moved, actor=actor, now=now)


def _ask(change: Change, found: Placing, visit: Visit) -> Visit:
    """Keep the new time beside the old one until the clinic decides."""
    rooms = placing.check(found)
    holds.clear_the_way(found)
    move_requests.close(visit, "withdrawn", now=change.now)
    move_requests.open_one(found, rooms, visit)
    asking = replace(change, move=Move.ASK_MOVE)
    noted = _note(asking, visit)
    publishing.move_requested(noted.appointment, _asked_for(noted), now=change.now)
    return noted


def _swap(change: Change, visit: Visit) -> Visit:
    """The new time for the old one. Together the two claimed every moment of what the visit claims now, so
    nobody else can have any of it.
    """
    asked, owner = _asked_for(visit), visit.appointment.appointment_id
    if asked.starts_at <= change.now:
        raise MoveNotAllowed
    if move_requests.is_closed_then(asked):
        raise TimeClosed
    move_requests.close(visit, "approved", now=change.now)
    changes.give_back(visit, now=change.now)
    if asked.session_id is not None:
        groups.take_seat_again(
            asked.session_id, owner_id=owner, shared=move_requests.shared_spans(asked), site_id=asked.site_id,
            now=change.now,
        )  # fmt: skip
    person_id = visit.appointment.person_id
    spans = move_requests.spans(asked, person_id=person_id, person_ids=access.ids_now(person_id))
    sql, values = claims.inserting(spans, owner_id=owner, site_id=asked.site_id, expires_at=None)
    values |= {"request": asked.move_request_id, "session": asked.session_id}
    values |= visits.version_values(actor=change.actor, move=change.move.value, why="", now=change.now)
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {sql}, {_SWAPPED}, {visits.VERSIONED} {visits.CHANGED}", values)
        row = cursor.fetchone()
    if row is None:
        raise LostRace
    changed = visits.read(row)
    changes.record(change, changed)
    publishing.moved(changed.appointment, now=change.now)
    return changed


def _note(change: Change, visit: Visit, *, by_clinic: bool = False) -> Visit:
    """A version of the visit that changes nothing about it: something was asked, or answered."""
    values = visits.version_values(
        actor=change.actor, move=change.move.value, why=change.reason, now=change.now, by_clinic=by_clinic
    )
    with connection.cursor() as cursor:
        cursor.execute(_NOTED, values | {"id": visit.appointment.appointment_id})
        noted = visits.read(cursor.fetchone())
    changes.record(change, noted)
    return noted


def _claim_new_place(change: Change, found: placing.Placing, rooms: tuple[Any, ...], visit: Visit) -> Visit:
    place, owner = found.place, visit.appointment.appointment_id
    session_id = None
    if place.is_group:
        session_id = groups.take_seat(
            place,
            owner_id=owner,
            resource_ids=rooms,
            shared=placing.shared_spans(place, rooms),
            expires_at=None,
            now=change.now,
        )
    guard, caps = placing.guard(found)
    sql, values = claims.inserting(
        placing.spans(found, rooms), owner_id=owner, site_id=place.site.site_id, expires_at=None, guard=guard
    )
    values |= caps | holds.place_values(found, session_id, rooms)
    values |= visits.version_values(
        actor=change.actor, move=change.move.value, why=change.reason, now=change.now
    )
    values["status"] = placing.first_status(found).value
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {sql}, {_MOVED}, {visits.VERSIONED} {visits.CHANGED}", values)
        row = cursor.fetchone()
    if row is None:
        raise LostRace
    return visits.read(row)


def _is_same(a: Appointment | RequestedMove, start: int, offer: OfferRef) -> bool:
    now_at = (a.visit_type_id, a.practitioner_id, a.site_id, a.starts_at)
    return now_at == (offer.visit_type_id, offer.practitioner_id, offer.site_id, moment(start))
