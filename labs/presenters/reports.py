"""A report as a whole, as its patient reads it: in one sentence, what changed, who looked at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labs.patients_page import Comment, PatientsReport, Step
from labs.presenters import holding, words
from labs.presenters.holding import WaitingView
from labs.presenters.results import ResultLine, lines, when
from labs.types import ReportSummary, Status
from steadwell.portal import service as portal


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentView:
    text: str
    by: str
    day: str
    is_older: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    what: str
    at: str
    iso: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    """``corrected`` are the results that changed after somebody could have seen them; they stand on top.
    ``changed_since``: what this reader had opened before said something else.
    """

    id: UUID
    name: str
    collected: str
    collected_iso: str
    laboratory: str
    specimen: str
    site: str
    phone: str
    tel: str
    status: str
    status_tone: str
    summary: str
    remarkable: tuple[ResultLine, ...]
    is_urgent: bool
    corrected: tuple[ResultLine, ...]
    changed_since: bool
    is_withdrawn: bool
    results: tuple[ResultLine, ...]
    opens_all: bool
    checking: int
    notes: tuple[str, ...]
    comments: tuple[CommentView, ...]
    seen_by: str
    seen_day: str
    steps: tuple[StepView, ...]
    waiting: tuple[WaitingView, ...]
    documents: tuple[UUID, ...]


def page(found: PatientsReport) -> ReportPage:
    view, zone = found.view, ZoneInfo(found.site.zone)
    results = lines(view.results, before=found.before, points=found.points, zone=zone)
    status = words.STATUS_WORDS.get(view.status)
    at = view.collected_at or view.issued_at or view.received_at
    return ReportPage(
        id=view.report_id,
        name=words.name_of(view.loinc, view.name),
        collected=when(at, zone),
        collected_iso=at.astimezone(zone).date().isoformat(),
        laboratory=view.performer,
        specimen=view.specimen,
        site=found.site.name,
        phone=found.site.phone,
        tel="".join(c for c in found.site.phone if c in "+0123456789"),
        status=str(status[0]) if status else "",
        status_tone=status[1] if status else "",
        summary=summary(results),
        remarkable=tuple(line for line in results if line.is_remarkable),
        is_urgent=any(line.is_urgent for line in results),
        corrected=tuple(line for line in results if line.correction),
        changed_since=0 < found.opened < view.changed_version,
        is_withdrawn=view.status is Status.ENTERED_IN_ERROR,
        results=results,
        opens_all=len(results) <= 2,
        checking=sum(line.checking for line in results),
        notes=view.notes,
        comments=tuple(_comment(each, view.changed_version, zone) for each in found.comments),
        seen_by=found.seen_by,
        seen_day=when(found.seen_at, zone) if found.seen_at else "",
        steps=tuple(_steps(found.steps, found.site.zone)),
        waiting=tuple(holding.waiting(each, found.site) for each in found.waiting),
        documents=tuple(found.documents),
    )


def summary(results: Sequence[ResultLine]) -> str:
    """What one reads first: how many values are as usual. Only where there are several with a flag."""
    told = [line for line in results if line.words and not line.is_withdrawn]
    if len(told) < 2:
        return ""
    usual = sum(not line.is_remarkable for line in told)
    if usual == len(told):
        return ngettext(
            "The value is in the usual range.", "All %(count)d values are in the usual range.", usual
        ) % {"count": usual}
    return ngettext(
        "%(usual)d of %(count)d values is in the usual range.",
        "%(usual)d of %(count)d values are in the usual range.",
        usual,
    ) % {"usual": usual, "count": len(told)}


def _comment(comment: Comment, changed_version: int, zone: ZoneInfo) -> CommentView:
    return CommentView(
        text=comment.text,
        by=comment.by or _("Your clinic"),
        day=when(comment.at, zone),
        is_older=comment.version < changed_version,
    )


def _steps(steps: Sequence[Step], zone: str) -> list[StepView]:
    found = []
    for number, step in enumerate(reversed(steps)):
        found.append(
            StepView(
                what=_step_words(step, is_first=number == 0),
                at=holding.moment(step.at, zone),
                iso=step.at.isoformat(),
            )
        )
    return found[::-1]


def _step_words(step: Step, *, is_first: bool) -> str:
    if step.status in {Status.CORRECTED, Status.AMENDED}:
        return _("The laboratory corrected it")
    if step.status == Status.APPENDED:
        return _("The laboratory added to it")
    if step.status == Status.CANCELLED:
        return _("The laboratory cancelled it")
    if step.status == Status.ENTERED_IN_ERROR:
        return _("The laboratory took it back")
    if step.status in {Status.PARTIAL, Status.PRELIMINARY, Status.REGISTERED}:
        return _("First results came, not final") if is_first else _("More results came, not final")
    return _("The results came") if is_first else _("The final results came")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the list."""

    id: UUID
    name: str
    day: str
    iso: str
    laboratory: str
    badge: str
    tone: str
    is_new: bool
    is_corrected: bool


def row(summary_: ReportSummary, *, opened: int, zone: str, is_recent: bool) -> Row:
    """``opened`` is the version that this reader had opened last, 0 for none."""
    at: datetime = summary_.charted_at
    day = at.astimezone(ZoneInfo(zone)).date()
    corrected = summary_.corrected and 0 < opened < summary_.changed_version
    fresh = opened == 0 and is_recent
    badge, tone = _badge(summary_, corrected=corrected, fresh=fresh)
    return Row(
        id=summary_.report_id,
        name=words.name_of(summary_.loinc, summary_.name),
        day=portal.day_text(day),
        iso=day.isoformat(),
        laboratory=summary_.performer,
        badge=badge,
        tone=tone,
        is_new=fresh,
        is_corrected=corrected,
    )


def _badge(summary_: ReportSummary, *, corrected: bool, fresh: bool) -> tuple[str, str]:
    if corrected:
        return _("Corrected since you looked"), "warn"
    if fresh:
        return _("New result"), "accent"
    known = words.STATUS_WORDS.get(summary_.status)
    return (str(known[0]), known[1]) if known else ("", "")
