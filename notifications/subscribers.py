"""Who carries messages: one consumer per lane, so that each has its own workers."""

from __future__ import annotations

from notifications.sending import ATTEMPTS, EmailSender
from steadwell.events import BulkMessageDue, MessageDue, UrgentMessageDue
from steadwell.outbox import service as outbox


def register() -> None:
    for event_type, queue in (
        (UrgentMessageDue, "notifications.urgent"),
        (MessageDue, "notifications.standard"),
        (BulkMessageDue, "notifications.bulk"),
    ):
        outbox.subscribe_outside(
            event_type, consumer=f"{queue}.email", queue=queue, handler=EmailSender(), attempts=ATTEMPTS
        )
