"""A visit's time in words nobody can misread: which day, which of two equal hours, on whose clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from steadwell.portal import service as portal


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """``zone`` is empty unless the reader's clock shows another hour than the clinic's."""

    day: str
    time: str
    until: str
    zone: str
    iso: str

    @property
    def text(self) -> str:
        words = {"day": self.day, "time": self.time, "zone": self.zone}
        if self.zone:
            return _("%(day)s at %(time)s, %(zone)s") % words
        return _("%(day)s at %(time)s") % words


def when(
    *, starts_at: datetime, ends_at: datetime, time_zone: str, reader_zone: tzinfo | None = None
) -> When:
    local = portal.at_site(starts_at, time_zone)
    return When(
        day=portal.day_text(local.date()),
        time=portal.time_text(starts_at, time_zone),
        until=portal.time_text(ends_at, time_zone),
        zone=zone_if_other(starts_at, time_zone, reader_zone),
        iso=local.isoformat(),
    )


def zone_if_other(instant: datetime, time_zone: str, reader_zone: tzinfo | None) -> str:
    """The clinic's zone by name, where the reader is in another one at that instant."""
    if reader_zone is None:
        return ""
    here, there = instant.astimezone(reader_zone).utcoffset(), portal.at_site(instant, time_zone).utcoffset()
    return "" if here == there else portal.zone_text(time_zone, instant)


def length(minutes: int) -> str:
    if minutes and minutes % 60 == 0:
        hours = minutes // 60
        return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
    return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}


def notice(minutes: int) -> str:
    """A lead time in the largest unit that says it exactly: "2 days", "36 hours", "90 minutes"."""
    if minutes and minutes % (24 * 60) == 0:
        days = minutes // (24 * 60)
        return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}
    return length(minutes)


def near_day(on: date, today: date) -> str:
    """ "Today" and "Tomorrow" where they apply, always with the weekday and date."""
    full: str = portal.day_text(on, "day-of-year") if on.year == today.year else portal.day_text(on)
    if on == today:
        return _("Today, %(day)s") % {"day": full}
    if on == today + timedelta(days=1):
        return _("Tomorrow, %(day)s") % {"day": full}
    return full


def local_date(instant: datetime, time_zone: str) -> date:
    return instant.astimezone(ZoneInfo(time_zone)).date()
