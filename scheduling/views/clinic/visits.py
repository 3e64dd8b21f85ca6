"""One visit in the hands of staff: what it is, what happened to it, and the next step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from scheduling import service as scheduling
from scheduling.forms import version_in
from scheduling.presenters.clinic_visit import facts_of, history_rows, offer_rows, person_facts, steps_of
from scheduling.presenters.clinic_words import MOVES, STATUSES, name_of
from scheduling.status import Move, is_ahead
from scheduling.types import Alternative, Appointment, OfferRef
from scheduling.views.clinic.forms import CancelForm, ReasonForm
from scheduling.views.clinic.looking import day_in
from steadwell import clock
from steadwell.actor import STAFF_ROLES, Actor
from steadwell.errors import NotFound, Refusal
from steadwell.identity import service as identity
from steadwell.ids import AppointmentId
from steadwell.portal import service as portal

SEARCH_DAYS = timedelta(days=6)


class Step(Protocol):
    def __call__(
        self, *, actor: Actor, appointment_id: AppointmentId, request_key: str, now: datetime
    ) -> Appointment: ...


STEPS: Mapping[Move, Step] = {
    Move.APPROVE: scheduling.approve,
    Move.APPROVE_MOVE: scheduling.approve_move,
    Move.CHECK_IN: scheduling.check_in,
    Move.ARRIVE: scheduling.arrive,
    Move.START: scheduling.start,
    Move.COMPLETE: scheduling.complete,
    Move.NO_SHOW: scheduling.no_show,
}
REASONED = {
    Move.DECLINE: scheduling.decline,
    Move.DECLINE_MOVE: scheduling.decline_move,
    Move.CANCEL: scheduling.cancel,
    Move.MARK_ERROR: scheduling.mark_error,
}
QUESTIONS: Mapping[Move, Promise] = {
    Move.DECLINE: gettext_lazy("Decline this request?"),
    Move.DECLINE_MOVE: gettext_lazy("Decline the other time?"),
    Move.CANCEL: gettext_lazy("Cancel this visit?"),
    Move.MARK_ERROR: gettext_lazy("Was this visit entered by mistake?"),
}


@require_GET
@portal.requires(*STAFF_ROLES)
def visit(request: portal.PortalRequest, appointment_id: UUID) -> HttpResponse:
    now = clock.now()
    shown = _get(request, appointment_id)
    person = identity.names(actor=request.actor, person_ids=[shown.person_id], now=now).get(shown.person_id)
    history = scheduling.history_of(actor=request.actor, appointment_id=shown.appointment_id, now=now)
    others: tuple[Alternative, ...] = ()
    if shown.rebook_offered:
        others = scheduling.alternatives_for(
            actor=request.actor, appointment_id=shown.appointment_id, now=now
        )
    label, kind = STATUSES[shown.status]
    context = {
        "visit": shown,
        "status": label,
        "status_kind": kind,
        "facts": facts_of(shown),
        "name": name_of(shown.person_id, {shown.person_id: person} if person else {}),
        "person": person_facts(person),
        "steps": steps_of(shown, now=now),
        "history": history_rows(history),
        "others": offer_rows([each.offer for each in others]),
        "back_url": _day_of(shown),
    }
    return render(request, "scheduling/clinic/visit.html", context)


@require_http_methods(["GET", "POST"])
@portal.requires(*STAFF_ROLES)
def step(request: portal.PortalRequest, appointment_id: UUID, move: str) -> HttpResponse:
    """One move of the status table. Those that need a reason ask for it first."""
    chosen = next((each for each in Move if each.value == move), None)
    if chosen is not None and chosen in REASONED:
        return _with_reason(request, appointment_id, chosen)
    if chosen is None or chosen not in STEPS or request.method != "POST":
        raise NotFound
    now = clock.now()
    back = portal.return_address(request, reverse("clinic:visit", args=[appointment_id]))
    # The board behind it shows how things stand now; what is refused says why nothing was done.
    with portal.refusals_above(request):
        STEPS[chosen](
            actor=request.actor,
            appointment_id=AppointmentId(appointment_id),
            request_key=portal.request_key(request),
            now=now,
        )
        messages.success(request, gettext("Done: %(step)s.") % {"step": MOVES[chosen]})
    return HttpResponseRedirect(back)


def _with_reason(request: portal.PortalRequest, appointment_id: UUID, move: Move) -> HttpResponse:
    now = clock.now()
    shown = _get(request, appointment_id)
    kind = CancelForm if move is Move.CANCEL else ReasonForm
    form = kind(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with portal.refusals_on(form):
            REASONED[move](
                actor=request.actor,
                appointment_id=shown.appointment_id,
                reason=form.cleaned_data["reason"],
                request_key=portal.request_key(request),
                now=now,
            )
            messages.success(request, gettext("Done: %(step)s.") % {"step": MOVES[move]})
            return HttpResponseRedirect(reverse("clinic:visit", args=[appointment_id]))
    context = {
        "form": form,
        "question": QUESTIONS[move],
        "label": MOVES[move],
        "facts": facts_of(shown),
        "back_url": reverse("clinic:visit", args=[appointment_id]),
        "told": move is not Move.MARK_ERROR or is_ahead(shown.status, starts_at=shown.starts_at, now=now),
    }
    return render(request, "scheduling/clinic/reason.html", context)


@require_http_methods(["GET", "POST"])
@portal.requires(*STAFF_ROLES)
def move(request: portal.PortalRequest, appointment_id: UUID) -> HttpResponse:
    """Another time for a visit: the nearest alternatives, or any week one looks at."""
    now = clock.now()
    shown = _get(request, appointment_id)
    refused = ""
    if request.method == "POST":
        try:
            scheduling.reschedule(
                actor=request.actor,
                appointment_id=shown.appointment_id,
                offer=OfferRef.parse(request.POST.get("offer", "")),
                request_key=portal.request_key(request),
                now=now,
                reason=request.POST.get("reason", "")[:200],
                seen_version=version_in(request.POST.get("seen", "")),
            )
        except NotFound:
            raise
        except Refusal as refusal:
            refused = gettext(refusal.text)
        else:
            messages.success(request, gettext("The visit was moved. The patient is told."))
            return HttpResponseRedirect(reverse("clinic:visit", args=[appointment_id]))
    return render(
        request,
        "scheduling/clinic/move.html",
        _times(request, shown, refused),
        status=409 if refused else 200,
    )


def _times(request: portal.PortalRequest, shown: Appointment, refused: str) -> dict[str, object]:
    now = clock.now()
    today = portal.at_site(now, shown.time_zone).date()
    on = day_in(request.GET.get("on", ""), max(today, shown.wall_start.date()))
    anyone = request.GET.get("anyone") == "yes"
    found = scheduling.search(
        actor=request.actor,
        visit_type_id=shown.visit_type_id,
        now=now,
        from_on=on,
        until_on=on + SEARCH_DAYS,
        site_ids=[shown.site_id],
        practitioner_ids=[] if anyone else [shown.practitioner_id],
        person_id=shown.person_id,
        moving=shown.appointment_id,
    )
    return {
        "visit": shown,
        "facts": facts_of(shown),
        "on": on,
        "anyone": anyone,
        "offers": offer_rows(found.offers),
        "reasons": [each.text for each in found.reasons],
        "others": offer_rows([each.offer for each in found.alternatives]),
        "refused": refused,
        "back_url": reverse("clinic:visit", args=[shown.appointment_id]),
    }


def _get(request: portal.PortalRequest, appointment_id: UUID) -> Appointment:
    return scheduling.get_appointment(
        actor=request.actor, appointment_id=AppointmentId(appointment_id), now=clock.now()
    )


def _day_of(shown: Appointment) -> str:
    on = shown.wall_start.date().isoformat()
    return f"{reverse('clinic:day')}?site={shown.site_id}&on={on}"
