"""A test over time: a line through its values, on the band of what is usual. Places only, no words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from labs.pictures.scales import Box, Scale, around, number, tick_text, ticks

WIDE = Box(width=680, height=270, left=52, right=22, top=30, bottom=34)
NARROW = Box(width=340, height=230, left=46, right=18, top=30, bottom=34)
_LABEL_ROOM = 78  # a date below the picture needs as much
_SIZE = 5.0


class Place(StrEnum):
    """Where a value lies. Each has its own shape, so that nobody needs the colour."""

    USUAL = "usual"
    LOW = "low"
    HIGH = "high"
    FAR_LOW = "far-low"
    FAR_HIGH = "far-high"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One value. ``comparator`` makes it an open mark: the true value lies further on. ``text`` and ``day``
    are its words; ``low`` and ``high`` the range that came with it.
    """

    at: datetime
    value: Decimal
    text: str
    day: str
    place: Place = Place.UNKNOWN
    comparator: str = ""
    low: Decimal | None = None
    high: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    path: str
    place: Place
    is_open: bool
    is_latest: bool
    title: str
    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A piece of the line; dashed where one of its ends is only a bound."""

    path: str
    dashed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    x: str
    y: str
    text: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPicture:
    """Everything the template draws, in the order it is painted."""

    box: Box
    bands: tuple[Band, ...]
    rules: tuple[Label, ...]
    days: tuple[Label, ...]
    line: tuple[Stretch, ...]
    marks: tuple[Mark, ...]
    latest: Label


def trend(points: Sequence[Point], *, box: Box = WIDE) -> TrendPicture:
    """The picture of one series (one unit), in the order of time. Needs at least one point."""
    ordered = sorted(points, key=lambda point: point.at)
    shown = [value for p in ordered for value in (p.value, p.low, p.high) if value is not None]
    low, high = around(shown)
    upright = Scale(low=low, high=high, start=box.y_end, end=box.top)
    xs = _across(ordered, box)
    marks = tuple(
        _mark(point, x, upright.place(point.value), is_latest=index == len(ordered) - 1)
        for index, (point, x) in enumerate(zip(ordered, xs, strict=True))
    )
    return TrendPicture(
        box=box,
        bands=_bands(ordered, xs, upright, box),
        rules=tuple(
            Label(
                x=number(box.left - 8),
                y=number(upright.place(value)),
                text=tick_text(value),
                anchor="end",
            )
            for value in ticks(low, high)
        ),
        days=_days(ordered, xs, box),
        line=_line(ordered, marks),
        marks=marks,
        latest=_latest(ordered[-1], marks, box),
    )


def _across(points: Sequence[Point], box: Box) -> list[float]:
    first, last = points[0].at, points[-1].at
    whole = (last - first).total_seconds()
    # Room for half a mark at either side.
    start, end = box.left + 2 * _SIZE, box.x_end - 2 * _SIZE
    if whole <= 0:
        return [(start + end) / 2] * len(points)
    return [start + (end - start) * ((p.at - first).total_seconds() / whole) for p in points]


def _bands(points: Sequence[Point], xs: Sequence[float], upright: Scale, box: Box) -> tuple[Band, ...]:
    """What was usual for each value: from half-way to its neighbours. Equal neighbours join; a missing end
    reaches to the edge; a value without a range has no band.
    """
    pieces: list[tuple[float, float, Decimal | None, Decimal | None]] = []
    for index, (point, x) in enumerate(zip(points, xs, strict=True)):
        left = box.left if index == 0 else (xs[index - 1] + x) / 2
        right = box.x_end if index == len(points) - 1 else (x + xs[index + 1]) / 2
        if pieces and pieces[-1][2:] == (point.low, point.high):
            pieces[-1] = (pieces[-1][0], right, point.low, point.high)
        else:
            pieces.append((left, right, point.low, point.high))
    return tuple(
        _band(left, right, upright.place(high) if high is not None else box.top,
              upright.place(low) if low is not None else box.y_end)
        for left, right, low, high in pieces
        if (low is not None or high is not None) and right > left
    )  # fmt: skip


def _band(left: float, right: float, top: float, bottom: float) -> Band:
    top, bottom = min(top, bottom), max(top, bottom)
    return Band(x=number(left), y=number(top), width=number(right - left), height=number(bottom - top))


def _line(points: Sequence[Point], marks: Sequence[Mark]) -> tuple[Stretch, ...]:
    return tuple(
        Stretch(
            path=f"M{number(a.x)} {number(a.y)}L{number(b.x)} {number(b.y)}",
            dashed=bool(one.comparator or other.comparator),
        )
        for one, other, a, b in zip(points, points[1:], marks, marks[1:], strict=False)
        if (a.x, a.y) != (b.x, b.y)
    )


def _days(points: Sequence[Point], xs: Sequence[float], box: Box) -> tuple[Label, ...]:
    """The first and the last day, and those between that have room."""
    y = number(box.height - 10)
    if xs[0] == xs[-1]:
        return (Label(x=number(xs[0]), y=y, text=points[0].day),)
    ends = Label(x=number(box.x_end), y=y, text=points[-1].day, anchor="end")
    found = [Label(x=number(box.left), y=y, text=points[0].day, anchor="start")]
    free_from, free_until = box.left + 1.5 * _LABEL_ROOM, box.x_end - 1.5 * _LABEL_ROOM
    for point, x in zip(points, xs, strict=True):
        if free_from <= x <= free_until:
            found.append(Label(x=number(x), y=y, text=point.day))
            free_from = x + _LABEL_ROOM
    return (*found, ends)


def _mark(point: Point, x: float, y: float, *, is_latest: bool) -> Mark:
    place = point.place
    return Mark(
        path=_shape(place, point.comparator, x, y, _SIZE * (1.3 if is_latest else 1)),
        place=place,
        is_open=bool(point.comparator),
        is_latest=is_latest,
        title=f"{point.day}: {point.text}",
        x=x,
        y=y,
    )


def _shape(place: Place, comparator: str, x: float, y: float, r: float) -> str:
    if comparator:
        place = Place.HIGH if comparator.startswith(">") else Place.LOW  # an open arrow to where it lies
    if place in {Place.HIGH, Place.FAR_HIGH, Place.LOW, Place.FAR_LOW}:
        way = -1 if place in {Place.HIGH, Place.FAR_HIGH} else 1
        corners = [(x - r * 1.1, y - way * r * 0.8), (x + r * 1.1, y - way * r * 0.8), (x, y + way * r * 1.2)]
        if place in {Place.FAR_HIGH, Place.FAR_LOW}:
            corners.insert(2, (x + r * 1.1, y))
            corners.append((x - r * 1.1, y))
        return "M" + "L".join(f"{number(a)} {number(b)}" for a, b in corners) + "Z"
    d = number(2 * r)
    rad = number(r)
    return f"M{number(x - r)} {number(y)}a{rad} {rad} 0 1 0 {d} 0a{rad} {rad} 0 1 0 -{d} 0Z"


def _latest(point: Point, marks: Sequence[Mark], box: Box) -> Label:
    """The newest value by name: above its mark, or below where there is no room above, or where the line
    comes down to it and would run through the letters.
    """
    mark = marks[-1]
    above, below = mark.y - 14, mark.y + 24
    falls = len(marks) > 1 and marks[-2].y < mark.y - 4 and below <= box.y_end - 2
    y = below if falls or above < 16 else above
    if mark.x > box.width - 60:
        return Label(x=number(box.x_end), y=number(y), text=point.text, anchor="end")
    return Label(x=number(mark.x), y=number(y), text=point.text)
