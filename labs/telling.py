"""Telling the patient's side: that there is a result, and that one was corrected after somebody had seen it.

No word says what, of which test. Each may be delivered twice: a telling has its key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from labs import openings, release
from labs.models import LabSender, Release, ReportComment
from labs.policy import Audience
from notifications import service as notifications
from steadwell import events
from steadwell.ids import PersonId, SiteId
from steadwell.outbox import service as outbox

# What a laboratory dates further back (a first load of its past) is there to read, and is no news. Each
# laboratory may have its own (LabSender.told_within_days).
OLD_NEWS = timedelta(days=30)


def tell_released(heard: Sequence[outbox.Heard[events.LabReportReleased]]) -> None:
    """Once for each time that something of it became visible; never for a preliminary result."""
    _tell_several("result.ready", [(each.event, _round_key(each.event), each.ctx) for each in heard])


def _round_key(event: events.LabReportReleased) -> str:
    return f"{event.name}:{event.report_id}:{event.round}"


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
    _tell_several(template, [(event, key, ctx)])


def _tell_several(
    template: str, several: Sequence[tuple[events.LabReportEvent, str, outbox.DeliveryContext]]
) -> None:
    ids = {event.report_id for event, _, _ in several}
    now = several[0][2].now
    released = Release.objects.filter(pk__in=ids, released_at__isnull=False).select_related("report")
    reports = {row.pk: row.report for row in released}
    news = _news_of({report.sender for report in reports.values()})
    to_proxies = release.shown_of(reports.values(), Audience.PROXIES, now)
    tellings = []
    for event, key, ctx in several:
        report = reports.get(event.report_id)
        if report is None or report.person_id != event.person_id:
            continue  # it is another person's by now, who is told of it by its own event
        told_at = report.issued_at or report.charted_at
        if template == "result.ready" and now - told_at > news.get(report.sender, OLD_NEWS):
            continue
        tellings.append(
            notifications.Telling(
                person_id=PersonId(event.person_id),
                template=template,
                params={"path": f"/results/{event.report_id}/"},
                key=key,
                about=event.report_id,
                site_id=SiteId(report.site_id) if report.site_id else None,
                only_patient=report.pk not in to_proxies,
                traceparent=ctx.traceparent,
            )
        )
    notifications.tell_many(tellings, now=now)


def _news_of(senders: Iterable[str]) -> Mapping[str, timedelta]:
    rows = LabSender.objects.filter(sender__in=list(senders)).values_list("sender", "told_within_days")
    return {sender: timedelta(days=days) for sender, days in rows}
