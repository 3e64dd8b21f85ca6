"""Dates in searches: a prefix and the stretch of time that the rest of the text means.

http://hl7.org/fhir/R4/search.html#date. What has no offset is read in UTC.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
_FORM = re.compile(
    r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?"
    r"(Z|[ +-]\d{2}:\d{2})?)?)?)?"
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """From ``low`` to just before ``high``."""

    low: datetime
    high: datetime


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
    except (ValueError, OverflowError):
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
        return Stretch(datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC))
    if day is None:
        low = datetime(year, int(month), 1, tzinfo=UTC)
        return Stretch(low, low + timedelta(days=monthrange(year, int(month))[1]))
    low = datetime(year, int(month), int(day), tzinfo=UTC)
    if hour is None or minute is None:
        return Stretch(low, low + timedelta(days=1))
    leap = second == "60"
    clock = low.replace(hour=int(hour), minute=int(minute), second=59 if leap else int(second or 0))
    clock -= _offset(zone)
    if second is None:
        return Stretch(clock, clock + timedelta(minutes=1))
    if not fraction:
        return Stretch(clock, clock + timedelta(seconds=1))
    micro = int(fraction[:6].ljust(6, "0"))
    step = timedelta(microseconds=10 ** (6 - min(len(fraction), 6)))
    return Stretch(clock + timedelta(microseconds=micro), clock + timedelta(microseconds=micro) + step)


def _offset(zone: str | None) -> timedelta:
    if zone is None or zone == "Z":
        return timedelta(0)
    # A plus sign in an address that was not escaped arrives as a space.
    sign = -1 if zone[0] == "-" else 1
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 14 or minutes > 59:
        raise ValueError(zone)
    return sign * timedelta(hours=hours, minutes=minutes)
