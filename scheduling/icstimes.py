"""When one event of a calendar file is: its start and length, and the times it comes again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from dateutil.rrule import rruleset, rrulestr  # type: ignore[import-untyped]
from django.utils.translation import gettext as _

NO_TIME = timedelta(0)


class Unusable(Exception):
    """One event cannot be used: which property, and why."""

    def __init__(self, prop: str, text: str) -> None:
        self.prop, self.text = prop, text
        super().__init__(prop)


def start_and_length(event: Any, floating: tzinfo) -> tuple[datetime, timedelta]:
    if "DTSTART" not in event:
        raise Unusable("BEGIN", _("It has no start."))
    start = _moment(event, "DTSTART", floating)
    if "DTEND" in event:
        end = _moment(event, "DTEND", floating)
        if isinstance(event["DTSTART"].dt, datetime) is not isinstance(event["DTEND"].dt, datetime):
            raise Unusable("DTEND", _("Start and end must both be dates, or both be times."))
        if end < start:
            raise Unusable("DTEND", _("It ends before it starts."))
        if not isinstance(event["DTSTART"].dt, datetime):
            return start, end.replace(tzinfo=None) - start.replace(tzinfo=None)
        return start, end.astimezone(UTC) - start.astimezone(UTC)
    if "DURATION" in event:
        length = event["DURATION"].dt
        if length < NO_TIME:
            raise Unusable("DURATION", _("It ends before it starts."))
        return start, length
    return start, NO_TIME if isinstance(event["DTSTART"].dt, datetime) else timedelta(days=1)


def _moment(event: Any, prop: str, floating: tzinfo) -> datetime:
    if isinstance(event[prop], list):
        raise Unusable(prop, _("It is there twice."))
    return _aware(event[prop].dt, event[prop].params.get("TZID"), prop, floating)


def _aware(value: Any, tzid: str | None, prop: str, floating: tzinfo) -> datetime:
    if not isinstance(value, datetime):
        if not isinstance(value, date):
            raise Unusable(prop, _("This is neither a date nor a time."))
        return datetime.combine(value, time(), tzinfo=floating)
    if value.tzinfo is not None:
        return value
    if tzid:
        raise Unusable(prop, _("The time zone %(zone)s is not known.") % {"zone": tzid})
    return value.replace(tzinfo=floating)


def occurrences(
    event: Any, start: datetime, moved: set[datetime], low: datetime, high: datetime, floating: tzinfo
) -> Iterator[datetime]:
    """Starts in [low, high): the rule is followed on the wall clock, as people mean it, and then made
    instants.
    """
    if "RECURRENCE-ID" in event:
        if str(event["RECURRENCE-ID"].params.get("RANGE", "")).upper() == "THISANDFUTURE":
            raise Unusable("RECURRENCE-ID", _("Changes of this and all later ones are not supported."))
        yield start
        return
    if "RRULE" not in event and "RDATE" not in event:
        if start.astimezone(UTC) >= low and start.astimezone(UTC) < high:
            yield start
        return
    zone, naive = start.tzinfo, start.replace(tzinfo=None)
    dates = rruleset()
    dates.rdate(naive)
    for rule in _listed(event.get("RRULE")):
        dates.rrule(_rule(rule, naive, zone))
    for extra in _dates(event, "RDATE", floating):
        dates.rdate(extra.astimezone(zone).replace(tzinfo=None))
    gone = {each.astimezone(UTC) for each in _dates(event, "EXDATE", floating)} | moved
    day = timedelta(days=2)
    for each in dates.between(
        (low - day).astimezone(UTC).replace(tzinfo=None),
        (high + day).astimezone(UTC).replace(tzinfo=None),
        inc=True,
    ):
        begins = each.replace(tzinfo=zone)
        instant = begins.astimezone(UTC)
        if low <= instant < high and instant not in gone:
            yield begins


def _rule(rule: Any, naive: datetime, zone: tzinfo | None) -> Any:
    parts = dict(rule)
    until = parts.pop("UNTIL", None)
    text = ";".join(
        part for part in rule.to_ical().decode().split(";") if not part.upper().startswith("UNTIL=")
    )
    if until:
        last = until[0]
        if not isinstance(last, datetime):
            last = datetime.combine(last, time(23, 59, 59))
        elif last.tzinfo is not None:
            last = last.astimezone(zone).replace(tzinfo=None)
        if "COUNT" in parts:
            raise Unusable("RRULE", _("A rule ends by COUNT or by UNTIL, not by both."))
        text += f";UNTIL={last:%Y%m%dT%H%M%S}"
    if str(parts.get("FREQ", [""])[0]).upper() in {"SECONDLY", "MINUTELY"}:
        raise Unusable("RRULE", _("It repeats too often."))
    try:
        return rrulestr(text, dtstart=naive)
    except (ValueError, TypeError) as error:
        raise Unusable("RRULE", _("The rule of repetition cannot be read.")) from error


def _dates(event: Any, prop: str, floating: tzinfo) -> Iterator[datetime]:
    for entry in _listed(event.get(prop)):
        for each in entry.dts:
            value = each.dt[0] if isinstance(each.dt, tuple) else each.dt
            yield _aware(value, entry.params.get("TZID"), prop, floating)


def recurrence_key(event: Any, floating: tzinfo) -> datetime:
    try:
        return _moment(event, "RECURRENCE-ID", floating).astimezone(UTC)
    except Unusable:
        return datetime.min.replace(tzinfo=UTC)  # told when the event itself is used


def plus(begins: datetime, length: timedelta, *, whole_days: bool) -> datetime:
    """Whole days end at a midnight of the wall clock, also when one of them has 23 hours."""
    return begins + length if whole_days else begins.astimezone(UTC) + length


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
