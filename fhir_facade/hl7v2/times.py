"""HL7 times (DTM, TS): as much precision as was written, and a zone always.

Without an offset of its own a time has the message's (MSH-7), else it is the wall clock of the sender's zone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

_TIME: Final = re.compile(
    r"(\d{4})(?:(\d\d)(?:(\d\d)(?:T?(\d\d)(?:(\d\d)(?:(\d\d)(?:[.,](\d{1,9}))?)?)?)?)?)?\s*(Z|[+-]\d\d:?\d\d)?"
)
_ISO: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d\d:?\d\d)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clockwork:
    """Where times without an offset belong."""

    zone: tzinfo

    def read(self, text: str) -> datetime | None:
        """An aware time; None for what is no time. Missing parts are the first of their kind."""
        return _read(text, self.zone) if text else None


@lru_cache(maxsize=1024)  # the results of one report share their time
def _read(text: str, zone: tzinfo) -> datetime | None:
    found = _TIME.fullmatch(text.strip()) or _ISO.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second, part, offset = found.groups()
    micro = int((part or "0")[:6].ljust(6, "0"))
    try:
        if offset:
            zone = offset_of(offset)
        read = datetime(
            int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0),
            micro, tzinfo=zone,
        )  # fmt: skip
        read.astimezone(UTC)  # a year at either end of time may not have one
    except (ValueError, OverflowError):
        return None
    return read


def clockwork(sent: str, *, zone: str) -> Clockwork:
    """For a message that was sent at ``sent`` (MSH-7) by a system that lives in ``zone``."""
    found = _TIME.fullmatch(sent.strip()) or _ISO.fullmatch(sent.strip())
    offset = found.groups()[-1] if found else None
    try:
        return Clockwork(zone=offset_of(offset) if offset else ZoneInfo(zone))
    except ValueError:
        return Clockwork(zone=ZoneInfo(zone))


def offset_of(text: str) -> tzinfo:
    """``+0100``, ``-05:00`` or ``Z``. Raises ValueError beyond a day."""
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    ahead = timedelta(hours=hours, minutes=minutes)
    return timezone(-ahead if text[0] == "-" else ahead)


def read_date(text: str) -> date | None:
    """A whole date (a birth date), whatever time follows it; None for part of one."""
    found = re.match(r"(\d{4})-?(\d\d)-?(\d\d)", text.strip())
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
