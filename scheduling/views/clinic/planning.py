"""Clinicians' time: block a stretch, plan leave, call off a whole day, open it again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import time, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from scheduling import service as scheduling
from scheduling.errors import VisitsInTheWay
from scheduling.presenters.arrivals import Row, row_of
from scheduling.types import Appointment, DayMove
from scheduling.views.clinic.forms import BlockForm, IllForm, LeaveForm, instant
from scheduling.views.clinic.looking import Looking, look
from steadwell import clock
from steadwell.actor import STAFF_ROLES
from steadwell.errors import NotFound, Refusal
from steadwell.identity import service as identity
from steadwell.ids import PractitionerId
from steadwell.portal import service as portal

MIDNIGHT = time(0)


@require_http_methods(["GET", "POST"])
@portal.requires(*STAFF_ROLES)
def block(request: portal.PortalRequest) -> HttpResponse:
    now = clock.now()
    looking, clinician_id = _clinician(request)
    form = BlockForm(request.POST or None, initial={"on": looking.on})
    in_the_way: tuple[Appointment, ...] = ()
    elsewhere = 0
    if request.method == "POST" and form.is_valid():
        data, zone = form.cleaned_data, looking.site.time_zone
        try:
            scheduling.block_time(
                actor=request.actor,
                practitioner_id=clinician_id,
                starts_at=instant(data["on"], data["starts"], zone),
                ends_at=instant(data["on"], data["ends"], zone),
                reason=data["reason"],
                request_key=portal.request_key(request),
                now=now,
                keep_visits=data["keep_visits"],
            )
        except NotFound:
            raise
        except VisitsInTheWay as refusal:
            in_the_way, elsewhere = refusal.visits, refusal.elsewhere
            portal.refuse(form, refusal)
        except Refusal as refusal:
            portal.refuse(form, refusal)
        else:
            messages.success(request, _("The time is blocked."))
            return HttpResponseRedirect(reverse("clinic:day") + looking.query(data["on"]))
    context = _frame(looking, form, "clinic:block", visits=_rows(request, in_the_way), elsewhere=elsewhere)
    return render(request, "scheduling/clinic/block.html", context)


@require_http_methods(["GET", "POST"])
@portal.requires(*STAFF_ROLES)
def leave(request: portal.PortalRequest) -> HttpResponse:
    now = clock.now()
    looking, clinician_id = _clinician(request)
    form = LeaveForm(request.POST or None, initial={"first": looking.on, "last": looking.on})
    if request.method == "POST" and form.is_valid():
        data, zone = form.cleaned_data, looking.site.time_zone
        planned: DayMove | None = None
        with portal.refusals_on(form):
            planned = scheduling.add_leave(
                actor=request.actor,
                practitioner_id=clinician_id,
                starts_at=instant(data["first"], MIDNIGHT, zone),
                ends_at=instant(data["last"] + timedelta(days=1), MIDNIGHT, zone),
                reason=data["reason"],
                request_key=portal.request_key(request),
                now=now,
            )
        if planned is not None:
            messages.success(request, _("The leave is entered. Nobody can be booked in it."))
            if not (planned.touched or planned.elsewhere):
                return HttpResponseRedirect(reverse("clinic:week") + looking.query(data["first"]))
            rows = _rows(request, planned.touched)
            context = _frame(looking, form, "clinic:leave", visits=rows, elsewhere=planned.elsewhere)
            return render(request, "scheduling/clinic/leave_done.html", context)
    return render(request, "scheduling/clinic/leave.html", _frame(looking, form, "clinic:leave"))


@require_http_methods(["GET", "POST"])
@portal.requires(*STAFF_ROLES)
def ill(request: portal.PortalRequest) -> HttpResponse:
    """Call off a clinician's whole day. First it shows whom this touches; then it does it and shows what
    it did.
    """
    now = clock.now()
    looking, clinician_id = _clinician(request)
    form = IllForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        moved: DayMove | None = None
        with portal.refusals_on(form):
            moved = scheduling.move_day(
                actor=request.actor,
                practitioner_id=clinician_id,
                on=looking.on,
                reason=form.cleaned_data["reason"],
                request_key=portal.request_key(request),
                now=now,
            )
        if moved is not None:
            messages.success(request, _called_off(moved))
            rows = _rows(request, moved.touched)
            context = _frame(looking, form, "clinic:ill", visits=rows, elsewhere=moved.elsewhere)
            return render(request, "scheduling/clinic/ill_done.html", context)
    touched = scheduling.touched_by_move(
        actor=request.actor, practitioner_id=clinician_id, on=looking.on, now=now
    )
    elsewhere = scheduling.standing_elsewhere(
        actor=request.actor, practitioner_id=clinician_id, on=looking.on, now=now
    )
    context = _frame(looking, form, "clinic:ill", visits=_rows(request, touched), elsewhere=elsewhere)
    return render(request, "scheduling/clinic/ill.html", context)


@require_http_methods(["GET", "POST"])
@portal.requires(*STAFF_ROLES)
def reopen(request: portal.PortalRequest, closure_id: UUID) -> HttpResponse:
    """Take a block or a leave back. Visits that were called off stay called off."""
    back = portal.return_address(request, reverse("clinic:day"))
    if request.method == "POST":
        scheduling.remove_closure(
            actor=request.actor,
            closure_id=closure_id,
            request_key=portal.request_key(request),
            now=clock.now(),
        )
        messages.success(request, _("The time is open again."))
        return HttpResponseRedirect(back)
    return render(request, "scheduling/clinic/reopen.html", {"back_url": back})


def _clinician(request: portal.PortalRequest) -> tuple[Looking, PractitionerId]:
    looking = look(request, now=clock.now())
    if looking.clinician is None:
        raise NotFound
    return looking, looking.clinician.practitioner_id


def _rows(request: portal.PortalRequest, visits: Iterable[Appointment]) -> list[Row]:
    shown = list(visits)
    now = clock.now()
    names = identity.names(actor=request.actor, person_ids=[v.person_id for v in shown], now=now)
    return [row_of(visit, names, now=now) for visit in sorted(shown, key=lambda v: v.starts_at)]


def _called_off(moved: DayMove) -> str:
    count = len(moved.touched)
    if moved.elsewhere:
        words = ngettext(
            "The day is called off at your clinic only. %(n)d patient is told and offered other times.",
            "The day is called off at your clinic only. %(n)d patients are told and offered other times.",
            count,
        )
    else:
        words = ngettext(
            "The day is called off. %(n)d patient is told and offered other times.",
            "The day is called off. %(n)d patients are told and offered other times.",
            count,
        )
    return words % {"n": count}


def _elsewhere(count: int) -> str:
    """What the reader cannot see and must know: visits in this time that only another clinic can move."""
    if not count:
        return ""
    words = ngettext(
        "%(n)d visit at another clinic still stands in this time. Only that clinic can move it: please call.",
        "%(n)d visits at other clinics still stand in this time. Only those clinics can move them:"
        " please call.",
        count,
    )
    return words % {"n": count}


def _frame(
    looking: Looking, form: object, current: str, visits: Iterable[Row] = (), elsewhere: int = 0
) -> dict[str, object]:
    assert looking.clinician is not None  # noqa: S101 - _clinician made sure
    zone = looking.site.time_zone
    asked = urlencode({"clinician": looking.clinician.practitioner_id, "on": looking.on.isoformat()})
    return {
        "form": form,
        "looking": looking,
        "clinician": looking.clinician.name,
        "day": portal.day_text(looking.on),
        "zone": portal.zone_text(zone),
        "rows": list(visits),
        "elsewhere": _elsewhere(elsewhere),
        "tabs": [
            {"label": label, "url": f"{reverse(name)}?{asked}", "current": name == current}
            for name, label in (
                ("clinic:block", _("Block time")),
                ("clinic:leave", _("Leave")),
                ("clinic:ill", _("Call off the day")),
            )
        ],
        "back_url": reverse("clinic:day") + looking.query(looking.on),
    }
