"""The calendar of a site and of a clinician: day, week, and the list of arrivals."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from scheduling import service as scheduling
from scheduling.presenters.arrivals import rows_of
from scheduling.presenters.clinic import board_of, people_of, week_board_of
from scheduling.presenters.clinic_visit import request_rows
from scheduling.presenters.week import monday_of, week_of
from scheduling.types import Appointment, ClinicDay, Mode
from scheduling.views.clinic.looking import Looking, look
from steadwell import clock
from steadwell.actor import STAFF_ROLES
from steadwell.identity import service as identity
from steadwell.portal import service as portal

VIEWS = (
    ("clinic:day", gettext_lazy("Day")),
    ("clinic:week", gettext_lazy("Week")),
    ("clinic:arrivals", gettext_lazy("Arrivals")),
)


@require_GET
@portal.requires(*STAFF_ROLES)
def day(request: portal.PortalRequest) -> HttpResponse:
    now = clock.now()
    looking = look(request, now=now)
    days, overdue = _day(request, looking, now), _overdue(request, looking, now)
    people = [*people_of(days), *(visit.person_id for visit in overdue)]
    names = identity.names(actor=request.actor, person_ids=people, now=now)
    context = _frame(looking, "clinic:day", step=timedelta(days=1))
    context |= {
        "overdue": request_rows(overdue, names),
        "heading": portal.day_text(looking.on),
        "boards": [board_of(each, names, now=now) for each in days],
    }
    return render(request, "scheduling/clinic/day.html", context)


@require_GET
@portal.requires(*STAFF_ROLES)
def week(request: portal.PortalRequest) -> HttpResponse:
    now = clock.now()
    looking = look(request, now=now)
    monday = monday_of(looking.on)
    days = scheduling.list_week(
        actor=request.actor,
        monday=monday,
        now=now,
        site_id=looking.site_id,
        practitioner_id=looking.clinician_id,
    )
    context = _frame(looking, "clinic:week", step=timedelta(days=7), on=monday)
    context["heading"] = _("Week of %(day)s") % {"day": portal.day_text(monday, "day-short-year")}
    if looking.clinician is None:
        context["week"] = week_of(days, now=now)
        return render(request, "scheduling/clinic/week.html", context)
    names = identity.names(actor=request.actor, person_ids=people_of(days), now=now)
    by_site = {each.site_id: [d for d in days if d.site_id == each.site_id] for each in days}
    boards = [week_board_of(each, names, now=now) for each in by_site.values()]
    context["boards"] = [board for board in boards if board]
    return render(request, "scheduling/clinic/day.html", context)


@require_GET
@portal.requires(*STAFF_ROLES)
def arrivals(request: portal.PortalRequest) -> HttpResponse:
    now = clock.now()
    looking = look(request, now=now)
    days, overdue = _day(request, looking, now), _overdue(request, looking, now)
    people = [v.person_id for d in days for c in d.columns for v in c.visits]
    people += [visit.person_id for visit in overdue]
    names = identity.names(actor=request.actor, person_ids=people, now=now)
    context = _frame(looking, "clinic:arrivals", step=timedelta(days=1))
    context |= {
        "heading": portal.day_text(looking.on),
        "overdue": request_rows(overdue, names),
        "rows": rows_of(days, names, now=now),
    }
    return render(request, "scheduling/clinic/arrivals.html", context)


def _day(request: portal.PortalRequest, looking: Looking, now: datetime) -> tuple[ClinicDay, ...]:
    return scheduling.list_day(
        actor=request.actor,
        on=looking.on,
        now=now,
        site_id=looking.site_id,
        practitioner_id=looking.clinician_id,
    )


def _overdue(request: portal.PortalRequest, looking: Looking, now: datetime) -> tuple[Appointment, ...]:
    """What stands on top, whichever day is looked at, where patients ask first."""
    if looking.site.mode is not Mode.REQUEST:
        return ()
    return scheduling.list_overdue(actor=request.actor, site_id=looking.site.site_id, now=now)


def _frame(looking: Looking, view: str, *, step: timedelta, on: date | None = None) -> dict[str, object]:
    """What stands around every calendar: the tabs, the pickers, a step back, a step on."""
    on = on or looking.on
    address = reverse(view)
    return {
        "looking": looking,
        "address": address,
        "tabs": [
            {"label": label, "url": reverse(name) + looking.query(looking.on), "current": name == view}
            for name, label in VIEWS
        ],
        "previous_url": address + looking.query(on - step),
        "next_url": address + looking.query(on + step),
        "today_url": address + looking.query(looking.today),
        "is_today": on <= looking.today < on + step,
        "book_url": f"{reverse('clinic:book')}?site={looking.site.site_id}&on={looking.on.isoformat()}",
    }
