"""The queue of refills and the answer to one: approve, change, refuse with a reason, send again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from medications import service as medications
from medications.forms.clinic import ApproveForm, DeclineForm, ResendForm
from medications.presenters import both
from medications.presenters import refills as words
from medications.safety.errors import PackUnusable
from medications.types import CheckView, RefillState, RefillView
from medications.views.attempting import Attempt, attempt
from medications.views.clinic import checking
from medications.views.clinic.reconciling import site_zone, tabs
from medications.views.clinic.standing import READERS, sites_of
from steadwell import clock
from steadwell.actor import Role
from steadwell.errors import Invalid, NotFound
from steadwell.portal import service as portal

STUCK = frozenset({RefillState.UNANSWERED, RefillState.PHARMACY_REFUSED})


@require_GET
@portal.requires(*READERS)
@never_cache
def queue(request: portal.PortalRequest) -> HttpResponse:
    now = clock.now()
    sites = sites_of(request, now)
    site = portal.site_asked(request, sites)
    found = medications.list_refill_queue(actor=request.actor, site_id=site, now=now)
    names = portal.listed_names(request, (each.person_id for each in found), now)
    context = {
        "site": site,
        "sites": sites,
        "tabs": tabs(request, "refills"),
        "rows": words.queue(found, names, site_zone(site, now), now=now),
    }
    return render(request, "medications/clinic/refills.html", context)


@require_http_methods(["GET", "POST"])
@portal.requires(*READERS)
@never_cache
def refill(request: portal.PortalRequest, refill_id: UUID) -> HttpResponse:
    """One refill with the checks run again: weeks may lie between the order and now."""
    now = clock.now()
    try:
        found, problem = medications.get_refill(actor=request.actor, refill_id=refill_id, now=now), ""
    except PackUnusable as refusal:
        return portal.refusal_response(request, refusal)
    if Role.CLINICIAN not in request.actor.roles_at(found.site_id):
        raise NotFound
    forms = _forms(request, found, now)
    check: CheckView | None = found.check
    answered: Attempt[RefillView] = Attempt()
    act = request.POST.get("act", "")
    if request.method == "POST":
        form = forms.get(act)
        if form is None:
            raise Invalid
        answered = attempt(form, lambda: _act(request, found, act, form, now))
        if answered.done:
            messages.success(request, _SAID[act]())
            return redirect("clinic-medications:refills")
        check = answered.check or check
    zone = site_zone(found.site_id, now)
    wrong = next((form for form in forms.values() if form.is_bound and form.errors), None)
    context = {
        "page": words.page(found, zone, now=now),
        "patient": portal.listed_names(request, [found.person_id], now).get(found.person_id, ""),
        "person_id": found.person_id,
        "forms": forms,
        "form": wrong,
        "panel": checking.panel(request, check, zone, now),
        "problem": problem,
        "both": both.of_refill(answered.stale) if answered.stale else None,
    }
    return render(request, "medications/clinic/refill.html", context, status=answered.status)


_SAID = {
    "approve": lambda: _("Approved: it is on its way to the pharmacy."),
    "decline": lambda: _("Refused: the patient is told why."),
    "resend": lambda: _("Sent again."),
    "close": lambda: _("Closed: the patient is told why."),
}


def _forms(request: portal.PortalRequest, found: RefillView, now: datetime) -> dict[str, Form]:
    """Those that fit where the refill stands."""
    act = request.POST.get("act", "") if request.method == "POST" else ""
    chosen = str(found.pharmacy.pharmacy_id) if found.pharmacy else ""
    pharmacies = [
        (str(each.pharmacy_id), each.name)
        for each in medications.list_pharmacies(actor=request.actor, now=now)
    ]

    def data(name: str) -> object:
        return request.POST if act == name else None

    if found.state is RefillState.REQUESTED:
        asked = {"dosage": found.dosage_text, "quantity": found.quantity_text, "pharmacy": chosen}
        return {
            "approve": ApproveForm(data("approve"), pharmacies=pharmacies, initial=asked),
            "decline": DeclineForm(data("decline")),
        }
    if found.state in STUCK:
        return {
            "resend": ResendForm(data("resend"), pharmacies=pharmacies, initial={"pharmacy": chosen}),
            "close": DeclineForm(data("close")),
        }
    return {}


def _act(request: portal.PortalRequest, found: RefillView, act: str, form: Form, now: datetime) -> RefillView:
    said = form.cleaned_data
    actor, refill_id = request.actor, found.refill_id
    seen, key = portal.seen_version(request), portal.request_key(request)
    if act == "approve":
        return medications.approve_refill(
            actor=actor, refill_id=refill_id, seen_version=seen, dosage_text=said["dosage"],
            quantity_text=said["quantity"], pharmacy_id=UUID(said["pharmacy"]), reason=said["reason"],
            overrides=checking.overrides(request), request_key=key, now=now,
        )  # fmt: skip
    if act == "resend":
        return medications.resend_refill(
            actor=actor, refill_id=refill_id, seen_version=seen, pharmacy_id=UUID(said["pharmacy"]),
            request_key=key, now=now,
        )  # fmt: skip
    end = medications.decline_refill if act == "decline" else medications.close_refill
    return end(
        actor=actor,
        refill_id=refill_id,
        seen_version=seen,
        reason=said["reason"],
        request_key=key,
        now=now,
    )
