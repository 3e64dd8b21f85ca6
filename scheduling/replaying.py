"""Telling once more what a patient should have heard of: the event of that version, published again.

Its consumers say each thing once, so whoever heard of it already hears nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from scheduling import queries
from scheduling.models import AppointmentVersion
from scheduling.status import Move, Status
from steadwell import events
from steadwell.ids import AppointmentId
from steadwell.outbox import service as outbox

_BY_MOVE: Mapping[str, type[events.AppointmentChanged]] = {
    Move.APPROVE: events.AppointmentBooked,
    Move.RESCHEDULE: events.AppointmentMoved,
    Move.APPROVE_MOVE: events.AppointmentMoved,
    Move.CANCEL: events.AppointmentCancelled,
    Move.DECLINE: events.AppointmentCancelled,
    Move.LAPSE: events.AppointmentCancelled,
    Move.MARK_ERROR: events.AppointmentCancelled,
}


def replay(about: UUID, sequence: int, now: datetime) -> None:
    """For the ledger of patient actions; in its transaction."""
    made = AppointmentVersion.objects.filter(entity_id=about, version=sequence)
    row = made.values("move", "status", "source", "person_id").first()
    if row is not None and (event := _event(about, sequence, row)) is not None:
        outbox.publish(event, now=now)


def _event(about: UUID, version: int, row: Mapping[str, Any]) -> events.Event | None:
    names = {"appointment_id": about, "person_id": row["person_id"], "version": version}
    if row["move"] == Move.ASK_MOVE:
        visit = queries.find_visit(AppointmentId(about))
        asked = visit.appointment.requested_move if visit else None
        if asked is None:
            return None
        return events.AppointmentMoveRequested(**names, move_request_id=asked.move_request_id)
    first = events.AppointmentRequested if row["status"] == Status.PENDING else events.AppointmentBooked
    kind = _BY_MOVE.get(row["move"], first)
    return kind(**names, by=row["source"]) if kind is events.AppointmentCancelled else kind(**names)
