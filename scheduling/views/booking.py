"""From a time to a visit: keep it, look at it once more, book it."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from scheduling import service as scheduling
from scheduling.errors import AppointmentNotFound, HoldEnded, OutsideAvailability, PatientBusy, SlotTaken
from scheduling.forms import NoteForm
from scheduling.presenters import offers, when
from scheduling.types import Appointment, Hold, Offer, OfferRef
from scheduling.views.finding import BOOKING_STEPS, kinds_url
from scheduling.views.whose import FIELD, READERS, Whose, reader_zone, whose
from steadwell import clock
from steadwell.errors import NotFound, Refusal
from steadwell.ids import AppointmentId, HoldId
from steadwell.portal.service import PortalRequest, SeeOther, request_key, requires

# Refusals after which another time is the way on; any other refusal is shown by the portal.
CHOOSE_AGAIN = (SlotTaken, HoldEnded, OutsideAvailability, PatientBusy)


@requires(*READERS)
@require_POST
def hold(request: PortalRequest) -> HttpResponse:
    """Keep a time. The same time again, by reload or back button, answers the same hold.

    Who lost it is sent on to other times. Looking for them is that page's work: when two hundred want one
    time, each of them learns at once whether they have it.
    """
    now = clock.now()
    about = _about(request, now=now)
    ref = OfferRef.parse(request.POST.get("offer", ""))
    try:
        kept = scheduling.hold(actor=request.actor, person_id=about.person_id, offer=ref, now=now)
    except CHOOSE_AGAIN as refusal:
        words = {"offer": ref.text, "why": refusal.code, **about.words}
        return SeeOther(f"{reverse('scheduling:others')}?{urlencode(words)}")
    return redirect("scheduling:review", hold_id=kept.hold_id)


@requires(*READERS)
@require_safe
def other_times(request: PortalRequest) -> HttpResponse:
    """After a time was lost: what was wanted, why it cannot be had, and what is free instead."""
    ref = OfferRef.parse(request.GET.get("offer", ""))
    refusal = next((each for each in CHOOSE_AGAIN if each.code == request.GET.get("why")), None)
    if refusal is None:
        raise NotFound
    now = clock.now()
    about = _about(request, now=now)
    return choose_again(request, ref, refusal(), about=about, note="", now=now, status=200)


@requires(*READERS)
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: PortalRequest, hold_id: UUID) -> HttpResponse:
    now = clock.now()
    if request.method == "POST":
        return _book(request, HoldId(hold_id), now=now)
    try:
        kept = scheduling.get_hold(actor=request.actor, hold_id=HoldId(hold_id), now=now)
    except (HoldEnded, NotFound) as refusal:
        return _after_the_hold(request, hold_id, refusal, now=now)
    return _review_page(request, kept, NoteForm(), now=now)


def _after_the_hold(
    request: PortalRequest, hold_id: UUID, refusal: Refusal, *, now: datetime
) -> HttpResponse:
    """A hold that was booked leads on to its visit: the visit has the hold's id."""
    try:
        scheduling.get_appointment(actor=request.actor, appointment_id=AppointmentId(hold_id), now=now)
    except AppointmentNotFound:
        if isinstance(refusal, HoldEnded):
            context = {"refusal": refusal, "find_url": reverse("scheduling:find")}
            return render(request, "scheduling/hold_ended.html", context, status=409)
        raise refusal from None
    return redirect("scheduling:visit", appointment_id=hold_id)


def _review_page(request: PortalRequest, kept: Hold, form: NoteForm, *, now: datetime) -> HttpResponse:
    about = whose(request, now=now, person_id=kept.person_id)
    context = {
        "hold": kept,
        "now": now,
        "form": form,
        "about": about,
        "field": FIELD,
        "needs_approval": kept.needs_approval,
        "step_labels": BOOKING_STEPS,
        "step_urls": [kinds_url(about) if about else "", find_url(kept.offer, about)],
        **offer_context(kept.offer, now=now),
    }
    return render(request, "scheduling/review.html", context, status=400 if form.errors else 200)


def _book(request: PortalRequest, hold_id: HoldId, *, now: datetime) -> HttpResponse:
    key, form = request_key(request), NoteForm(request.POST)
    if not form.is_valid():
        kept = scheduling.get_hold(actor=request.actor, hold_id=hold_id, now=now)
        return _review_page(request, kept, form, now=now)
    note = form.cleaned_data["note"]
    try:
        booked = scheduling.book(actor=request.actor, hold_id=hold_id, request_key=key, now=now, note=note)
    except CHOOSE_AGAIN as refusal:
        # The time is gone; the note is not: it stays in the form that offers other times.
        ref = OfferRef.parse(request.POST.get("offer", ""))
        return choose_again(request, ref, refusal, about=_about(request, now=now), note=note, now=now)
    return booked_redirect(booked)


@requires(*READERS)
@require_POST
def book_other(request: PortalRequest) -> HttpResponse:
    """Book one of the times that were offered instead, with the note that was already written."""
    now = clock.now()
    about = _about(request, now=now)
    key, ref = request_key(request), OfferRef.parse(request.POST.get("offer", ""))
    form = NoteForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    try:
        booked = scheduling.book_direct(
            actor=request.actor, person_id=about.person_id, offer=ref, request_key=key, now=now, note=note
        )
    except CHOOSE_AGAIN as refusal:
        return choose_again(request, ref, refusal, about=about, note=note, now=now)
    return booked_redirect(booked)


def booked_redirect(booked: Appointment) -> HttpResponse:
    done = "requested" if booked.needs_approval else "booked"
    return redirect(f"{reverse('scheduling:visit', args=[booked.appointment_id])}?done={done}")


def choose_again(
    request: PortalRequest,
    ref: OfferRef,
    refusal: Refusal,
    *,
    about: Whose,
    note: str,
    now: datetime,
    status: int = 409,
) -> HttpResponse:
    """What was wanted, why it cannot be had, and the nearest other times at once."""
    wanted = scheduling.describe_offer(ref=ref, now=now)
    others = scheduling.nearest(ref=ref, actor=request.actor, person_id=about.person_id, now=now)
    others = others or _soonest(request, wanted, about, now=now)
    context = {
        "refusal": refusal,
        "note_form": NoteForm(initial={"note": note}),
        "about": about,
        "field": FIELD,
        "others": [offers.offer(one, reader_zone=reader_zone()) for one in others],
        "find_url": find_url(wanted, about),
        **offer_context(wanted, now=now),
    }
    return render(request, "scheduling/choose_again.html", context, status=status)


def _soonest(request: PortalRequest, wanted: Offer, about: Whose, *, now: datetime) -> tuple[Offer, ...]:
    result = scheduling.search(
        actor=request.actor,
        visit_type_id=wanted.visit_type_id,
        now=now,
        from_on=when.local_date(max(wanted.starts_at, now), wanted.time_zone),
        person_id=about.person_id,
        limit=6,
    )
    return result.offers


def offer_context(offer: Offer, *, now: datetime) -> dict[str, object]:
    """What a page says about a time before it is a visit."""
    clinic = scheduling.get_clinic(now=now, searching=offer.visit_type_id)
    kind = clinic.visit_type(offer.visit_type_id)
    return {
        "offer": offer,
        "kind": kind,
        "length": when.length(kind.minutes),
        "site": clinic.site(offer.site_id),
        "practitioner": clinic.practitioner(offer.practitioner_id),
        "when": when.when(
            starts_at=offer.starts_at,
            ends_at=offer.ends_at,
            time_zone=offer.time_zone,
            reader_zone=reader_zone(),
        ),
    }


@requires(*READERS)
@require_POST
def release(request: PortalRequest, hold_id: UUID) -> HttpResponse:
    """Let a time go and look for another of the same kind."""
    now = clock.now()
    try:
        kept = scheduling.get_hold(actor=request.actor, hold_id=HoldId(hold_id), now=now)
    except HoldEnded:
        return redirect("scheduling:find")
    about = whose(request, now=now, person_id=kept.person_id)
    scheduling.release_hold(actor=request.actor, hold_id=kept.hold_id, now=now)
    return redirect(find_url(kept.offer, about))


def find_url(offer: Offer, about: Whose | None) -> str:
    words = {"type": offer.visit_type_id, "on": offer.wall_start.date().isoformat()}
    return f"{reverse('scheduling:find')}?{urlencode({**words, **(about.words if about else {})})}"


def _about(request: PortalRequest, *, now: datetime) -> Whose:
    about = whose(request, now=now)
    if about is None:
        raise NotFound
    return about
