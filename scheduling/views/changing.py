"""Changing a visit: another time, calling it off, checking in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from scheduling import service as scheduling
from scheduling.errors import OutsideAvailability, PatientBusy, SlotTaken
from scheduling.forms import CancelForm, version_in
from scheduling.presenters import offers, visits
from scheduling.status import Status
from scheduling.types import Appointment, Mode, Offer, OfferRef, SiteInfo
from scheduling.views.booking import offer_context
from scheduling.views.looking import Looking, answers_context, first_url, month_context
from scheduling.views.whose import READERS, reader_zone
from steadwell import clock
from steadwell.errors import Refusal, Stale
from steadwell.ids import AppointmentId
from steadwell.portal.service import PortalRequest, is_htmx, refuse, request_key, requires

CHOOSE_AGAIN = (SlotTaken, OutsideAvailability, PatientBusy)


@requires(*READERS)
@require_safe
def move(request: PortalRequest, appointment_id: UUID) -> HttpResponse:
    """Look for another time. The visit stays as it is until the new time is won."""
    now = clock.now()
    found = _visit(request, appointment_id, now=now)
    looking = _looking(found, now=now)
    if first := first_url(request, looking, now=now):
        return redirect(first)
    context = answers_context(request, looking, now=now)
    if is_htmx(request):
        return render(request, "scheduling/_answers.html", context)
    return render(request, "scheduling/move.html", {**context, "visit": _shown(found)})


@requires(*READERS)
@require_safe
def move_month(request: PortalRequest, appointment_id: UUID) -> HttpResponse:
    now = clock.now()
    looking = _looking(_visit(request, appointment_id, now=now), now=now)
    context = month_context(request, looking, now=now)
    return render(request, "scheduling/_month.html" if is_htmx(request) else "scheduling/month.html", context)


@requires(*READERS)
@require_http_methods(["GET", "HEAD", "POST"])
def move_review(request: PortalRequest, appointment_id: UUID) -> HttpResponse:
    """The old time beside the new one; the change happens in one step or not at all."""
    now = clock.now()
    if request.method == "POST":
        return _move(request, AppointmentId(appointment_id), now=now)
    ref = OfferRef.parse(request.GET.get("offer", ""))
    return _move_page(request, _visit(request, appointment_id, now=now), ref, now=now)


def _move(request: PortalRequest, appointment_id: AppointmentId, *, now: datetime) -> HttpResponse:
    key, ref = request_key(request), OfferRef.parse(request.POST.get("offer", ""))
    try:
        moved = scheduling.reschedule(
            actor=request.actor,
            appointment_id=appointment_id,
            offer=ref,
            request_key=key,
            now=now,
            seen_version=version_in(request.POST.get("seen", "")),
        )
    except (*CHOOSE_AGAIN, Stale) as refusal:
        found = _visit(request, appointment_id, now=now)
        return _move_page(request, found, ref, refusal=refusal, now=now)
    done = "move-asked" if moved.requested_move else "moved"
    return redirect(f"{reverse('scheduling:visit', args=[moved.appointment_id])}?done={done}")


def _move_page(
    request: PortalRequest,
    found: Appointment,
    ref: OfferRef,
    *,
    now: datetime,
    refusal: Refusal | None = None,
) -> HttpResponse:
    others: tuple[Offer, ...] = ()
    if isinstance(refusal, SlotTaken):
        others = scheduling.nearest(ref=ref, actor=request.actor, person_id=found.person_id, now=now)
    new = offer_context(scheduling.describe_offer(ref=ref, now=now), now=now)
    context = {
        "visit": _shown(found),
        "version": found.version,
        "ref": ref.text,
        "refusal": refusal,
        "asks": isinstance(new["site"], SiteInfo) and new["site"].mode is Mode.REQUEST,
        "keeps": found.status is Status.BOOKED,
        "is_taken": isinstance(refusal, CHOOSE_AGAIN),
        "others": [offers.offer(one, reader_zone=reader_zone()) for one in others],
        **new,
    }
    return render(request, "scheduling/move_review.html", context, status=409 if refusal else 200)


@requires(*READERS)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: PortalRequest, appointment_id: UUID) -> HttpResponse:
    now = clock.now()
    form = CancelForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            scheduling.cancel(
                actor=request.actor,
                appointment_id=AppointmentId(appointment_id),
                reason=form.text,
                request_key=request_key(request),
                now=now,
            )
        except Refusal as refusal:
            if refusal.kind != "conflict":
                raise
            refuse(form, refusal)
        else:
            return redirect(f"{reverse('scheduling:visit', args=[appointment_id])}?done=cancelled")
    found = _visit(request, appointment_id, now=now)
    site = scheduling.get_site(site_id=found.site_id, now=now)
    context = {
        "form": form,
        "visit": _shown(found),
        "changes": visits.changes(found, site=site, now=now),
        "site": site,
    }
    return render(request, "scheduling/cancel.html", context, status=409 if form.errors else 200)


@requires(*READERS)
@require_POST
def check_in(request: PortalRequest, appointment_id: UUID) -> HttpResponse:
    scheduling.check_in(
        actor=request.actor,
        appointment_id=AppointmentId(appointment_id),
        request_key=request_key(request),
        now=clock.now(),
    )
    return redirect(f"{reverse('scheduling:visit', args=[appointment_id])}?done=checked-in")


@requires(*READERS)
@require_POST
def withdraw_move(request: PortalRequest, appointment_id: UUID) -> HttpResponse:
    """Take the wish for another time back."""
    scheduling.withdraw_move(
        actor=request.actor,
        appointment_id=AppointmentId(appointment_id),
        request_key=request_key(request),
        now=clock.now(),
    )
    return redirect(f"{reverse('scheduling:visit', args=[appointment_id])}?done=move-withdrawn")


def _visit(request: PortalRequest, appointment_id: UUID, *, now: datetime) -> Appointment:
    return scheduling.get_appointment(
        actor=request.actor, appointment_id=AppointmentId(appointment_id), now=now
    )


def _shown(found: Appointment) -> visits.VisitView:
    return visits.visit(found, reader_zone=reader_zone())


def _looking(found: Appointment, *, now: datetime) -> Looking:
    clinic = scheduling.get_clinic(now=now)
    return Looking(
        clinic=clinic,
        kind=clinic.visit_type(found.visit_type_id),
        person_id=found.person_id,
        base=reverse("scheduling:move", args=[found.appointment_id]),
        month_base=reverse("scheduling:move-month", args=[found.appointment_id]),
        fixed={},
        moving=found.appointment_id,
    )
