"""A patient's results: the list, one report, its print page and the laboratory's own document."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from labs import openings, paper, patients_page, releasing
from labs import service as labs
from labs.presenters import holding, reports
from labs.types import ReportSummary
from steadwell import clock
from steadwell.errors import NotFound
from steadwell.portal.service import FIELD, READERS, Panel, PortalRequest, Whose, choices, requires, whose

PAGE = 20
RECENT = timedelta(days=90)  # what came earlier is not called new, whether or not somebody opened it
PANEL = 3
PDF = "application/pdf"


@requires(*READERS)
@never_cache
@require_safe
def results(request: PortalRequest) -> HttpResponse:
    """What is released to the reader about one person; what was corrected since they looked stands first."""
    now = clock.now()
    about = _about(request, now)
    found = labs.reports_of(
        actor=request.actor, person_id=about.person_id, now=now, before=_before(request), limit=PAGE
    )
    rows = _rows(request, found.reports, now)
    held = patients_page.list_waiting_for_patient(actor=request.actor, person_id=about.person_id, now=now)
    context = {
        "about": about,
        "field": FIELD,
        "kept": [],
        "corrected": [row for row in rows if row.is_corrected],
        "rows": [row for row in rows if not row.is_corrected],
        "waiting": [holding.waiting(each, patients_page.site_of(each.site_id, now)) for each in held],
        "older_url": _older(about, found.before),
        "is_first_page": not request.GET.get("before"),
    }
    return render(request, "labs/results.html", context)


@requires(*READERS)
@never_cache
@require_safe
def result(request: PortalRequest, report_id: UUID) -> HttpResponse:
    return _result(request, report_id, "labs/result.html")


@requires(*READERS)
@never_cache
@require_safe
def print_page(request: PortalRequest, report_id: UUID) -> HttpResponse:
    """The same on paper: everything open, nothing to press, and whose it is."""
    return _result(request, report_id, "labs/result_print.html", on_paper=True)


@requires(*READERS)
@never_cache
@require_safe
def file(request: PortalRequest, report_id: UUID) -> HttpResponse:
    """The same as a PDF of ours: what the page shows to this reader, and audited as the page is."""
    now = clock.now()
    found = patients_page.get_patients_report(actor=request.actor, report_id=report_id, now=now)
    patient = patients_page.name_of_patient(actor=request.actor, person_id=found.view.person_id, now=now)
    heading = paper.Heading(patient=patient, made=holding.moment(now, found.site.zone))
    return _as_file(paper.write(reports.page(found), heading), PDF)


def _result(
    request: PortalRequest, report_id: UUID, template: str, *, on_paper: bool = False
) -> HttpResponse:
    now = clock.now()
    found = patients_page.get_patients_report(actor=request.actor, report_id=report_id, now=now)
    person_id = found.view.person_id
    context: dict[str, object] = {
        "page": reports.page(found),
        "about": whose(request, now=now, person_id=person_id),
        "is_patient": found.is_patient,
    }
    if on_paper:
        context["patient"] = patients_page.name_of_patient(actor=request.actor, person_id=person_id, now=now)
        context["made"] = holding.moment(now, found.site.zone)
    return render(request, template, context)


@requires(*READERS)
@never_cache
@require_safe
def document(request: PortalRequest, report_id: UUID, document_id: UUID) -> HttpResponseBase:
    """The laboratory's own document, as a file: never opened in a page of ours, its name says nothing."""
    found = labs.get_document(
        actor=request.actor, document_id=document_id, report_id=report_id, now=clock.now()
    )
    return _as_file(found.content, found.content_type)


def _as_file(content: bytes, content_type: str) -> HttpResponse:
    is_pdf = content_type == PDF
    headers = {
        "Content-Disposition": f'attachment; filename="result.{"pdf" if is_pdf else "bin"}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return HttpResponse(content, content_type=PDF if is_pdf else "application/octet-stream", headers=headers)


@requires(*READERS)
@require_POST
def show_now(request: PortalRequest, report_id: UUID) -> HttpResponse:
    """The patient wants to see what their own choice holds back."""
    releasing.show_now(actor=request.actor, report_id=report_id, now=clock.now())
    return redirect("labs:result", report_id)


def new_results_panel(request: PortalRequest) -> Panel | None:
    """The home page: what is new or was corrected. Nothing at all where there is nothing."""
    person_id = request.actor.person_id
    if person_id is None:
        return None
    now = clock.now()
    found = labs.reports_of(actor=request.actor, person_id=person_id, now=now, limit=10)
    rows = [row for row in _rows(request, found.reports, now) if row.is_new or row.is_corrected]
    if not rows:
        return None
    rows.sort(key=lambda row: not row.is_corrected)
    return Panel(template="labs/_new_results.html", context={"rows": rows[:PANEL], "more": len(rows) > PANEL})


def _rows(request: PortalRequest, summaries: tuple[ReportSummary, ...], now: datetime) -> list[reports.Row]:
    opened = openings.versions(actor=request.actor, report_ids=[each.report_id for each in summaries])
    sites = {each: patients_page.site_of(each, now) for each in {one.site_id for one in summaries}}
    return [
        reports.row(
            each,
            opened=opened.get(each.report_id, 0),
            zone=sites[each.site_id].zone,
            is_recent=now - each.changed_at < RECENT,
        )
        for each in summaries
    ]


def _about(request: PortalRequest, now: datetime) -> Whose:
    """The person asked for; else the reader, else the first whom they act for."""
    about = whose(request, now=now)
    if about is None:
        people = choices(request, now=now)
        if not people:
            raise NotFound
        about = whose(request, now=now, person_id=people[0].person_id)
    if about is None:
        raise NotFound
    return about


def _before(request: PortalRequest) -> tuple[datetime, UUID] | None:
    """Where the page before ended; an address that makes no sense shows the first page."""
    at, _sep, last = request.GET.get("before", "").partition("_")
    try:
        instant = datetime.fromisoformat(at)
        return (instant, UUID(last)) if instant.tzinfo else None
    except ValueError:
        return None


def _older(about: Whose, before: tuple[datetime, UUID] | None) -> str:
    if before is None:
        return ""
    words = {**about.words, "before": f"{before[0].isoformat()}_{before[1]}"}
    return f"{reverse('labs:results')}?{urlencode(words)}"
