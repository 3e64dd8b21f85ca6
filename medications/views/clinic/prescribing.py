"""Writing an order: the checks inform beside the form, and ask for a reason only where a rule demands one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from medications import service as medications
from medications.forms.clinic import OrderForm
from medications.suggesting import suggest
from medications.types import CheckView, StatementView
from medications.views.attempting import attempt
from medications.views.clinic import checking
from medications.views.clinic.standing import READERS, sites_of
from medications.views.standing import zone_of
from steadwell import clock
from steadwell.ids import PersonId, SiteId
from steadwell.portal import service as portal


@require_http_methods(["GET", "POST"])
@portal.requires(*READERS)
@never_cache
def prescribe(request: portal.PortalRequest, person_id: UUID) -> HttpResponse:
    """``find`` looks for the product, ``check`` asks the rules, and neither changes anything."""
    now = clock.now()
    about = PersonId(person_id)
    medications.find_pharmacy_of(actor=request.actor, person_id=about, now=now)  # NotFound to who may not
    sites = sites_of(request, now)
    site = portal.site_asked(request, sites)
    form = _form(request)
    check: CheckView | None = None
    problem = ""
    if "find" in request.POST:
        form = _unbound(request)
    elif "check" in request.POST and form.is_valid():
        check, problem = checking.look(lambda: _check(request, about, form, now))
    elif request.method == "POST":
        written = attempt(form, lambda: _write(request, about, site, form, now))
        if written.done:
            messages.success(request, _("Prescribed: %(name)s") % {"name": written.done.name})
            return redirect("clinic-medications:patient", person_id)
        check = written.check
    zone = zone_of(about, now)
    context = {
        "person_id": person_id,
        "patient": portal.listed_names(request, [about], now).get(about, ""),
        "site": site,
        "sites": sites,
        "form": form,
        "looked": "find" in request.POST and request.POST.get("drug", "").strip(),
        "panel": checking.panel(request, check, zone, now),
        "problem": problem,
    }
    return render(request, "medications/clinic/prescribe.html", context)


def _write(
    request: portal.PortalRequest, person_id: PersonId, site: SiteId, form: OrderForm, now: datetime
) -> StatementView:
    return medications.prescribe(
        actor=request.actor,
        person_id=person_id,
        site_id=site,
        drug_text=form.cleaned_data["drug"],
        rxcui=form.rxcui,
        dosage_text=form.cleaned_data["dosage"],
        quantity_text=form.cleaned_data["quantity"],
        refills=form.cleaned_data["refills"],
        reason_text=form.cleaned_data["reason"],
        overrides=checking.overrides(request),
        request_key=portal.request_key(request),
        now=now,
    )


@require_POST
@portal.requires(*READERS)
@never_cache
def suggestions(request: portal.PortalRequest) -> HttpResponse:
    return render(request, "medications/_suggestions.html", {"form": _form(request), "looked": True})


def _check(request: portal.PortalRequest, person_id: PersonId, form: OrderForm, now: datetime) -> CheckView:
    return medications.get_check(
        actor=request.actor,
        person_id=person_id,
        drug_text=form.cleaned_data["drug"],
        rxcui=form.rxcui,
        dosage_text=form.cleaned_data["dosage"],
        now=now,
    )


def _form(request: portal.PortalRequest) -> OrderForm:
    if request.method != "POST":
        return OrderForm()
    return OrderForm(request.POST, found=suggest(request.POST.get("drug", "")[:200]))


def _unbound(request: portal.PortalRequest) -> OrderForm:
    names = ("drug", "dosage", "quantity", "refills", "reason")
    kept = {name: request.POST.get(name, "") for name in names}
    return OrderForm(found=suggest(kept["drug"][:200]), initial=kept)
