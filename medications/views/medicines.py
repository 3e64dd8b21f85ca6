"""A patient's medicines: the list, one of them, how to stop, and the list on paper."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from medications import service as medications
from medications.forms.patients import StoppedForm
from medications.presenters import allergies as allergy_words
from medications.presenters import both
from medications.presenters import medicines as words
from medications.presenters.words import medicine as spoken_name
from medications.types import LineView, MedicineList, ReminderView
from medications.views.attempting import attempt
from medications.views.standing import list_of, zone_of
from steadwell import clock
from steadwell.errors import NotFound
from steadwell.identity import service as identity
from steadwell.portal.service import (
    FIELD,
    READERS,
    PortalRequest,
    Whose,
    about,
    person_facts,
    request_key,
    requires,
)


@requires(*READERS)
@never_cache
@require_safe
def medicines(request: PortalRequest) -> HttpResponse:
    now = clock.now()
    return render(request, "medications/medicines.html", _list_context(request, about(request, now), now))


@requires(*READERS)
@never_cache
@require_safe
def print_page(request: PortalRequest) -> HttpResponse:
    """The same on paper, to take along: nothing to press, and whose it is."""
    now = clock.now()
    whose = about(request, now)
    person = identity.get_person(actor=request.actor, person_id=whose.person_id, now=now)
    context = _list_context(request, whose, now)
    context |= {
        "printed_at": now,
        "name": f"{person.given_name} {person.family_name}",
        "facts": person_facts(person)[:2],
    }
    return render(request, "medications/medicines_print.html", context)


def _list_context(request: PortalRequest, whose: Whose, now: datetime) -> dict[str, object]:
    found = list_of(request, whose.person_id, now)
    zone = zone_of(whose.person_id, now)
    rows = _rows(request, whose, found, zone, now)
    return {
        "about": whose,
        "field": FIELD,
        "kept": [],
        "rows": [row for row in rows if row.is_current],
        "past": [row for row in rows if not row.is_current],
        "allergies": allergy_words.rows(found.allergies),
        "zone": zone,
    }


def _rows(
    request: PortalRequest, whose: Whose, found: MedicineList, zone: str, now: datetime
) -> list[words.Row]:
    actor, person_id = request.actor, whose.person_id
    return words.rows(
        found.lines,
        refillable=medications.list_refillable(actor=actor, person_id=person_id, now=now),
        refills=medications.list_refills(actor=actor, person_id=person_id, now=now),
        reminders=medications.list_reminders(actor=actor, person_id=person_id, now=now),
        zone=zone,
        now=now,
    )


def own_line(request: PortalRequest, line_id: UUID, now: datetime) -> LineView:
    """A medicine of the reader's, or of somebody they stand for. NotFound for any other."""
    line = medications.get_line(actor=request.actor, line_id=line_id, now=now)
    if not request.actor.stands_for(line.person_id):
        raise NotFound
    return line


@requires(*READERS)
@never_cache
@require_safe
def medicine(request: PortalRequest, line_id: UUID) -> HttpResponse:
    now = clock.now()
    return medicine_page(request, own_line(request, line_id, now), now)


def medicine_page(
    request: PortalRequest, line: LineView, now: datetime, stale: both.Both | None = None
) -> HttpResponse:
    """One medicine. ``stale``: what somebody saw of its reminder and what is there, where they came late."""
    whose = about(request, now, line.person_id)
    zone = zone_of(whose.person_id, now)
    actor = request.actor
    refills = medications.list_refills(actor=actor, person_id=whose.person_id, now=now)
    reminders = reminders_of(request, line, now)
    row = words.rows(
        [line],
        refillable=medications.list_refillable(actor=actor, person_id=whose.person_id, now=now),
        refills=refills,
        reminders=reminders,
        zone=zone,
        now=now,
    )
    if not row:
        raise NotFound
    context = {
        "about": whose,
        "row": row[0],
        "said": words.evidence(line, zone),
        "reminders": words.reminder_rows(reminders),
        "both": stale,
    }
    return render(request, "medications/medicine.html", context, status=412 if stale else 200)


def reminders_of(request: PortalRequest, line: LineView, now: datetime) -> list[ReminderView]:
    """Those of one medicine."""
    found = medications.list_reminders(actor=request.actor, person_id=line.person_id, now=now)
    return [each for each in found if each.line_id == line.line_id]


@requires(*READERS)
@never_cache
@require_http_methods(["GET", "POST"])
def stopped(request: PortalRequest, line_id: UUID) -> HttpResponse:
    """The patient stopped taking it. What others prescribed stays as they said it, beside these words."""
    now = clock.now()
    line = own_line(request, line_id, now)
    whose = about(request, now, line.person_id)
    today = now.astimezone(ZoneInfo(zone_of(whose.person_id, now))).date()
    form = StoppedForm(
        request.POST if request.method == "POST" else None, today=today, initial={"stopped": today}
    )
    told = attempt(
        form,
        lambda: medications.report_stopped(
            actor=request.actor,
            line_id=line_id,
            seen_revision=_seen(request, line.revision),
            stopped_on=form.cleaned_data["stopped"],
            reason=form.cleaned_data["reason"],
            request_key=request_key(request),
            now=now,
        ),
    )
    if told.done:
        messages.success(request, _("Your clinic sees that you stopped it."))
        return redirect("medications:medicine", line_id)
    stale = both.of_line(told.stale, for_patient=True) if told.stale else None
    context = {
        "about": whose,
        "line": line,
        "name": spoken_name(line.name),
        "form": form,
        "both": stale,
    }
    return render(request, "medications/stopped.html", context, status=told.status)


def _seen(request: PortalRequest, current: int) -> int:
    """The revision that the form was made from; without one, what is there now is what they saw."""
    text = request.POST.get("seen", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else current
