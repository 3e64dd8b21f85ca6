"""What reading results hears: each handler runs in one transaction with the mark that it did, and may run
twice.
"""

from __future__ import annotations

from labs.review import calls, escalation, followups, opening
from steadwell import events
from steadwell.outbox import service as outbox
from steadwell.outbox.service import DeliveryContext


def register() -> None:
    """Called once, when the app is ready. A critical value has its own lane, and so have its calls."""
    outbox.subscribe(
        events.LabCriticalFound, consumer="labs.call", queue="labs.critical", handler=critical_found
    )
    outbox.subscribe_batch(
        events.LabReportFiled, consumer="labs.review", queue="labs.ingest", handler=opening.open_filed
    )
    outbox.subscribe(
        events.LabReportCorrected, consumer="labs.review-correction", queue="labs.ingest", handler=corrected
    )
    outbox.handle_due(calls.KIND, queue="labs.critical", handler=calls.escalate)
    outbox.handle_due(escalation.KIND, queue="default", handler=escalation.escalate)
    outbox.handle_due(followups.KIND, queue="default", handler=followups.come_back)


def critical_found(event: events.LabCriticalFound, ctx: DeliveryContext) -> None:
    """Call for it, and put it on top of the inbox at once: it does not wait behind the others' results."""
    opening.open_for(report_id=event.report_id, version=event.version, corrected=False, now=ctx.now)


def corrected(event: events.LabReportCorrected, ctx: DeliveryContext) -> None:
    opening.open_for(report_id=event.report_id, version=event.version, corrected=True, now=ctx.now)
