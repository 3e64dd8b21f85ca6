"""Finding a time: for whom, what kind of visit, then the times that are free for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import groupby
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from scheduling import service as scheduling
from scheduling.presenters import when
from scheduling.types import ClinicInfo, VisitTypeInfo
from scheduling.views.looking import Looking, answers_context, first_url, month_context
from scheduling.views.whose import FIELD, READERS, Whose, choices, whose
from steadwell import clock
from steadwell.errors import NotFound
from steadwell.ids import VisitTypeId
from steadwell.portal.service import PortalRequest, is_htmx, requires

BOOKING_STEPS = (_("Visit"), _("Time"), _("Check"))
Page = Callable[[PortalRequest, Whose, datetime], HttpResponse]


@requires(*READERS)
@require_safe
def find(request: PortalRequest) -> HttpResponse:
    return for_somebody(request, _find)


@requires(*READERS)
@require_safe
def month(request: PortalRequest) -> HttpResponse:
    """A month at a glance: its own page, or the part of one that htmx asked for."""
    return for_somebody(request, _month)


def for_somebody(request: PortalRequest, page: Page) -> HttpResponse:
    """The page about the person it is for; the question whose it is while that is open."""
    now = clock.now()
    about = whose(request, now=now)
    if about is None:
        context = {"choices": choices(request, now=now), "field": FIELD, "given": request.GET.items()}
        return render(request, "scheduling/choose_person.html", context)
    return page(request, about, now)


def _find(request: PortalRequest, about: Whose, now: datetime) -> HttpResponse:
    if not request.GET.get("type"):
        return _choose_kind(request, about, now=now)
    looking = _looking(request, about, now=now)
    if first := first_url(request, looking, now=now):
        return redirect(first)
    context = answers_context(request, looking, now=now)
    if is_htmx(request):
        return render(request, "scheduling/_answers.html", context)
    ways = {"about": about, "field": FIELD, "step_labels": BOOKING_STEPS, "step_urls": [kinds_url(about)]}
    return render(request, "scheduling/find.html", {**context, **ways})


def _month(request: PortalRequest, about: Whose, now: datetime) -> HttpResponse:
    context = month_context(request, _looking(request, about, now=now), now=now)
    return render(request, "scheduling/_month.html" if is_htmx(request) else "scheduling/month.html", context)


def _choose_kind(request: PortalRequest, about: Whose, *, now: datetime) -> HttpResponse:
    clinic = scheduling.get_clinic(now=now)
    kinds = [
        (scheduling.speciality_name(kind.speciality), kind)
        for kind in clinic.visit_types.values()
        if kind.patients_may_book
    ]
    kinds.sort(key=lambda pair: (pair[0], pair[1].name))
    groups = [
        (
            speciality,
            [
                (kind, _search_for(clinic, kind, about).url({}), when.length(kind.minutes))
                for _name, kind in group
            ],
        )
        for speciality, group in groupby(kinds, key=lambda pair: pair[0])
    ]
    context = {"groups": groups, "about": about, "step_labels": BOOKING_STEPS}
    return render(request, "scheduling/choose_kind.html", context)


def kinds_url(about: Whose) -> str:
    url = reverse("scheduling:find")
    return f"{url}?{about.query}" if about.query else url


def _looking(request: PortalRequest, about: Whose, *, now: datetime) -> Looking:
    try:
        kind_id = VisitTypeId(UUID(request.GET.get("type", "")))
    except ValueError as error:
        raise NotFound from error
    clinic = scheduling.get_clinic(now=now, searching=kind_id)
    return _search_for(clinic, clinic.visit_type(kind_id), about)


def _search_for(clinic: ClinicInfo, kind: VisitTypeInfo, about: Whose) -> Looking:
    return Looking(
        clinic=clinic,
        kind=kind,
        person_id=about.person_id,
        base=reverse("scheduling:find"),
        month_base=reverse("scheduling:month"),
        fixed={"type": str(kind.visit_type_id), **about.words},
    )
