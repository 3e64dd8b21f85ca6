"""Adding a medicine by typing, with suggestions; and correcting one's own words about it.

What is typed here is a medicine: it travels in the body of a request, never in an address.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from medications import service as medications
from medications.forms.patients import MedicineForm
from medications.presenters import both
from medications.suggesting import suggest
from medications.types import Source, StatementView, Status
from medications.views.attempting import Attempt, attempt
from medications.views.standing import zone_of
from steadwell import clock
from steadwell.errors import NotFound
from steadwell.ids import PersonId
from steadwell.portal.service import FIELD, READERS, PortalRequest, about, request_key, requires


@requires(*READERS)
@never_cache
@require_http_methods(["GET", "POST"])
def add(request: PortalRequest) -> HttpResponse:
    now = clock.now()
    whose = about(request, now)
    form = _form(request, whose.person_id, now)
    looks = "find" in request.POST
    if request.method == "POST" and not looks:
        added = attempt(form, lambda: _add(request, whose.person_id, form, now))
        if added.done:
            messages.success(request, _("It is on your list. Your clinic sees it, too."))
            return redirect("medications:medicine", added.done.line_id)
    if looks:
        form = _unbound(form, whose.person_id, now)
    typed = request.POST.get("drug", "")
    context = {"about": whose, "field": FIELD, "form": form, "looked": looks and typed.strip()}
    return render(request, "medications/add.html", context)


def _add(request: PortalRequest, person_id: PersonId, form: MedicineForm, now: datetime) -> StatementView:
    return medications.add_medicine(
        actor=request.actor,
        person_id=person_id,
        drug_text=form.cleaned_data["drug"],
        rxcui=form.rxcui,
        dosage_text=form.cleaned_data["dosage"],
        started_on=form.cleaned_data["started"],
        reason_text=form.cleaned_data["reason"],
        request_key=request_key(request),
        now=now,
    )


@requires(*READERS)
@never_cache
@require_POST
def suggestions(request: PortalRequest) -> HttpResponse:
    """The products that fit what is typed so far, as a part of the form."""
    form = _form(request, None, clock.now())
    return render(request, "medications/_suggestions.html", {"form": form, "looked": True})


@requires(*READERS)
@never_cache
@require_http_methods(["GET", "POST"])
def change(request: PortalRequest, statement_id: UUID) -> HttpResponse:
    """The reader's own words about a medicine, put right. Others' words change by their source alone."""
    now = clock.now()
    said = medications.get_statement(actor=request.actor, statement_id=statement_id, now=now)
    if not request.actor.stands_for(said.person_id) or said.source is not Source.PATIENT:
        raise NotFound
    whose = about(request, now, said.person_id)
    form = _form(request, said.person_id, now, said)
    looks = "find" in request.POST
    changed: Attempt[StatementView] = Attempt()
    if request.method == "POST" and not looks:
        changed = attempt(form, lambda: _change(request, said, form, now))
        if changed.done:
            messages.success(request, _("Saved."))
            return redirect("medications:medicine", changed.done.line_id)
    if looks:
        form = _unbound(form, said.person_id, now)
    stale = both.of_statement(changed.stale) if changed.stale else None
    context = {"about": whose, "field": FIELD, "form": form, "said": said, "looked": looks, "both": stale}
    return render(request, "medications/add.html", context, status=changed.status)


def _change(request: PortalRequest, said: StatementView, form: MedicineForm, now: datetime) -> StatementView:
    removed = "remove" in request.POST
    seen = request.POST.get("seen", "")
    return medications.change_medicine(
        actor=request.actor,
        statement_id=said.statement_id,
        seen_version=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else said.version,
        drug_text=form.cleaned_data["drug"],
        rxcui=form.rxcui or (said.reading.rxcui if form.cleaned_data["drug"] == said.drug_text else ""),
        dosage_text=form.cleaned_data["dosage"],
        status=Status.ENTERED_IN_ERROR if removed else said.status,
        started_on=form.cleaned_data["started"],
        ended_on=said.ended_on,
        reason_text=form.cleaned_data["reason"],
        request_key=request_key(request),
        now=now,
    )


def _form(
    request: PortalRequest, person_id: PersonId | None, now: datetime, said: StatementView | None = None
) -> MedicineForm:
    found = suggest(request.POST.get("drug", "")[:200]) if request.method == "POST" else []
    initial = {}
    if said is not None:
        initial = {
            "drug": said.drug_text,
            "dosage": said.dosage.text,
            "reason": said.reason_text,
            "started": said.started_on,
        }
    return MedicineForm(
        request.POST if request.method == "POST" else None,
        found=found,
        today=_today(person_id, now),
        initial=initial,
    )


def _unbound(form: MedicineForm, person_id: PersonId, now: datetime) -> MedicineForm:
    """What was entered so far, without errors: somebody who looks for a product is not done yet."""
    kept = {name: form.data.get(name, "") for name in ("drug", "dosage", "reason", "started")}
    return MedicineForm(found=suggest(kept["drug"][:200]), today=_today(person_id, now), initial=kept)


def _today(person_id: PersonId | None, now: datetime) -> date:
    zone = zone_of(person_id, now) if person_id is not None else "UTC"
    return now.astimezone(ZoneInfo(zone)).date()
