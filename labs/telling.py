"""Telling the patient's side: that there is a result, and that one was corrected after somebody had seen it.

No word says what, of which test. Each may be delivered twice: a telling has its key.
"""

from __future__ import annotations

from datetime import timedelta

from labs import openings, release
from labs.models import Release, Report, ReportComment
from labs.policy import Audience
from notifications import service as notifications
from steadwell import events
from steadwell.ids import PersonId, SiteId
from steadwell.outbox import service as outbox

# What was filed with an old date (a first load of a laboratory's past) is there to read, and is no news.
OLD_NEWS = timedelta(days=30)


def tell_released(event: events.LabReportReleased, ctx: outbox.DeliveryContext) -> None:
    """Once for each time that something of it became visible; never for a preliminary result."""
    _tell("result.ready", event, f"{event.name}:{event.report_id}:{event.round}", ctx)


def tell_corrected(event: events.LabReportCorrected, ctx: outbox.DeliveryContext) -> None:
    """Everybody of the patient's side, when one of them had opened what was there before."""
    if openings.opened_before(event.report_id, event.version):
        _tell("result.corrected", event, f"{event.name}:{event.report_id}:{event.version}", ctx)


def tell_commented(event: events.LabReportCommented, ctx: outbox.DeliveryContext) -> None:
    """That a clinician wrote to the patient about what they see already; else it is read with the result."""
    written = ReportComment.objects.filter(
        report_id=event.report_id, version=event.version, audience=ReportComment.Audience.PATIENT
    )
    last = written.order_by("-pk").first()
    seen = last and Release.objects.filter(pk=event.report_id, released_at__lt=last.written_at).exists()
    if last and seen:
        _tell("result.comment", event, f"{event.name}:{last.pk}", ctx)


def _tell(template: str, event: events.LabReportEvent, key: str, ctx: outbox.DeliveryContext) -> None:
    report = Report.objects.filter(pk=event.report_id).first()
    row = Release.objects.filter(pk=event.report_id).first()
    if report is None or row is None or row.released_at is None or report.person_id != event.person_id:
        return  # it is another person's by now, who is told of it by its own event
    if template == "result.ready" and ctx.now - report.changed_at > OLD_NEWS:
        return
    notifications.tell(
        person_id=PersonId(event.person_id),
        template=template,
        params={"path": f"/results/{event.report_id}/"},
        key=key,
        about=event.report_id,
        now=ctx.now,
        site_id=SiteId(report.site_id) if report.site_id else None,
        only_patient=not release.shown_to(report, Audience.PROXIES, ctx.now),
    )
