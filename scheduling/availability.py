"""Wall time and zone, made into instants. Pure arithmetic: no Django, no clock, no database.

A wall-time window on a date in a zone means the set of instants whose local wall reading lies in it. So a
local day is split into stretches of constant offset and each is intersected with the window: hours that do
not exist vanish by themselves, hours that come twice are offered twice. Instants are whole seconds since
1970 (``int``): sets of intervals are intersected thousands of times per search.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

Interval = tuple[int, int]  # from the first second to the one after the last

DAY = 86_400
_EPOCH_DAY = date(1970, 1, 1).toordinal()
# No zone has ever been further from UTC than 16 hours (Manila and Alaska before their date line moves).
_REACH = 16 * 3600
# Offset changes closer together than this would be overlooked; none in the database are.
_PROBE = 3 * 3600


@lru_cache(maxsize=512)
def zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def offset_at(name: str, instant: int) -> int:
    """Seconds the zone's wall clock is ahead of UTC at an instant."""
    offset = datetime.fromtimestamp(instant, zone(name)).utcoffset()
    assert offset is not None  # noqa: S101 - a ZoneInfo always knows
    return offset.days * DAY + offset.seconds


def _first_change(name: str, low: int, high: int, offset: int) -> int:
    """The first second in (low, high] whose offset differs from ``offset``, which holds at ``low``."""
    while high - low > 1:
        middle = (low + high) // 2
        if offset_at(name, middle) == offset:
            low = middle
        else:
            high = middle
    return high


def _constant_stretches(name: str, low: int, high: int) -> Iterator[tuple[int, int, int]]:
    """Split [low, high) where the zone's offset changes: (from, until, offset)."""
    start, offset = low, offset_at(name, low)
    probe = low
    while probe < high:
        following = min(probe + _PROBE, high)
        if offset_at(name, following) != offset:
            change = _first_change(name, probe, following, offset)
            yield start, change, offset
            start, offset = change, offset_at(name, change)
            probe = change
            continue
        probe = following
    if start < high:
        yield start, high, offset


@lru_cache(maxsize=16_384)
def day_segments(name: str, on: date) -> tuple[tuple[int, int, int], ...]:
    """The instants whose local date is ``on``, as stretches of constant offset: (from, until, offset)."""
    midnight = (on.toordinal() - _EPOCH_DAY) * DAY  # of the wall clock, as if it were UTC
    found = []
    for low, high, offset in _constant_stretches(name, midnight - _REACH, midnight + DAY + _REACH):
        start, end = max(low, midnight - offset), min(high, midnight + DAY - offset)
        if start < end:
            found.append((start, end, offset))
    return tuple(found)


def window(name: str, on: date, starts: int, ends: int) -> list[Interval]:
    """The instants of a date whose wall reading lies in [starts, ends), both in seconds after 00:00."""
    midnight = (on.toordinal() - _EPOCH_DAY) * DAY
    found = []
    for low, high, offset in day_segments(name, on):
        start, end = max(low, midnight + starts - offset), min(high, midnight + ends - offset)
        if start < end:
            found.append((start, end))
    return merge(found)


def grid(name: str, on: date, starts: int, ends: int, step: int) -> Iterator[int]:
    """The instants in a window whose wall reading is ``starts``, ``starts + step``, … in time order."""
    midnight = (on.toordinal() - _EPOCH_DAY) * DAY
    for low, high, offset in day_segments(name, on):
        first = midnight + starts - offset
        start = first + max(0, -(-(low - first) // step)) * step
        yield from range(start, min(high, midnight + ends - offset), step)


def wall(name: str, instant: int) -> datetime:
    """What the clock on the wall says at an instant (naive; ``fold`` set on the second pass of an hour)."""
    return datetime.fromtimestamp(instant, zone(name)).replace(tzinfo=None)


def local_date(name: str, instant: int) -> date:
    return datetime.fromtimestamp(instant, zone(name)).date()


def instant_of(moment: datetime) -> int:
    return int(moment.timestamp())


def moment(instant: int) -> datetime:
    return datetime.fromtimestamp(instant, UTC)


def days_before(name: str, starts_at: datetime, days: int) -> datetime:
    """The instant when the same wall time is read that many days earlier.

    Where that reading does not exist (a spring night) it is the first instant after the gap.
    """
    reading = starts_at.astimezone(zone(name)).replace(tzinfo=None) - timedelta(days=days)
    resolved = reading.replace(tzinfo=zone(name)).astimezone(UTC)
    back = resolved.astimezone(zone(name)).replace(tzinfo=None)
    if back == reading.replace(fold=0):
        return resolved
    # In a gap, fold=0 reads with the offset before it and so lands after it; step back to the gap's end.
    instant = int(resolved.timestamp())
    before = offset_at(name, instant - 2 * DAY)
    return moment(_first_change(name, instant - 2 * DAY, instant, before))


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """The union, in order, touching intervals joined."""
    joined: list[Interval] = []
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if joined and start <= joined[-1][1]:
            if end > joined[-1][1]:
                joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def subtract(intervals: Sequence[Interval], taken: Iterable[Interval]) -> list[Interval]:
    """What is left of merged ``intervals`` without ``taken``."""
    left: list[Interval] = []
    cuts = merge(taken)
    for start, end in intervals:
        at = start
        for cut_start, cut_end in cuts:
            if cut_end <= at:
                continue
            if cut_start >= end:
                break
            if cut_start > at:
                left.append((at, cut_start))
            at = max(at, cut_end)
        if at < end:
            left.append((at, end))
    return left


class Free:
    """A merged set of intervals, asked many times whether it covers a stretch."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, merged: Sequence[Interval]) -> None:
        self._starts = [start for start, _ in merged]
        self._ends = [end for _, end in merged]

    def covers(self, start: int, end: int) -> bool:
        index = bisect_right(self._starts, start) - 1
        return index >= 0 and end <= self._ends[index]


class Busy:
    """A merged set of intervals, asked many times whether it touches a stretch."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, intervals: Iterable[Interval]) -> None:
        merged = merge(intervals)
        self._starts = [start for start, _ in merged]
        self._ends = [end for _, end in merged]

    def touches(self, start: int, end: int) -> bool:
        # The last interval that begins before ``end`` is the only one that can reach past ``start``.
        index = bisect_right(self._starts, end - 1) - 1
        return index >= 0 and self._ends[index] > start
