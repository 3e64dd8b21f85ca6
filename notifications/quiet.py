"""Quiet hours: what a reader's own wall clock shows decides, also on the days when it is changed.

Pure. A moment is quiet when the clock on the reader's wall stands within the hours, whatever the offset: the
hour that comes twice is quiet twice, the one that does not come is not waited for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_STEP = timedelta(hours=1)
_AHEAD = timedelta(hours=50)  # a day and a bit: no window is longer, no change moves a clock by a day
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """From one wall time to another, over midnight where the first is the later one."""

    start: time
    end: time

    def covers(self, wall: time) -> bool:
        if self.start <= self.end:
            return self.start <= wall < self.end
        return wall >= self.start or wall < self.end


# Telephones only, until the reader says otherwise: nobody is woken for what can wait.
USUAL = QuietHours(start=time(21), end=time(8))
USUAL_DIGEST = time(18)


def is_quiet(instant: datetime, *, zone: str, hours: QuietHours) -> bool:
    return hours.covers(instant.astimezone(ZoneInfo(zone)).time())


def next_loud(instant: datetime, *, zone: str, hours: QuietHours) -> datetime:
    """The first instant from here on that is not quiet; the instant itself where it is not."""
    if not is_quiet(instant, zone=zone, hours=hours):
        return instant
    candidates = [*_occurrences(instant, zone, hours.end), *_changes(instant, zone)]
    return min(each for each in candidates if each > instant and not is_quiet(each, zone=zone, hours=hours))


def next_time(instant: datetime, *, zone: str, wall: time) -> datetime:
    """When the clock next shows a time, after this instant; where it skips it, right after the jump."""
    return min(each for each in _occurrences(instant, zone, wall) if each > instant)


def _occurrences(instant: datetime, zone: str, wall: time) -> Iterator[datetime]:
    """Every instant around here at which the wall clock shows this time, or jumps over it."""
    place = ZoneInfo(zone)
    today = instant.astimezone(place).date()
    for days in (-1, 0, 1, 2):
        local = datetime.combine(today + timedelta(days=days), wall, tzinfo=place)
        found = {local.replace(fold=fold).astimezone(UTC) for fold in (0, 1)}
        real = {each for each in found if each.astimezone(place).time() == wall}
        if real:
            yield from real
        else:
            yield _change_between(min(found), max(found), place)


def _changes(instant: datetime, zone: str) -> Iterator[datetime]:
    """Every instant within the next two days at which the clock is changed."""
    place, here = ZoneInfo(zone), instant.astimezone(UTC)
    end = here + _AHEAD
    while here < end:
        after = here + _STEP
        if here.astimezone(place).utcoffset() != after.astimezone(place).utcoffset():
            yield _change_between(here, after, place)
        here = after


def _change_between(low: datetime, high: datetime, place: ZoneInfo) -> datetime:
    """The first instant of the new offset, to the second."""
    low = low.replace(microsecond=0)
    before = low.astimezone(place).utcoffset()
    while high - low > _SECOND:
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if middle.astimezone(place).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)
