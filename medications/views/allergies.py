"""What a patient does not tolerate."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from medications import service as medications
from medications.forms.patients import AllergyForm
from medications.presenters import allergies as words
from medications.presenters import both
from medications.types import AllergyView
from medications.views.attempting import attempt
from medications.views.standing import list_of
from steadwell import clock
from steadwell.errors import NotFound
from steadwell.portal.service import FIELD, READERS, PortalRequest, Whose, about, request_key, requires


@requires(*READERS)
@never_cache
@require_safe
def allergies(request: PortalRequest) -> HttpResponse:
    now = clock.now()
    whose = about(request, now)
    found = list_of(request, whose.person_id, now)
    context = {"about": whose, "field": FIELD, "kept": [], "rows": words.rows(found.allergies)}
    return render(request, "medications/allergies.html", context)


@requires(*READERS)
@never_cache
@require_http_methods(["GET", "POST"])
def add(request: PortalRequest) -> HttpResponse:
    now = clock.now()
    whose = about(request, now)
    form = AllergyForm(request.POST if request.method == "POST" else None, is_new=True)
    added = attempt(
        form,
        lambda: medications.add_allergy(
            actor=request.actor,
            person_id=whose.person_id,
            substance_text=form.cleaned_data["substance"],
            reaction_text=form.cleaned_data["reaction"],
            severity=form.cleaned_data["severity"],
            request_key=request_key(request),
            now=now,
        ),
    )
    if added.done:
        messages.success(request, _("Your clinic sees it before it prescribes."))
        return _back(whose)
    return render(request, "medications/allergy.html", {"about": whose, "field": FIELD, "form": form})


@requires(*READERS)
@never_cache
@require_http_methods(["GET", "POST"])
def change(request: PortalRequest, allergy_id: UUID) -> HttpResponse:
    now = clock.now()
    whose, allergy = _own(request, allergy_id)
    initial = {
        "substance": allergy.substance_text,
        "reaction": allergy.reaction_text,
        "severity": allergy.severity,
        "status": allergy.status,
    }
    form = AllergyForm(request.POST if request.method == "POST" else None, initial=initial)
    seen = request.POST.get("seen", "")
    changed = attempt(
        form,
        lambda: medications.change_allergy(
            actor=request.actor,
            allergy_id=allergy_id,
            seen_version=int(seen) if seen.isascii() and seen.isdigit() else allergy.version,
            substance_text=form.cleaned_data["substance"],
            reaction_text=form.cleaned_data["reaction"],
            severity=form.cleaned_data["severity"],
            status=form.cleaned_data["status"],
            request_key=request_key(request),
            now=now,
        ),
    )
    if changed.done:
        messages.success(request, _("Saved."))
        return _back(whose)
    stale = both.of_allergy(changed.stale) if changed.stale else None
    context = {"about": whose, "field": FIELD, "form": form, "allergy": allergy, "both": stale}
    return render(request, "medications/allergy.html", context, status=changed.status)


def _own(request: PortalRequest, allergy_id: UUID) -> tuple[Whose, AllergyView]:
    """One that the person told of themselves: what another system said changes there."""
    now = clock.now()
    whose = about(request, now)
    found = list_of(request, whose.person_id, now)
    for allergy in found.allergies:
        if allergy.allergy_id == allergy_id and allergy.source.value == "patient":
            return whose, allergy
    raise NotFound


def _back(whose: Whose) -> HttpResponse:
    query = f"?{whose.query}" if whose.query else ""
    return redirect(f"{reverse('medications:allergies')}{query}")
