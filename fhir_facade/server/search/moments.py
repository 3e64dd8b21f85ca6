"""Dates in searches: a prefix and the stretch of time that the rest of the text means.

http://hl7.org/fhir/R4/search.html#date. What has no offset is read in UTC.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# All that a datetime can hold. Nothing lies beyond, so what reaches further ends here.
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
_FORM = re.compile(
    r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,30}))?)?"
    r"(Z|[ +-]\d{2}:\d{2})?)?)?)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """From ``low`` to just before ``high``."""

    low: datetime
    high: datetime

    def wider(self, by: timedelta) -> Stretch:
        return Stretch(_moved(self.low, -by), _moved(self.high, by))


def _moved(at: datetime, by: timedelta) -> datetime:
    try:
        return at + by
    except OverflowError:
        return LAST if by > timedelta(0) else FIRST


def with_prefix(text: str) -> tuple[str, str]:
    prefix = text[:2]
    return (prefix, text[2:]) if prefix in PREFIXES else ("eq", text)


def stretch(text: str) -> Stretch | None:
    """None for what is no date."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        return _stretch(int(year), month, day, hour, minute, second, fraction, zone)
    except ValueError:
        return None


def _stretch(
    year: int,
    month: str | None,
    day: str | None,
    hour: str | None,
    minute: str | None,
    second: str | None,
    fraction: str | None,
    zone: str | None,
) -> Stretch:
    if month is None:
        low = datetime(year, 1, 1, tzinfo=UTC)
        return Stretch(low, low.replace(year=year + 1) if year < LAST.year else LAST)
    if day is None:
        low = datetime(year, int(month), 1, tzinfo=UTC)
        return Stretch(low, _moved(low, timedelta(days=monthrange(year, int(month))[1])))
    low = datetime(year, int(month), int(day), tzinfo=UTC)
    if hour is None or minute is None:
        return Stretch(low, _moved(low, timedelta(days=1)))
    leap = second == "60"
    clock = low.replace(hour=int(hour), minute=int(minute), second=59 if leap else int(second or 0))
    clock = _moved(clock, -_offset(zone))
    if second is None:
        return Stretch(clock, _moved(clock, timedelta(minutes=1)))
    if not fraction:
        return Stretch(clock, _moved(clock, timedelta(seconds=1)))
    begin = _moved(clock, timedelta(microseconds=int(fraction[:6].ljust(6, "0"))))
    return Stretch(begin, _moved(begin, timedelta(microseconds=10 ** (6 - min(len(fraction), 6)))))


def _offset(zone: str | None) -> timedelta:
    if zone is None or zone == "Z":
        return timedelta(0)
    # A plus sign in an address that was not escaped arrives as a space.
    sign = -1 if zone[0] == "-" else 1
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 14 or minutes > 59:
        raise ValueError(zone)
    return sign * timedelta(hours=hours, minutes=minutes)
