"""The list of arrivals: every visit of a day in the order of time, with what can be done at the desk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.urls import reverse

from scheduling.presenters.clinic_words import (
    STATUSES,
    Button,
    Names,
    is_today,
    marks_of,
    move_button,
    name_of,
)
from scheduling.status import Move, Status
from scheduling.types import Appointment, ClinicDay
from steadwell.portal import service as portal

AT_THE_DESK = (Move.CHECK_IN, Move.ARRIVE, Move.START, Move.COMPLETE, Move.NO_SHOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One visit in the list of arrivals."""

    time: str
    iso: str
    patient: str
    birth_date: str
    number: str
    visit_type: str
    clinician: str
    room: str
    status: str
    status_kind: str
    url: str
    buttons: tuple[Button, ...] = ()
    marks: tuple[str, ...] = field(default=())


def rows_of(days: Iterable[ClinicDay], names: Names, *, now: datetime) -> list[Row]:
    """Every visit of the days in the order of time, with what can be done at the desk."""
    visits = [v for d in days for c in d.columns for v in c.visits if v.status is not Status.ENTERED_IN_ERROR]
    return [row_of(visit, names, now=now) for visit in sorted(visits, key=lambda v: v.starts_at)]


def row_of(visit: Appointment, names: Names, *, now: datetime) -> Row:
    label, kind = STATUSES[visit.status]
    person = names.get(visit.person_id)
    today = is_today(visit, now)
    steps = [m for m in AT_THE_DESK if today and m in visit.moves]
    if visit.starts_at > now:
        steps = [move for move in steps if move is not Move.NO_SHOW]
    return Row(
        time=portal.time_text(visit.starts_at, visit.time_zone),
        iso=visit.starts_at.isoformat(),
        patient=name_of(visit.person_id, names),
        birth_date=portal.day_text(person.birth_date, "day-short-year")
        if person and person.birth_date
        else "",
        number=person.number if person else "",
        visit_type=visit.visit_type_name,
        clinician=visit.practitioner_name,
        room=", ".join(visit.rooms),
        status=str(label),
        status_kind=kind,
        url=reverse("clinic:visit", args=[visit.appointment_id]),
        buttons=tuple(move_button(visit, move) for move in steps),
        marks=marks_of(visit),
    )
