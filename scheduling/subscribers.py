"""What happens after a visit changed: its patient is told, its reminders are planned or taken back.

Handlers may run twice and out of order. Each says only what its own version said, and leaves it to the later
event when the visit's time has been changed since.
"""

from __future__ import annotations

from datetime import timedelta

from notifications import service as notifications
from scheduling import answers, holds, letters, promises, queries, reminders, replaying
from scheduling.models import AppointmentVersion, MoveRequest
from scheduling.status import Move, Status
from scheduling.types import Appointment, CancelledBy
from steadwell import events
from steadwell.ids import AppointmentId
from steadwell.outbox import service as outbox
from steadwell.outbox.service import DeliveryContext

CONSUMER = "scheduling.tell_patient"
_OVERTAKES = [
    Move.RESCHEDULE, Move.APPROVE_MOVE, Move.CANCEL, Move.DECLINE, Move.LAPSE, Move.MARK_ERROR
]  # fmt: skip
_MOVES_THAT_FAILED = {
    "declined": "visit.move-declined",
    "lapsed": "visit.move-unanswered",
    "withdrawn": "visit.move-ended",
    "ended": "visit.move-ended",
}
_REQUESTS_THAT_FAILED = {Move.DECLINE: "visit.declined", Move.LAPSE: "visit.unanswered"}


def register() -> None:
    """Called once, when the app is ready. Changes may be about today: they do not queue behind
    confirmations.
    """
    outbox.subscribe(
        events.AppointmentRequested, consumer=CONSUMER, queue="notifications.standard", handler=tell_requested
    )
    outbox.subscribe(
        events.AppointmentBooked, consumer=CONSUMER, queue="notifications.standard", handler=tell_booked
    )
    outbox.subscribe(
        events.AppointmentMoved, consumer=CONSUMER, queue="notifications.urgent", handler=tell_moved
    )
    outbox.subscribe(
        events.AppointmentMoveRequested,
        consumer=CONSUMER,
        queue="notifications.standard",
        handler=tell_move_requested,
    )
    outbox.subscribe(
        events.AppointmentMoveAnswered,
        consumer=CONSUMER,
        queue="notifications.urgent",
        handler=tell_move_answered,
    )
    outbox.subscribe(
        events.AppointmentCancelled, consumer=CONSUMER, queue="notifications.urgent", handler=tell_cancelled
    )
    notifications.register_replay(promises.OURS, replaying.replay)
    outbox.handle_due(reminders.KIND, queue="notifications.standard", handler=reminders.remind)
    outbox.handle_due(answers.OVERDUE, queue="default", handler=answers.remind_desk)
    outbox.handle_due(answers.LAPSE, queue="default", handler=answers.lapse)
    outbox.handle_due(answers.MOVE_OVERDUE, queue="default", handler=answers.remind_desk_of_move)
    outbox.handle_due(answers.MOVE_LAPSE, queue="default", handler=answers.lapse_move)
    outbox.repeat("scheduling.tidy", every=timedelta(minutes=5), queue="default", handler=tidy)


def tidy(row: outbox.DueRow, ctx: DeliveryContext) -> None:
    holds.tidy(now=ctx.now)


def tell_requested(event: events.AppointmentRequested, ctx: DeliveryContext) -> None:
    visit = _current(event)
    if visit is not None:
        letters.send("visit.requested", visit, key=_key(event), now=ctx.now)
        answers.plan(visit, version=event.version, asked_at=visit.booked_at, now=ctx.now)


def tell_booked(event: events.AppointmentBooked, ctx: DeliveryContext) -> None:
    visit = _current(event)
    if visit is not None:
        letters.send("visit.booked", visit, key=_key(event), now=ctx.now, with_file=True)
        promises.kept(event, now=ctx.now)
        answers.forget(visit.appointment_id)
        reminders.plan(visit, version=event.version, now=ctx.now)


def tell_moved(event: events.AppointmentMoved, ctx: DeliveryContext) -> None:
    visit = _current(event)
    if visit is None:
        return
    versions = {
        row["version"]: row
        for row in AppointmentVersion.objects.filter(
            entity_id=event.appointment_id, version__in=[event.version, event.version - 1]
        ).values("version", "starts_at", "time_zone", "source", "recorded_at", "move")
    }
    if visit.status is Status.PENDING:  # moved by the patient, at a site that approves first
        reminders.forget(visit.appointment_id)
        letters.send("visit.requested", visit, key=_key(event), now=ctx.now)
        asked_at = versions[event.version]["recorded_at"]
        answers.plan(visit, version=event.version, asked_at=asked_at, now=ctx.now)
        return
    answers.forget(visit.appointment_id)
    old, new = versions[event.version - 1], versions[event.version]
    by_clinic = new["source"] == CancelledBy.CLINIC and new["move"] != Move.APPROVE_MOVE
    letters.send(
        "visit.moved-by-clinic" if by_clinic else "visit.moved",
        visit,
        key=_key(event),
        now=ctx.now,
        old_starts_at=old["starts_at"],
        old_zone=old["time_zone"],
        with_file=True,
    )
    promises.kept(event, now=ctx.now)
    reminders.plan(visit, version=event.version, now=ctx.now)


def tell_move_requested(event: events.AppointmentMoveRequested, ctx: DeliveryContext) -> None:
    visit = _current(event)
    asked = visit.requested_move if visit else None
    if visit is None or asked is None or asked.move_request_id != event.move_request_id:
        return  # answered, or another time was asked for: that event tells
    letters.send("visit.move-requested", visit, key=_key(event), now=ctx.now, asked_starts_at=asked.starts_at)
    answers.plan_move(visit, asked, now=ctx.now)


def tell_move_answered(event: events.AppointmentMoveAnswered, ctx: DeliveryContext) -> None:
    visit = _current(event)
    asked = MoveRequest.objects.filter(pk=event.move_request_id).values_list("starts_at", flat=True).first()
    if visit is not None and asked is not None:
        template = _MOVES_THAT_FAILED[event.answer]
        letters.send(template, visit, key=_key(event), now=ctx.now, asked_starts_at=asked)
        promises.refused(event, cause=event.answer, now=ctx.now)


def tell_cancelled(event: events.AppointmentCancelled, ctx: DeliveryContext) -> None:
    reminders.forget(AppointmentId(event.appointment_id))
    answers.forget(AppointmentId(event.appointment_id))
    visit = _current(event)
    if visit is None:
        return
    made_by = AppointmentVersion.objects.filter(entity_id=event.appointment_id, version=event.version)
    move = Move(made_by.values_list("move", flat=True).get())
    if move in _REQUESTS_THAT_FAILED:
        template, path = _REQUESTS_THAT_FAILED[move], letters.FIND
    elif visit.rebook_offered:
        template, path = "visit.alternatives", ""  # the visit's own page shows the other times
    elif event.by == CancelledBy.CLINIC:
        template, path = "visit.cancelled-by-clinic", letters.FIND
    else:
        template, path = "visit.cancelled", letters.FIND
    letters.send(template, visit, key=_key(event), now=ctx.now, path=path)
    if move in _REQUESTS_THAT_FAILED:
        promises.refused(event, cause=move.value, now=ctx.now)
    else:
        promises.kept(event, now=ctx.now)


def _current(event: events.AppointmentChanged) -> Appointment | None:
    """The visit, unless a later change of its time or its end will tell about it anyway."""
    appointment_id = AppointmentId(event.appointment_id)
    if AppointmentVersion.objects.filter(
        entity_id=appointment_id, version__gt=event.version, move__in=_OVERTAKES
    ).exists():
        return None
    visit = queries.find_visit(appointment_id)
    return visit.appointment if visit else None


def _key(event: events.AppointmentChanged) -> str:
    return f"{event.name}:{event.appointment_id}:{event.version}"
