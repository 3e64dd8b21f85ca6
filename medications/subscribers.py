"""What follows when a refill moved, a pharmacy is due, a person is somebody else; each may run twice."""

from __future__ import annotations

from datetime import timedelta

from medications import following, reminders, rereading, telling
from medications.pharmacy import demo, sending, waiting
from steadwell import events
from steadwell.outbox import service as outbox

QUEUE = "medications"
EVERY = timedelta(minutes=1)


def register() -> None:
    """Called once, when the app is ready."""
    outbox.subscribe_outside(
        events.RefillSendDue, consumer="medications.send_refill", queue=QUEUE, handler=sending.RefillSender(),
        attempts=sending.ATTEMPTS,
    )  # fmt: skip
    outbox.subscribe_outside(
        events.PharmacyMailboxDue, consumer="medications.read_mailbox", queue=QUEUE,
        handler=sending.MailboxReader(), attempts=sending.ATTEMPTS,
    )  # fmt: skip
    outbox.subscribe(
        events.RefillMoved, consumer="medications.tell_patient", queue="notifications.standard",
        handler=telling.tell_patient,
    )  # fmt: skip
    outbox.subscribe(
        events.RefillMoved, consumer="medications.tell_staff", queue="notifications.standard",
        handler=telling.tell_staff,
    )  # fmt: skip
    outbox.subscribe(
        events.PersonChanged, consumer="medications.person_changed", queue=QUEUE,
        handler=following.follow_person,
    )  # fmt: skip
    outbox.subscribe(
        events.MedicationsReadAgainDue, consumer="medications.read_again", queue=QUEUE,
        handler=rereading.read_again,
    )  # fmt: skip
    outbox.repeat(rereading.KIND, every=rereading.EVERY, queue=QUEUE, handler=rereading.sweep)
    outbox.handle_due(waiting.KIND, queue=QUEUE, handler=waiting.look)
    outbox.handle_due(demo.KIND, queue=QUEUE, handler=demo.fill)
    outbox.handle_due(reminders.KIND, queue=QUEUE, handler=reminders.remind)
    outbox.repeat(sending.MAILBOX, every=EVERY, queue=QUEUE, handler=sending.read_mailboxes)
