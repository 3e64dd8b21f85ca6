"""A month at a glance: which days have something, laid out in weeks."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import get_language, ngettext

from steadwell.portal.wall_time import day_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    day: date
    url: str  # empty where there is nothing to open
    label: str  # what a screen reader hears
    dots: str  # one to three: little, some, plenty
    is_current: bool
    is_today: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    title: str
    weekdays: tuple[tuple[str, str], ...]  # short and full names
    weeks: tuple[tuple[Day | None, ...], ...]
    previous_url: str
    next_url: str


def month_of(
    *,
    first: date,
    counts: Mapping[date, int],
    url_for: Callable[[date], str],
    today: date,
    current: date | None = None,
    previous_url: str = "",
    next_url: str = "",
) -> Month:
    """Lay out the month that ``first`` falls in; a day is a link where ``counts`` has something for it."""
    start = calendar.SUNDAY if (get_language() or "en").startswith("en") else calendar.MONDAY
    grid = calendar.Calendar(start).monthdatescalendar(first.year, first.month)

    def cell(day: date) -> Day | None:
        if day.month != first.month:
            return None
        count = counts.get(day, 0)
        free = ngettext("%(count)d time free", "%(count)d times free", count) % {"count": count}
        return Day(
            day=day,
            url=url_for(day) if count else "",
            label=f"{day_text(day)}, {free}",
            dots="●" * min(3, 1 + count // 6) if count else "",
            is_current=day == current,
            is_today=day == today,
        )

    names = [(start + offset) % 7 for offset in range(7)]
    return Month(
        title=day_text(first, "month"),
        weekdays=tuple((str(WEEKDAYS_ABBR[n])[:2], str(WEEKDAYS[n])) for n in names),
        weeks=tuple(tuple(cell(day) for day in week) for week in grid),
        previous_url=previous_url,
        next_url=next_url,
    )


def next_month(first: date) -> date:
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1)


def previous_month(first: date) -> date:
    return (first.replace(day=1) - timedelta(days=1)).replace(day=1)
