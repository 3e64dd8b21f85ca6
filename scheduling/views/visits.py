"""A patient's visits: the list, one of them, and its calendar file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from scheduling import service as scheduling
from scheduling.presenters import offers, visits
from scheduling.status import Status
from scheduling.types import Alternative, Appointment
from scheduling.views.finding import for_somebody
from scheduling.views.whose import FIELD, READERS, Whose, reader_zone, whose
from steadwell import clock
from steadwell.ids import AppointmentId
from steadwell.portal.service import Panel, PortalRequest, requires

CALENDAR = "text/calendar; charset=utf-8"
# What has just happened, said once on the visit's page; only where the visit stands as it says.
_TOLD = _("A confirmation is on its way to you.")
DONE: Mapping[str, tuple[Promise, Promise | str, frozenset[Status]]] = {
    "booked": (_("Your visit is booked"), _TOLD, frozenset({Status.BOOKED, Status.CHECKED_IN})),
    "requested": (
        _("The clinic has your request"),
        _("You will be told as soon as they answer."),
        frozenset({Status.PENDING}),
    ),
    "moved": (_("Your visit was moved"), _TOLD, frozenset({Status.BOOKED, Status.PENDING})),
    "move-asked": (
        _("We have asked the clinic"),
        _("You keep your visit as it is until they answer. You will be told as soon as they do."),
        frozenset({Status.BOOKED}),
    ),
    "move-withdrawn": (_("Your visit stays as it is"), _TOLD, frozenset({Status.BOOKED})),
    "cancelled": (_("Your visit is cancelled"), _TOLD, frozenset({Status.CANCELLED})),
    "checked-in": (
        _("You are checked in"),
        _("Take a seat when you arrive: the clinic knows that you are coming."),
        frozenset({Status.CHECKED_IN}),
    ),
}


@requires(*READERS)
@require_safe
def my_visits(request: PortalRequest) -> HttpResponse:
    return for_somebody(request, _my_visits)


def _my_visits(request: PortalRequest, about: Whose, now: datetime) -> HttpResponse:
    zone, past = reader_zone(), request.GET.get("show") == "past"
    found = scheduling.list_for_patient(
        actor=request.actor, person_id=about.person_id, now=now, upcoming=not past
    )
    context = {
        "visits": [visits.visit(one, reader_zone=zone) for one in found],
        "past": past,
        "kept": [("show", "past")] if past else [],
        "about": about,
        "field": FIELD,
        "tabs": [
            {"label": _("Coming up"), "url": _list_url(about), "current": not past},
            {"label": _("Past and cancelled"), "url": _list_url(about, "past"), "current": past},
        ],
    }
    return render(request, "scheduling/my_visits.html", context)


def _list_url(about: Whose, show: str = "") -> str:
    words = "&".join(part for part in (about.query, f"show={show}" if show else "") if part)
    return f"{reverse('scheduling:visits')}{'?' + words if words else ''}"


@requires(*READERS)
@require_safe
def visit(request: PortalRequest, appointment_id: UUID) -> HttpResponse:
    now = clock.now()
    found = scheduling.get_appointment(
        actor=request.actor, appointment_id=AppointmentId(appointment_id), now=now
    )
    about = whose(request, now=now, person_id=found.person_id)
    return render(request, "scheduling/visit.html", visit_context(request, found, about, now=now))


def visit_context(
    request: PortalRequest, found: Appointment, about: Whose | None, *, now: datetime
) -> dict[str, object]:
    zone = reader_zone()
    clinic = scheduling.get_clinic(now=now)
    versions = scheduling.history_of(actor=request.actor, appointment_id=found.appointment_id, now=now)
    others: tuple[Alternative, ...] = ()
    if found.rebook_offered:
        others = scheduling.alternatives_for(
            actor=request.actor, appointment_id=found.appointment_id, now=now
        )
    return {
        "visit": visits.visit(found, reader_zone=zone),
        "kind": clinic.visit_type(found.visit_type_id),
        "changes": visits.changes(found, site=clinic.site(found.site_id), now=now),
        "standing": visits.standing(found, actor=request.actor),
        "steps": visits.steps(versions, actor=request.actor, reader_zone=zone),
        "others": offers.alternatives(others, reader_zone=zone),
        "about": about,
        "field": FIELD,
        "person_id": found.person_id,
        **_done(request.GET.get("done", ""), found),
    }


def _done(said: str, found: Appointment) -> dict[str, str]:
    if said not in DONE or found.status not in DONE[said][2]:
        return {"done": "", "done_words": ""}
    heading, words, _statuses = DONE[said]
    return {"done": str(heading), "done_words": str(words)}


@requires(*READERS)
@require_safe
def visit_file(request: PortalRequest, appointment_id: UUID) -> HttpResponse:
    """One visit for the reader's calendar. The file's name says nothing of what it is about."""
    body = scheduling.calendar_file(
        actor=request.actor, appointment_id=AppointmentId(appointment_id), now=clock.now()
    )
    headers = {
        "Content-Disposition": 'attachment; filename="visit.ics"',
        "Cache-Control": "private, no-store",
    }
    return HttpResponse(body, content_type=CALENDAR, headers=headers)


def next_visit_panel(request: PortalRequest) -> Panel | None:
    """The home page: what comes next, or the way to it."""
    person_id = request.actor.person_id
    if person_id is None:
        return None
    now = clock.now()
    found = scheduling.list_for_patient(actor=request.actor, person_id=person_id, now=now, limit=1)
    shown = [visits.visit(one, reader_zone=reader_zone()) for one in found]
    return Panel(template="scheduling/_next_visit.html", context={"visit": shown[0] if shown else None})
