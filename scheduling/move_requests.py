"""Another time asked for while the visit stands: both times are kept until the clinic decides.

The new time is claimed under the request's own id, less what the visit itself has of it: the two may overlap,
and together they cover every moment of both, so that nothing of either can be sold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from scheduling import claims, groups, holds, placing
from scheduling.availability import instant_of, moment
from scheduling.claims import Span
from scheduling.placing import ALIAS, Placing
from scheduling.types import RequestedMove
from scheduling.visits import Visit
from steadwell.ids import PersonId, new_id
from steadwell.transactions import LostRace

KIND = "move"  # the claim of a patient's time that is no visit yet: in the way of others, counted by no limit

_OPEN = """
INSERT INTO scheduling_moverequest
    (id, appointment_id, person_id, visit_type_id, practitioner_id, site_id, session_id, resource_ids,
     starts_at, ends_at, wall_start, time_zone, busy_from, busy_until, asked_at, state)
VALUES (%(id)s, %(visit)s, %(person)s, %(kind)s, %(practitioner)s, %(site)s, %(session)s::uuid,
        %(rooms)s::uuid[], %(starts)s, %(ends)s, %(wall)s, %(zone)s, %(busy_from)s, %(busy_until)s, %(now)s,
        'open')
"""
_CLOSE = """
UPDATE scheduling_moverequest SET state = %(state)s, closed_at = %(now)s
WHERE id = %(id)s AND state = 'open'
"""
_IS_CLOSED_THEN = """
SELECT EXISTS (
    SELECT FROM scheduling_claim
    WHERE claimant_id = %(practitioner)s AND kind = 'closure' AND overbooked
      AND during && tstzrange(%(low)s, %(high)s)
)
"""


def open_one(found: Placing, rooms: tuple[UUID, ...], visit: Visit) -> UUID:
    """Keep the new time beside the visit's own, in the caller's transaction. Answers the request's id.

    Raises LostRace when a part of it was taken meanwhile.
    """
    request_id, place, now = new_id(), found.place, found.asked.now
    session_id = None
    if place.is_group:
        session_id = groups.take_seat(
            place,
            owner_id=request_id,
            resource_ids=rooms,
            shared=placing.shared_spans(place, rooms),
            expires_at=None,
            now=now,
        )
    wanted = [_as_request(span) for span in placing.spans(found, rooms)]
    left = _less(wanted, claims.held_by(visit.appointment.appointment_id))
    claims.take(left, owner_id=request_id, site_id=place.site.site_id)
    values: dict[str, Any] = holds.place_values(found, session_id, rooms) | {
        "id": request_id,
        "visit": visit.appointment.appointment_id,
        "busy_from": moment(place.busy_from),
        "busy_until": moment(place.busy_until),
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, values)
    return request_id


def close(visit: Visit, state: str, *, now: datetime) -> None:
    """The open request of a locked visit is over, and its time free; nothing where there is none."""
    asked = visit.appointment.requested_move
    if asked is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE, {"id": asked.move_request_id, "state": state, "now": now})
        if cursor.rowcount != 1:
            raise LostRace
    claims.release(asked.move_request_id)
    if asked.session_id is not None:
        groups.leave_seat(asked.session_id, asked.move_request_id, now=now)


def spans(asked: RequestedMove, *, person_id: PersonId, person_ids: Iterable[PersonId]) -> list[Span]:
    """What the visit claims once it has the new time. The session of a group claims all but the patient's."""
    start, end = instant_of(asked.starts_at), instant_of(asked.ends_at)
    own = [
        Span(claimant_id=each, start=start, end=end, kind="patient" if each == person_id else ALIAS)
        for each in {*person_ids, person_id}
    ]
    return own if asked.session_id else [*own, *shared_spans(asked)]


def shared_spans(asked: RequestedMove) -> list[Span]:
    low, high = instant_of(asked.busy_from), instant_of(asked.busy_until)
    shared = [(asked.practitioner_id, "practitioner"), *((room, "resource") for room in asked.resource_ids)]
    return [Span(claimant_id=claimant, start=low, end=high, kind=kind) for claimant, kind in shared]


def is_closed_then(asked: RequestedMove) -> bool:
    """Whether the clinician has been taken out of the new time since: ill, on leave, busy elsewhere."""
    values: dict[str, Any] = {
        "practitioner": asked.practitioner_id,
        "low": asked.busy_from,
        "high": asked.busy_until,
    }
    with connection.cursor() as cursor:
        cursor.execute(_IS_CLOSED_THEN, values)
        return bool(cursor.fetchone()[0])


def _as_request(span: Span) -> Span:
    kind = KIND if span.kind == "patient" else span.kind
    return Span(claimant_id=span.claimant_id, start=span.start, end=span.end, kind=kind)


def _less(wanted: Sequence[Span], held: Sequence[Span]) -> list[Span]:
    """The parts of ``wanted`` that the same claimants do not have in ``held``."""
    left: list[Span] = []
    for span in wanted:
        pieces = [(span.start, span.end)]
        for own in held:
            if own.claimant_id == span.claimant_id:
                pieces = [
                    piece
                    for low, high in pieces
                    for piece in ((low, min(high, own.start)), (max(low, own.end), high))
                    if piece[0] < piece[1]
                ]
        left += [Span(claimant_id=span.claimant_id, start=a, end=b, kind=span.kind) for a, b in pieces]
    return left
