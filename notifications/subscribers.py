"""Who carries messages: one consumer per lane, so that each has its own workers; and what falls due."""

from __future__ import annotations

from datetime import timedelta

from notifications import deferring, fallback, ledger_check, promising, reports
from notifications.campaigns import running
from notifications.carrying import carrier, health
from notifications.types import Urgency
from steadwell.events import BulkMessageDue, DeliveryReported, MailReported, MessageDue, UrgentMessageDue
from steadwell.observability import service as observability
from steadwell.outbox import service as outbox

_QUEUES = {
    Urgency.URGENT: "notifications.urgent",
    Urgency.STANDARD: "notifications.standard",
    Urgency.BULK: "notifications.bulk",
}


def prune_windows(row: outbox.DueRow, ctx: outbox.DeliveryContext) -> None:
    health.prune(now=ctx.now)


def register() -> None:
    outbox.repeat(
        ledger_check.KIND, every=ledger_check.EVERY, queue="notifications.urgent", handler=ledger_check.run
    )
    outbox.handle_due(deferring.KIND, queue="notifications.bulk", handler=deferring.send_digest)
    outbox.handle_due(running.PLAN, queue="notifications.bulk", handler=running.plan_batch)
    outbox.handle_due(running.SEND, queue="notifications.bulk", handler=running.send_batch)
    observability.collect(
        "notifications_actions",
        "Patient actions by standing at the last check: under-way, and silent (must be nought).",
        label="state",
        ask=ledger_check.figures,
    )
    for event_type, lane in (
        (UrgentMessageDue, Urgency.URGENT),
        (MessageDue, Urgency.STANDARD),
        (BulkMessageDue, Urgency.BULK),
    ):
        queue = _QUEUES[lane]
        outbox.subscribe_outside_batch(
            event_type, consumer=f"{queue}.email", queue=queue, handler=carrier.carry,
            attempts=carrier.DELIVERIES,
        )  # fmt: skip
        outbox.handle_due(promising.KINDS[lane], queue=queue, handler=promising.now_due)
        if lane in fallback.KINDS:
            outbox.handle_due(fallback.KINDS[lane], queue=queue, handler=fallback.look)
    outbox.repeat(
        "notifications.prune", every=timedelta(hours=1), queue="default",
        handler=prune_windows,
    )  # fmt: skip
    outbox.subscribe_batch(
        DeliveryReported, consumer="notifications.reports", queue="notifications.standard",
        handler=reports.take_in,
    )  # fmt: skip
    outbox.subscribe_batch(
        MailReported, consumer="notifications.mail-reports", queue="notifications.standard",
        handler=reports.take_in_mail,
    )  # fmt: skip
