"""What scheduling tells: each change of a visit, as ids and codes, in the transaction of the change."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from scheduling import promises
from scheduling.status import Status
from scheduling.types import Appointment, CancelledBy, RequestedMove
from steadwell import events
from steadwell.outbox import service as outbox


def booked_or_requested(visit: Appointment, *, now: datetime) -> None:
    is_request = visit.status is Status.PENDING
    (promises.requested if is_request else promises.booked)(visit, now=now)
    kind = events.AppointmentRequested if is_request else events.AppointmentBooked
    _publish(kind(**_names(visit)), now)


def approved(visit: Appointment, *, now: datetime) -> None:
    _publish(events.AppointmentBooked(**_names(visit)), now)


def moved(visit: Appointment, *, now: datetime) -> None:
    promises.moved(visit, now=now)
    _publish(events.AppointmentMoved(**_names(visit)), now)


def move_requested(visit: Appointment, asked: RequestedMove, *, now: datetime) -> None:
    promises.move_requested(visit, asked, now=now)
    _publish(events.AppointmentMoveRequested(**_names(visit), move_request_id=asked.move_request_id), now)


def move_answered(visit: Appointment, asked: RequestedMove, *, answer: str, now: datetime) -> None:
    """The request is over, and the visit stays. A yes is ``moved``."""
    request_id = asked.move_request_id
    _publish(events.AppointmentMoveAnswered(**_names(visit), move_request_id=request_id, answer=answer), now)


def cancelled(visit: Appointment, *, now: datetime) -> None:
    promises.cancelled(visit, now=now)
    by = visit.cancelled_by.value if visit.cancelled_by else ""
    _publish(events.AppointmentCancelled(**_names(visit), by=by), now)


def withdrawn(visit: Appointment, *, now: datetime) -> None:
    """A visit ahead that never should have been: for its patient the clinic called it off."""
    promises.cancelled(visit, now=now)
    _publish(events.AppointmentCancelled(**_names(visit), by=CancelledBy.CLINIC.value), now)


def progressed(visit: Appointment, *, now: datetime) -> None:
    _publish(events.AppointmentProgressed(**_names(visit), status=visit.status.value), now)


def _names(visit: Appointment) -> dict[str, Any]:
    return {"appointment_id": visit.appointment_id, "person_id": visit.person_id, "version": visit.version}


def _publish(event: events.Event, now: datetime) -> None:
    outbox.publish(event, now=now)
