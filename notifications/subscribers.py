"""Who carries messages: one consumer per lane, so that each has its own workers."""

from __future__ import annotations

from notifications import deferring, ledger_check
from notifications.campaigns import running
from notifications.sending import ATTEMPTS, EmailSender
from steadwell.events import BulkMessageDue, MessageDue, UrgentMessageDue
from steadwell.observability import service as observability
from steadwell.outbox import service as outbox


def register() -> None:
    outbox.repeat(
        ledger_check.KIND, every=ledger_check.EVERY, queue="notifications.urgent", handler=ledger_check.run
    )
    outbox.handle_due(deferring.LATER, queue="notifications.standard", handler=deferring.send_later)
    outbox.handle_due(deferring.DIGEST, queue="notifications.bulk", handler=deferring.send_digest)
    outbox.handle_due(running.PLAN, queue="notifications.bulk", handler=running.plan_batch)
    outbox.handle_due(running.SEND, queue="notifications.bulk", handler=running.send_batch)
    observability.collect(
        "notifications_actions",
        "Patient actions by standing at the last check: under-way, and silent (must be nought).",
        label="state",
        ask=ledger_check.figures,
    )
    for event_type, queue in (
        (UrgentMessageDue, "notifications.urgent"),
        (MessageDue, "notifications.standard"),
        (BulkMessageDue, "notifications.bulk"),
    ):
        outbox.subscribe_outside(
            event_type, consumer=f"{queue}.email", queue=queue, handler=EmailSender(), attempts=ATTEMPTS
        )
