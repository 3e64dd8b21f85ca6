"""Reports that are nobody's yet: the queue, and the page on which staff say whose one is."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from labs import matching, waiting
from labs.access import MATCHERS
from labs.ports import directory
from labs.presenters import clinic_waiting as words
from labs.types import WaitingReport
from steadwell import clock
from steadwell.errors import Refusal
from steadwell.identity import service as identity
from steadwell.ids import PersonId
from steadwell.portal import service as portal

PAGE = 50
NEW = "new"


class WhoseForm(forms.Form):
    """Whom the report is about, and how that is known."""

    person = forms.ChoiceField(
        label=gettext_lazy("Whose report is it?"),
        widget=portal.RadioCards,
        error_messages={"required": gettext_lazy("Choose whose it is.")},
    )
    reason = forms.CharField(
        label=gettext_lazy("How do you know?"),
        help_text=gettext_lazy("Such as: asked the laboratory by telephone. Kept with the report."),
        max_length=200,
        error_messages={"required": gettext_lazy("Say how you know.")},
    )

    def __init__(self, *args: object, choices: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["person"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = choices


@require_GET
@portal.requires(*MATCHERS)
def queue(request: portal.PortalRequest) -> HttpResponse:
    """What waits at the reader's clinics, oldest first. Matching takes a report out of it, so the first page
    is the one to work on.
    """
    now = clock.now()
    found = waiting.list_waiting(actor=request.actor, now=now, limit=PAGE + 1)
    context = {
        "rows": words.waiting_rows(found[:PAGE], sites=directory().site_names(now=now), zone=_zone(found)),
        "has_more": len(found) > PAGE,
    }
    return render(request, "labs/clinic/waiting.html", context)


@require_http_methods(["GET", "POST"])
@portal.requires(*MATCHERS)
def match(request: portal.PortalRequest, report_id: UUID) -> HttpResponse:
    """One of them: who it may be, a search for others, and the decision."""
    now, actor = clock.now(), request.actor
    report = waiting.get_waiting(actor=actor, report_id=report_id, now=now)
    search = portal.PatientSearchForm(request.GET if "q" in request.GET else None)
    people = _people(request, report, search)
    form = WhoseForm(request.POST if request.method == "POST" else None, choices=_choices(people, report))
    if request.method == "POST" and form.is_valid():
        chosen, reason = form.cleaned_data["person"], form.cleaned_data["reason"]
        try:
            matching.match_report(
                actor=actor, report_id=report_id, reason=reason, now=now,
                person_id=None if chosen == NEW else PersonId(UUID(chosen)),
            )  # fmt: skip
        except Refusal as refusal:
            portal.refuse(form, refusal)
        else:
            messages.success(request, _("Its readers see it now."))
            return HttpResponseRedirect(reverse("clinic-labs:waiting"))
    row = words.waiting_row(report, sites=directory().site_names(now=now), zone=_zone([report]))
    context = {
        "row": row, "facts": words.facts(row), "form": form, "search": search,
        "asked": search.is_bound and search.is_valid(), "nobody": not people,
    }  # fmt: skip
    return render(request, "labs/clinic/match.html", context)


def _people(
    request: portal.PortalRequest, report: WaitingReport, search: portal.PatientSearchForm
) -> list[identity.PersonSummary]:
    """Those it may be, then those who were searched for. Also on the way back, so that a choice stays one."""
    now, actor = clock.now(), request.actor
    found = {
        p.person_id: p for p in waiting.list_candidates(actor=actor, report_id=report.report_id, now=now)
    }
    if search.is_bound and search.is_valid():
        for person in identity.search(actor=actor, text=search.cleaned_data["q"], now=now, limit=10):
            found.setdefault(person.person_id, person)
    if report.said is not None:
        found.pop(report.said.person_id, None)
    return list(found.values())


def _choices(people: list[identity.PersonSummary], report: WaitingReport) -> list[tuple[str, str]]:
    chosen = [(str(person.person_id), words.choice_of(person)) for person in people]
    if report.said is not None:
        chosen.append((NEW, _("Somebody new: %(name)s") % {"name": words.choice_of(report.said)}))
    return chosen


def _zone(found: list[WaitingReport]) -> str:
    """The clinic's wall clock; of the first one where several clinics are listed."""
    site_id = next((each.site_id for each in found if each.site_id), None)
    return directory().site_zone(site_id=site_id, now=clock.now()) if site_id else "UTC"
