"""The diary of doses, and reminders."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from medications import service as medications
from medications.errors import StaleFact
from medications.forms.patients import ReminderForm
from medications.presenters import both
from medications.presenters import diary as words
from medications.presenters.medicines import reminder_rows
from medications.presenters.words import medicine as spoken_name
from medications.types import DiaryEntry, Taken
from medications.views.attempting import attempt
from medications.views.medicines import medicine_page, own_line, reminders_of
from medications.views.standing import list_of, zone_of
from steadwell import clock
from steadwell.errors import Invalid
from steadwell.portal.service import (
    FIELD,
    READERS,
    PortalRequest,
    Whose,
    about,
    request_key,
    requires,
    seen_version,
    version_number,
)

_WALL = "%H:%M:%S"


@requires(*READERS)
@never_cache
@require_safe
def diary(request: PortalRequest) -> HttpResponse:
    now = clock.now()
    return _page(request, about(request, now), now)


def _page(
    request: PortalRequest, whose: Whose, now: datetime, stale: StaleFact[DiaryEntry] | None = None
) -> HttpResponse:
    zone = zone_of(whose.person_id, now)
    found = list_of(request, whose.person_id, now)
    reminders = medications.list_reminders(actor=request.actor, person_id=whose.person_id, now=now)
    entries = medications.list_diary(
        actor=request.actor,
        person_id=whose.person_id,
        since=now - timedelta(days=words.DAYS + 1),
        until=now + timedelta(days=1),
        now=now,
    )
    context = {
        "about": whose,
        "field": FIELD,
        "kept": [],
        "doses": words.today(reminders, entries, zone, now=now),
        "days": words.days(reminders, entries, zone, now=now),
        "between": words.between(entries, {line.line_id: line.name for line in found.lines}, zone, now=now),
        "reminders": reminder_rows(reminders),
        "lines": [
            {"line_id": line.line_id, "name": spoken_name(line.name)}
            for line in found.lines
            if line.is_current
        ],
        "both": both.of_dose(stale, zone, now=now) if stale else None,
    }
    return render(request, "medications/diary.html", context, status=412 if stale else 200)


@requires(*READERS)
@require_POST
def note(request: PortalRequest, line_id: UUID) -> HttpResponse:
    """Taken or skipped: of a planned dose, again where it was pressed by mistake, or of one in between."""
    now = clock.now()
    whose = about(request, now, own_line(request, line_id, now).person_id)
    try:
        _note(request, line_id, now)
    except StaleFact as refusal:
        return _page(request, whose, now, refusal)
    messages.success(request, _("Noted."))
    query = f"?{whose.query}" if whose.query else ""
    return redirect(f"{reverse('medications:diary')}{query}")


def _note(request: PortalRequest, line_id: UUID, now: datetime) -> None:
    taken = _taken(request)
    entry_id, seen = request.POST.get("entry", ""), request.POST.get("seen", "")
    words_said = request.POST.get("note", "").strip()[:300]
    if entry_id:
        medications.change_note(
            actor=request.actor,
            entry_id=_uuid(entry_id),
            seen_version=version_number(seen),
            taken=taken,
            taken_at=now,
            note=words_said,
            request_key=request_key(request),
            now=now,
        )
    else:
        medications.note_dose(
            actor=request.actor,
            line_id=line_id,
            planned_at=_instant(request.POST.get("planned", "")),
            taken=taken,
            taken_at=now,
            note=words_said,
            request_key=request_key(request),
            now=now,
        )


@requires(*READERS)
@never_cache
@require_http_methods(["GET", "POST"])
def remind(request: PortalRequest, line_id: UUID) -> HttpResponse:
    now = clock.now()
    line = own_line(request, line_id, now)
    whose = about(request, now, line.person_id)
    zone = zone_of(whose.person_id, now)
    form = ReminderForm(request.POST if request.method == "POST" else None)
    made = attempt(
        form,
        lambda: medications.set_reminder(
            actor=request.actor,
            line_id=line_id,
            at=form.cleaned_data["at"],
            zone=zone,
            days=[int(day) for day in form.cleaned_data["days"]],
            seen_version=_seen_at(request, form.cleaned_data["at"]),
            request_key=request_key(request),
            now=now,
        ),
    )
    if made.done:
        messages.success(request, _("You are reminded from now on."))
        return redirect("medications:medicine", line_id)
    there = reminders_of(request, line, now)
    context = {
        "about": whose,
        "line": line,
        "name": spoken_name(line.name),
        "form": form,
        "zone": zone,
        "seen": [f"{each.at:{_WALL}} {each.version}" for each in there],
        "both": both.of_reminder(made.stale) if made.stale else None,
    }
    return render(request, "medications/remind.html", context, status=made.status)


def _seen_at(request: PortalRequest, at: time) -> int:
    """The version of the reminder at this time that the form was made from; 0 where there was none."""
    for each in request.POST.getlist("seen"):
        wall, _sep, version = each.partition(" ")
        if wall == f"{at:{_WALL}}":
            return version_number(version)
    return 0


@requires(*READERS)
@require_POST
def end_reminder(request: PortalRequest, reminder_id: UUID) -> HttpResponse:
    now = clock.now()
    try:
        ended = medications.end_reminder(
            actor=request.actor,
            reminder_id=reminder_id,
            seen_version=seen_version(request),
            request_key=request_key(request),
            now=now,
        )
    except StaleFact as refusal:
        line = own_line(request, refusal.current.line_id, now)
        return medicine_page(request, line, now, both.of_reminder(refusal))
    messages.success(request, _("This reminder is ended."))
    return redirect("medications:medicine", ended.line_id)


def _taken(request: PortalRequest) -> Taken:
    try:
        return Taken(request.POST.get("taken", ""))
    except ValueError as error:
        raise Invalid from error


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid from error
    if at.tzinfo is None:
        raise Invalid
    return at


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Invalid from error
