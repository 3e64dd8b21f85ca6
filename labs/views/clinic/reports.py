"""One report: as it counts, as it was known, one of its tests over time, its documents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from labs import queries
from labs.presenters import (
    clinic_cumulative,
    clinic_report,
    clinic_story,
    clinic_words,
    releasing,
    trends,
    words,
)
from labs.presenters.clinic_inbox import about, look
from labs.review.inbox import What, Who
from labs.review.page import ReportPage, read_page
from labs.types import ReportView
from labs.views.clinic import forms
from labs.views.clinic.inbox import asked
from labs.views.clinic.standing import READERS, counts_of, names_of, zones_of
from steadwell import clock
from steadwell.errors import NotFound
from steadwell.identity import service as identity
from steadwell.ids import PractitionerId
from steadwell.portal import service as portal

INLINE = frozenset({"application/pdf", "image/png", "image/jpeg", "text/plain"})


@require_GET
@portal.requires(*READERS)
def report_page(request: portal.PortalRequest, report_id: UUID) -> HttpResponse:
    return render_report(request, report_id)


def render_report(
    request: portal.PortalRequest,
    report_id: UUID,
    *,
    sign: forms.SignForm | None = None,
    delegate: forms.DelegateForm | None = None,
    follow: forms.FollowUpForm | None = None,
    stale: bool = False,
    status: int = 200,
) -> HttpResponse:
    """The page, with a refused form in its place where there is one."""
    now, (who, what, _skip) = clock.now(), asked(request)
    page = read_page(
        actor=request.actor, report_id=report_id, who=who, what=what, covers=counts_of(request).covers,
        now=now,
    )  # fmt: skip
    report, zone = page.report, page.zone
    context = {
        **_head(request, report, page.person, page.names, zone),
        "cumulative": clinic_cumulative.cumulative(report, page.past, zone=zone),
        "documents": report.documents,
        "notes": report.notes,
        "stale": stale,
        "release": releasing.control(
            page.release, report_id=report_id, zone=zone, back=request.get_full_path()
        ),
        "rows": clinic_report.result_rows(report, page.versions, page.past, zone=zone, now=now),
        "more_versions": len(page.versions) > 1,
        "questions": clinic_story.question_rows(page.questions, report_id=report_id, zone=zone, now=now),
        **_actions(request, page, sign, delegate, follow),
        "previous_url": _report_url(page.before, who, what),
        "next_url": _report_url(page.behind, who, what),
        **_told(page),
    }
    return render(request, "labs/clinic/report.html", context, status=status)


@require_GET
@portal.requires(*READERS)
def versions_page(request: portal.PortalRequest, report_id: UUID) -> HttpResponse:
    """Everything that was said about a report, and the report as it was known at a moment."""
    now, actor = clock.now(), request.actor
    report = queries.get_report(actor=actor, report_id=report_id, now=now)
    zone = zone_of(report)
    versions = queries.report_versions(actor=actor, report_id=report_id, now=now)
    form = forms.AsKnownForm(request.GET if "at" in request.GET else None)
    context = {
        **_heading(request, report, zone),
        "versions": clinic_report.version_rows(report, versions, zone=zone, now=now),
        "form": form,
        "zone_text": portal.zone_text(zone, now),
        "back_url": reverse("clinic-labs:report", args=[report_id]) + look(*asked(request)),
    }
    if form.is_bound and form.is_valid():
        wall: datetime = form.cleaned_data["at"].replace(tzinfo=None)
        at = forms.instant(wall.date(), wall.time().replace(second=59, microsecond=999_999), zone)
        context["known_on"] = portal.moment_text(at, zone)
        try:
            known = queries.as_known(actor=actor, report_id=report_id, at=at, now=now)
        except NotFound:
            context["unknown"] = True
        else:
            context["rows"] = clinic_report.result_rows(known, versions, (), zone=zone, now=now)
            context["known_badges"] = clinic_report.badges(known)
    return render(request, "labs/clinic/versions.html", context)


@require_GET
@portal.requires(*READERS)
def result_page(request: portal.PortalRequest, report_id: UUID, result_id: UUID) -> HttpResponse:
    """One test over time: pictures of what may stand on one line, and their table."""
    now, actor = clock.now(), request.actor
    report = queries.get_report(actor=actor, report_id=report_id, now=now)
    result = next((each for each in report.results if each.result_id == result_id), None)
    if result is None or not result.loinc or report.person_id is None:
        raise NotFound
    zone = zone_of(report)
    points = queries.series(actor=actor, person_id=report.person_id, loinc=result.loinc, now=now)
    name = words.name_of(result.loinc, result.name)
    context = {
        **_heading(request, report, zone),
        "test": name,
        "trends": trends.trends(
            points, name=name, loinc=result.loinc, zone=ZoneInfo(zone), current=result_id
        ),
        "explained": words.explained(result.loinc),
        "back_url": reverse("clinic-labs:report", args=[report_id]) + look(*asked(request)),
    }
    return render(request, "labs/clinic/result.html", context)


@require_GET
@portal.requires(*READERS)
def document(request: portal.PortalRequest, document_id: UUID) -> HttpResponse:
    """The laboratory's own document. It came from outside: it may do nothing but be read."""
    found = queries.get_document(actor=request.actor, document_id=document_id, now=clock.now())
    known = found.content_type in INLINE
    response = HttpResponse(
        found.content, content_type=found.content_type if known else "application/octet-stream"
    )
    extension = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg", "text/plain": "txt"}
    name = f"report.{extension.get(found.content_type, 'bin')}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def zone_of(report: ReportView) -> str:
    return zones_of([report.site_id]).get(report.site_id, "UTC") if report.site_id else "UTC"


def _heading(request: portal.PortalRequest, report: ReportView, zone: str) -> dict[str, object]:
    person = None
    if report.person_id:
        people = identity.names(actor=request.actor, person_ids=[report.person_id], now=clock.now())
        person = people.get(report.person_id)
    return _head(request, report, person, names_of([report.practitioner_id]), zone)


def _head(
    request: portal.PortalRequest,
    report: ReportView,
    person: identity.PersonSummary | None,
    names: Mapping[PractitionerId, str],
    zone: str,
) -> dict[str, object]:
    now = clock.now()
    clinician = names.get(report.practitioner_id, "") if report.practitioner_id else ""
    return {
        "report": report,
        "patient": person.full_name if person else _("Unknown patient"),
        "about": about(person, now=now),
        "name": words.name_of(report.loinc, report.name),
        "badges": clinic_report.badges(report),
        "facts": clinic_report.facts(report, zone=zone, now=now, clinician=clinician),
        "query": look(*asked(request)),
        "list_url": reverse("clinic-labs:inbox") + look(*asked(request)),
    }


def _actions(
    request: portal.PortalRequest,
    page: ReportPage,
    sign: forms.SignForm | None,
    delegate: forms.DelegateForm | None,
    follow: forms.FollowUpForm | None,
) -> dict[str, object]:
    """What this clinician may do with it now."""
    actor = request.actor
    return {
        "tasks": clinic_story.task_rows(page.tasks, actor=actor, names=page.colleagues),
        "may_sign": page.report.person_id is not None and not page.is_signed,
        "sign_form": sign or forms.SignForm(),
        "delegate_form": delegate or delegate_form(page.colleagues, me=actor.practitioner_id),
        "follow_form": follow or follow_form(page.report),
        "settle_form": forms.SettleForm(auto_id="settle_%s"),
        "calls": clinic_story.call_rows([call for call in page.calls if call.waits], now=clock.now()),
        "read_back_form": forms.ReadBackForm(),
    }


def _told(page: ReportPage) -> dict[str, object]:
    """What was written and done."""
    now, zone, names = clock.now(), page.zone, page.names
    return {
        "reported": clinic_words.short_moment(page.report.told_at, zone, now=now),
        "story": clinic_story.story_rows(page.story.deeds, names=names, zone=zone, now=now),
        "comments": clinic_story.comment_rows(page.story.comments, names=names, zone=zone, now=now),
    }


def delegate_form(
    colleagues: Mapping[PractitionerId, str], *, me: UUID | None, data: object = None
) -> forms.DelegateForm:
    choices = [(str(who), name) for who, name in colleagues.items() if who != me]
    return forms.DelegateForm(choices, data)


def follow_form(report: ReportView, data: object = None) -> forms.FollowUpForm:
    """The report's own tests: what follows a result is mostly the same test again."""
    tests = {
        result.loinc: words.name_of(result.loinc, result.name) for result in report.results if result.loinc
    }
    return forms.FollowUpForm(list(tests.items()), data)


def _report_url(report_id: UUID | None, who: Who, what: What) -> str:
    return reverse("clinic-labs:report", args=[report_id]) + look(who, what) if report_id else ""
