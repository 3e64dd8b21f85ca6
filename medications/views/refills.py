"""Refills of a patient: asked for in two presses, followed in words, taken back while nobody decided."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from medications import service as medications
from medications.errors import StaleFact
from medications.forms.patients import RefillForm
from medications.presenters import both
from medications.presenters import refills as words
from medications.presenters.words import medicine
from medications.views.attempting import attempt
from medications.views.medicines import own_line
from medications.views.standing import zone_of
from steadwell import clock
from steadwell.errors import Invalid, NotFound
from steadwell.portal.service import READERS, PortalRequest, about, request_key, requires


@requires(*READERS)
@never_cache
@require_http_methods(["GET", "POST"])
def ask(request: PortalRequest, line_id: UUID) -> HttpResponse:
    """The second press: which pharmacy, with the last one chosen already."""
    now = clock.now()
    line = own_line(request, line_id, now)
    whose = about(request, now, line.person_id)
    if line_id not in medications.list_refillable(actor=request.actor, person_id=whose.person_id, now=now):
        raise NotFound
    usual = medications.find_pharmacy_of(actor=request.actor, person_id=whose.person_id, now=now)
    pharmacies = medications.list_pharmacies(actor=request.actor, now=now)
    form = RefillForm(
        request.POST if request.method == "POST" else None,
        pharmacies=[(str(each.pharmacy_id), each.name) for each in pharmacies],
        initial={"pharmacy": str(usual.pharmacy_id) if usual else ""},
    )
    asked = attempt(
        form,
        lambda: medications.request_refill(
            actor=request.actor,
            line_id=line_id,
            pharmacy_id=UUID(form.cleaned_data["pharmacy"]),
            note=form.cleaned_data["note"],
            request_key=request_key(request),
            now=now,
        ),
    )
    if asked.done:
        messages.success(request, _("Your clinic has your request."))
        return redirect("medications:refill", asked.done.refill_id)
    context = {"about": whose, "line": line, "name": medicine(line.name), "form": form}
    return render(request, "medications/ask_refill.html", context)


@requires(*READERS)
@never_cache
@require_http_methods(["GET", "POST"])
def refill(request: PortalRequest, refill_id: UUID) -> HttpResponse:
    now = clock.now()
    found = medications.get_refill(actor=request.actor, refill_id=refill_id, now=now)
    if not request.actor.stands_for(found.person_id):
        raise NotFound
    stale = None
    if request.method == "POST":
        seen = request.POST.get("seen", "")
        if not (seen.isascii() and seen.isdigit() and len(seen) < 10):
            raise Invalid
        try:
            medications.withdraw_refill(
                actor=request.actor,
                refill_id=refill_id,
                seen_version=int(seen),
                request_key=request_key(request),
                now=now,
            )
        except StaleFact as refusal:
            stale = both.of_refill(refusal)
        else:
            messages.success(request, _("You took it back. Nothing is sent."))
            return redirect("medications:refill", refill_id)
    whose = about(request, now, found.person_id)
    page = words.page(found, zone_of(whose.person_id, now), now=now)
    context = {"about": whose, "page": page, "both": stale}
    return render(request, "medications/refill.html", context, status=412 if stale else 200)


@requires(*READERS)
@never_cache
@require_safe
def refills(request: PortalRequest) -> HttpResponse:
    """Every refill of one person, the newest first."""
    now = clock.now()
    whose = about(request, now)
    zone = zone_of(whose.person_id, now)
    found = medications.list_refills(actor=request.actor, person_id=whose.person_id, now=now)
    newest_first = sorted(found, key=lambda each: each.requested_at, reverse=True)
    pages = [words.page(each, zone, now=now) for each in newest_first]
    return render(request, "medications/refills.html", {"about": whose, "pages": pages})
