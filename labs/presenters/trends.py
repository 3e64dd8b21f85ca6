"""A test over time, ready for the page: pictures in two widths, their words, their table.

One series for each unit that the values can be brought to; what cannot be converted stays apart and says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labs import pictures, series
from labs.pictures import TrendPicture
from labs.presenters import words
from labs.series import Line, Value
from labs.types import Point
from steadwell.portal import service as portal


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendRow:
    """One line of the table, newest first. ``note`` says what was converted; ``is_this``: the page's own."""

    day: str
    iso: str
    value: str
    words: str
    usual: str
    note: str
    is_this: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendView:
    """``apart`` says why this series is not on the same line as the others."""

    title: str
    summary: str
    wide: TrendPicture
    narrow: TrendPicture
    usual: str
    has_bounds: bool
    rows: tuple[TrendRow, ...]
    apart: str


def trends(
    points: Sequence[Point], *, name: str, loinc: str, zone: tzinfo, current: UUID | None = None
) -> tuple[TrendView, ...]:
    """Every series with at least one number, the one with the newest value first."""
    lines = [line for line in series.join(points, loinc=loinc) if line.values]
    return tuple(_trend(line, name=name, zone=zone, current=current) for line in lines)


def _trend(line: Line, *, name: str, zone: tzinfo, current: UUID | None) -> TrendView:
    unit = words.unit_text(line.unit)
    drawn = [_point(value, unit, zone) for value in line.values]
    latest = line.values[-1]
    usual = words.range_words(latest.low, latest.high, unit)
    return TrendView(
        title=f"{name}, {unit}" if unit else name,
        summary=_summary(line, name, unit, usual, zone),
        wide=pictures.trend(drawn),
        narrow=pictures.trend(drawn, box=pictures.NARROW),
        usual=usual,
        has_bounds=any(value.comparator for value in line.values),
        rows=tuple(_row(value, unit, zone, current) for value in reversed(line.values)),
        apart=line.reason,
    )


def _point(value: Value, unit: str, zone: tzinfo) -> pictures.Point:
    return pictures.Point(
        at=value.at,
        value=value.value,
        text=words.amount(value.value, unit, value.comparator),
        day=portal.day_text(value.at.astimezone(zone).date(), "day-short-year"),
        place=words.place_of(value.result),
        comparator=value.comparator,
        low=value.low,
        high=value.high,
    )


def _summary(line: Line, name: str, unit: str, usual: str, zone: tzinfo) -> str:
    first, last = line.values[0], line.values[-1]
    said = {
        "name": name,
        "count": len(line.values),
        "first": words.amount(first.value, unit, first.comparator),
        "last": words.amount(last.value, unit, last.comparator),
        "from": portal.day_text(first.at.astimezone(zone).date(), "day-short-year"),
        "to": portal.day_text(last.at.astimezone(zone).date(), "day-short-year"),
    }
    if len(line.values) == 1:
        text = _("%(name)s: %(last)s on %(to)s.") % said
    else:
        text = (
            ngettext(
                "%(name)s, %(count)d value: %(first)s on %(from)s, %(last)s on %(to)s.",
                "%(name)s, %(count)d values: %(first)s on %(from)s, %(last)s on %(to)s.",
                len(line.values),
            )
            % said
        )
    return f"{text} {_('Usual: %(range)s.') % {'range': usual}}" if usual else text


def _row(value: Value, unit: str, zone: tzinfo, current: UUID | None) -> TrendRow:
    day = value.at.astimezone(zone).date()
    sent = ""
    if value.converted:
        sent = _("The laboratory wrote %(value)s %(unit)s.") % {
            "value": value.result.value_text,
            "unit": value.result.unit_text,
        }
    return TrendRow(
        day=portal.day_text(day, "day-short-year"),
        iso=day.isoformat(),
        value=words.amount(value.value, unit, value.comparator),
        words=words.flag_words(value.result)[0],
        usual=words.range_words(value.low, value.high, unit),
        note=sent,
        is_this=value.result.result_id == current,
    )
