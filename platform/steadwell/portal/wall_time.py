"""Instants as a clinic's wall clock shows them, in the reader's language, with the zone by its everyday
name.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.utils import dateformat, timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

# Django's date format letters. Both languages keep the 12-hour clock that the clinics' own signs use.
FORMATS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "day": "l, F j, Y",
        "day-short": "D, M j",
        "day-short-year": "M j, Y",
        "day-of-year": "l, F j",
        "month": "F Y",
        "time": "g:i a",
    },
    "es": {
        "day": r"l, j \d\e F \d\e Y",
        "day-short": "D, j b",
        "day-short-year": "j b Y",
        "day-of-year": r"l, j \d\e F",
        "month": r"F \d\e Y",
        "time": "g:i a",
    },
}

ZONES: Mapping[str, str | Promise] = {
    "America/New_York": _("Eastern time"),
    "America/Detroit": _("Eastern time"),
    "America/Chicago": _("Central time"),
    "America/Denver": _("Mountain time"),
    "America/Phoenix": _("Arizona time"),
    "America/Los_Angeles": _("Pacific time"),
    "America/Anchorage": _("Alaska time"),
    "Pacific/Honolulu": _("Hawaii time"),
    "America/Puerto_Rico": _("Atlantic time"),
    "Europe/London": _("UK time"),
    "Europe/Madrid": _("Spanish time"),
    "UTC": _("UTC"),
}


def _format(name: str) -> str:
    language = (get_language() or "en").partition("-")[0]
    return FORMATS.get(language, FORMATS["en"])[name]


def at_site(instant: datetime, zone: str) -> datetime:
    return instant.astimezone(ZoneInfo(zone))


def day_text(day: date, name: str = "day") -> str:
    """ "Tuesday, March 3, 2026" or "martes, 3 de marzo de 2026"; ``name`` is one of FORMATS."""
    return dateformat.format(datetime.combine(day, time()), _format(name))


def clock_text(wall: time | datetime) -> str:
    """ "2:30 p.m." without zone."""
    return dateformat.time_format(wall, _format("time"))


def is_ambiguous(local: datetime) -> bool:
    """Whether this wall-clock time comes twice on its day: the hour in which the clocks go back."""
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def time_text(instant: datetime, zone: str) -> str:
    """ "2:30 p.m."; in the hour that comes twice also which of the two it is."""
    local = at_site(instant, zone)
    text = clock_text(local)
    if not is_ambiguous(local):
        return text
    which = gettext("after the clocks go back") if local.fold else gettext("before the clocks go back")
    return f"{text} ({which})"


def zone_text(zone: str, at: datetime | None = None) -> str:
    """ "Eastern time"; for a zone without an everyday name its city, with the offset where the instant is
    known.
    """
    known = ZONES.get(zone)
    if known:
        return str(known)
    city = zone.rpartition("/")[2].replace("_", " ")
    text = gettext("%(city)s time") % {"city": city}
    offset = at_site(at, zone).strftime("%z") if at else ""
    return f"{text} (UTC{offset[:3]}:{offset[3:]})" if offset else text


def moment_text(instant: datetime, zone: str) -> str:
    """The whole of it: day, time and zone."""
    words = {
        "day": day_text(at_site(instant, zone).date()),
        "time": time_text(instant, zone),
        "zone": zone_text(zone, instant),
    }
    return gettext("%(day)s at %(time)s, %(zone)s") % words


def own_moment_text(instant: datetime) -> str:
    """The same in the reader's own zone: for what is about no clinic, such as a letter or a sign-in."""
    return moment_text(instant, timezone.get_current_timezone_name())
