"""What a patient is owed for each act upon a visit: its end, or word that it did not happen (the ledger of
notifications).

Opened in the transaction of the change (publishing.py), closed in the one that tells the patient
(subscribers.py). Until a clinic has answered a request, the request is open.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from notifications import service as notifications
from notifications.service import ActionKind, Ending
from scheduling import catalogue
from scheduling.status import Status
from scheduling.types import Appointment, RequestedMove
from steadwell import events
from steadwell.ids import SiteId

# What needs nobody's answer ends within minutes; a worker that was killed takes one lease more.
SOON = timedelta(minutes=15)
_ASKED = frozenset({ActionKind.REQUEST, ActionKind.MOVE_REQUEST})
OURS = frozenset({ActionKind.BOOK, ActionKind.CANCEL, ActionKind.MOVE, *_ASKED})


def booked(visit: Appointment, *, now: datetime) -> None:
    _open(ActionKind.BOOK, visit, deadline=now + SOON, now=now)


def requested(visit: Appointment, *, now: datetime) -> None:
    deadline = _answered_by(visit.site_id, visit.starts_at, now)
    _open(ActionKind.REQUEST, visit, deadline=deadline, now=now)


def moved(visit: Appointment, *, now: datetime) -> None:
    if visit.status is Status.PENDING:
        requested(visit, now=now)
    else:
        _open(ActionKind.MOVE, visit, deadline=now + SOON, now=now)


def move_requested(visit: Appointment, asked: RequestedMove, *, now: datetime) -> None:
    deadline = _answered_by(asked.site_id, min(visit.starts_at, asked.starts_at), now)
    _open(ActionKind.MOVE_REQUEST, visit, deadline=deadline, now=now)


def cancelled(visit: Appointment, *, now: datetime) -> None:
    _open(ActionKind.CANCEL, visit, deadline=now + SOON, now=now)


def kept(event: events.AppointmentChanged, *, now: datetime) -> None:
    """The patient was told that it is done, and with it what was open about the visit before."""
    notifications.close_actions(about=event.appointment_id, up_to=event.version, kinds=OURS, now=now)


def refused(event: events.AppointmentChanged, *, cause: str, now: datetime) -> None:
    """The patient was told that what they asked for is not done; whatever else was open is."""
    about, up_to = event.appointment_id, event.version
    notifications.close_actions(
        about=about, up_to=up_to, kinds=_ASKED, ending=Ending.NOT_DONE, cause=cause, now=now
    )
    notifications.close_actions(about=about, up_to=up_to, kinds=OURS - _ASKED, now=now)


def lapses_at(starts_at: datetime, *, lead: timedelta, asked_at: datetime) -> datetime:
    """The site's notice before the visit; at its start where it was asked for later than that."""
    return starts_at - lead if starts_at - lead > asked_at else max(starts_at, asked_at)


def _answered_by(site_id: SiteId, starts_at: datetime, now: datetime) -> datetime:
    site = catalogue.current().sites.get(site_id)
    lead = timedelta(minutes=site.answer_lead_minutes if site else 0)
    return lapses_at(starts_at, lead=lead, asked_at=now) + SOON


def _open(kind: ActionKind, visit: Appointment, *, deadline: datetime, now: datetime) -> None:
    notifications.open_action(
        kind=kind, about=visit.appointment_id, sequence=visit.version, person_id=visit.person_id,
        site_id=visit.site_id, deadline=deadline, now=now,
    )  # fmt: skip
