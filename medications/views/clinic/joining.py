"""Putting several statements to the lines they fit, with one decision."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from medications import service as medications
from medications.errors import ReasonNeeded, StaleFact
from medications.forms.clinic import TogetherForm
from medications.presenters import both
from medications.presenters import clinic_lines as words
from medications.views.clinic.reconciling import patient_page
from medications.views.clinic.standing import READERS
from steadwell import clock
from steadwell.errors import Invalid
from steadwell.ids import PersonId
from steadwell.portal import service as portal


@require_POST
@portal.requires(*READERS)
def together(request: portal.PortalRequest, person_id: UUID) -> HttpResponse:
    """Those that were ticked. What the checks ask a reason for is decided on its own page."""
    now, about = clock.now(), PersonId(person_id)
    medications.find_pharmacy_of(actor=request.actor, person_id=about, now=now)  # NotFound to who may not
    form = TogetherForm(request.POST)
    chosen = [words.placement(value) for value in request.POST.getlist("join")]
    if None in chosen:
        raise Invalid
    if not chosen or not form.is_valid():
        messages.error(request, _("Tick at least one, and say how you know."))
        return redirect("clinic-medications:patient", person_id)
    try:
        found = medications.place_statements(
            actor=request.actor,
            person_id=about,
            placements=[each for each in chosen if each],
            reason=form.cleaned_data["reason"],
            request_key=portal.request_key(request),
            now=now,
        )
    except ReasonNeeded:
        messages.error(
            request, _("The safety checks ask for a reason about one of them. Decide about each by itself.")
        )
    except StaleFact as refusal:
        messages.error(request, _("Something changed meanwhile. Nothing was put together: look again."))
        return patient_page(request, person_id, now, both.of_any(refusal))
    else:
        done = ngettext(
            "%(n)s statement is put together with its medicine. It can be taken back.",
            "%(n)s statements are put together with their medicines. Each can be taken back.",
            len(found),
        )
        messages.success(request, done % {"n": len(found)})
    return redirect("clinic-medications:patient", person_id)
