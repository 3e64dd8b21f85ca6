"""A site's week at a glance: clinicians down, days across, how many visits and how much is free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scheduling.presenters.board import Stretch, free_of
from scheduling.presenters.clinic_words import HIDDEN
from scheduling.status import TAKES_TIME
from scheduling.types import ClinicDay, ClinicianDay, ClosureKind
from steadwell.portal import service as portal


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    url: str
    visits: str
    free: str
    away: str
    load: str  # class name: how full the day is


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    clinician: str
    url: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    label: str
    url: str
    is_today: bool
    holiday: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    days: tuple[Day, ...]
    lines: tuple[Line, ...]


def week_of(days: Sequence[ClinicDay], *, now: datetime) -> Week:
    """The week of one site; only clinicians with something in it."""
    clinicians = {
        column.practitioner_id: column.practitioner_name
        for day in days
        for column in day.columns
        if column.hours or column.visits
    }
    lines = []
    for practitioner_id, name in sorted(clinicians.items(), key=lambda item: item[1]):
        cells = []
        for day in days:
            column = next((c for c in day.columns if c.practitioner_id == practitioner_id), None)
            cells.append(_cell(day, column, now=now) if column else None)
        url = f"{reverse('clinic:week')}?clinician={practitioner_id}&on={days[0].on.isoformat()}"
        lines.append(Line(clinician=name, url=url, cells=tuple(cells)))
    return Week(days=tuple(_day(day, now) for day in days), lines=tuple(lines))


def _day(day: ClinicDay, now: datetime) -> Day:
    return Day(
        label=portal.day_text(day.on, "day-short"),
        url=f"{reverse('clinic:day')}?site={day.site_id}&on={day.on.isoformat()}",
        is_today=portal.at_site(now, day.time_zone).date() == day.on,
        holiday=day.holiday,
    )


def _cell(day: ClinicDay, column: ClinicianDay, *, now: datetime) -> Cell | None:
    shown = [visit for visit in column.visits if visit.status not in HIDDEN]
    if not column.hours and not shown:
        return None
    hours = [Stretch(each.starts_at, each.ends_at) for each in column.hours]
    taken = [Stretch(v.starts_at, v.ends_at) for v in shown if v.status in TAKES_TIME]
    taken += [Stretch(each.starts_at, each.ends_at) for each in column.closures]
    all_time = sum(((s.ends_at - s.starts_at) for s in hours), timedelta())
    free = sum(
        (
            (s.ends_at - s.starts_at)
            for s in free_of(hours, taken, after=hours[0].starts_at if hours else now)
        ),
        timedelta(),
    )
    away = any(each.kind is ClosureKind.LEAVE for each in column.closures)
    return Cell(
        url=f"{reverse('clinic:day')}?clinician={column.practitioner_id}&on={day.on.isoformat()}",
        visits=ngettext("%(n)d visit", "%(n)d visits", len(shown)) % {"n": len(shown)},
        free=_("%(hours)s h free") % {"hours": f"{free / timedelta(hours=1):.1f}".removesuffix(".0")},
        away=_("Leave") if away else "",
        load=f"load-{4 - round(4 * (free / all_time))}" if all_time else "load-0",
    )


def monday_of(on: date) -> date:
    return on - timedelta(days=on.weekday())
