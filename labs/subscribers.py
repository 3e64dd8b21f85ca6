"""What follows on the patient's side when a report was filed, read, corrected or let go; may run twice."""

from __future__ import annotations

from labs import deciding, deciding_together, releasing, telling
from steadwell import events
from steadwell.outbox import service as outbox


def register() -> None:
    """Called once, when the app is ready."""
    outbox.subscribe_batch(
        events.LabReportFiled, consumer="labs.decide_release", queue="default",
        handler=deciding_together.decide_filed,
    )  # fmt: skip
    outbox.subscribe(
        events.LabReportSigned, consumer="labs.release_signed", queue="default", handler=releasing.on_signed
    )
    outbox.subscribe_batch(
        events.LabReportReleased, consumer="labs.tell_released", queue="notifications.standard",
        handler=telling.tell_released,
    )  # fmt: skip
    outbox.subscribe(
        events.LabReportCorrected, consumer="labs.tell_corrected", queue="notifications.urgent",
        handler=telling.tell_corrected,
    )  # fmt: skip
    outbox.subscribe(
        events.LabReportCommented, consumer="labs.tell_commented", queue="notifications.standard",
        handler=telling.tell_commented,
    )  # fmt: skip
    outbox.handle_due(deciding.DUE, queue="default", handler=releasing.on_time)
