"""Reminders: rows that fall due, tied to the version of the visit that set its time.

All three are planned with every time; which of them the patient wants is asked when one falls due, so that a
changed mind needs no new plan. Each ends when the next one begins: after a pause a visit has one late
reminder.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from notifications import service as notifications
from scheduling import availability, letters, metrics, queries
from scheduling.models import AppointmentVersion
from scheduling.status import Move, Status
from scheduling.types import Appointment
from steadwell.ids import AppointmentId
from steadwell.outbox import service as outbox
from steadwell.outbox.service import DeliveryContext, DueRow, NewDueRow

KIND = "scheduling.reminder"
_STANDS = {Status.BOOKED, Status.CHECKED_IN}


def plan(visit: Appointment, *, version: int, now: datetime) -> None:
    """Plan the reminders of a time that was just set. Those whose moment is over are not made up for."""
    forget(visit.appointment_id)
    outbox.schedule_many(rows(visit, version=version, now=now), now=now)


def rows(visit: Appointment, *, version: int, now: datetime) -> list[NewDueRow]:
    instants = [(offset, due_at(visit, offset)) for offset in sorted(notifications.OFFSETS, reverse=True)]
    ends = [instant for _, instant in instants[1:]] + [visit.starts_at]
    return [
        NewDueRow(
            kind=KIND,
            key=f"{visit.appointment_id}:{version}:{minutes(offset)}",
            about=visit.appointment_id,
            due_at=instant,
            expires_at=end,
            payload={"version": str(version), "minutes": str(minutes(offset))},
        )
        for (offset, instant), end in zip(instants, ends, strict=True)
        if instant > now
    ]


def forget(appointment_id: AppointmentId) -> None:
    """Take back every reminder of a visit."""
    outbox.cancel_due(kind_prefix=KIND, about=appointment_id)


def due_at(visit: Appointment, offset: timedelta) -> datetime:
    """Whole days back on the wall clock of the visit's zone (the same wall time), hours back as they pass."""
    if offset % timedelta(days=1):
        return visit.starts_at - offset
    return availability.days_before(visit.time_zone, visit.starts_at, offset.days)


def minutes(offset: timedelta) -> int:
    return int(offset.total_seconds()) // 60


def remind(row: DueRow, ctx: DeliveryContext) -> None:
    """A reminder fell due: once more ask whether it still holds, then tell."""
    assert row.about is not None  # noqa: S101 - plan() always names the visit
    appointment_id, version = AppointmentId(row.about), int(row.payload["version"])
    offset = timedelta(minutes=int(row.payload["minutes"]))
    visit = queries.find_visit(appointment_id)
    if (
        visit is None
        or visit.appointment.status not in _STANDS
        or ctx.now >= visit.appointment.starts_at
        or AppointmentVersion.objects.filter(
            entity_id=appointment_id, version__gt=version, move__in=[Move.RESCHEDULE, Move.APPROVE_MOVE]
        ).exists()
    ):
        metrics.reminders.inc(outcome="stale")
    elif offset not in notifications.reminder_offsets(visit.appointment.person_id):
        metrics.reminders.inc(outcome="unwanted")
    else:
        letters.send("visit.reminder", visit.appointment, key=f"reminder:{row.key}", now=ctx.now)
        metrics.reminders.inc(outcome="late" if ctx.late else "sent")
