"""Reading a real calendar file (RFC 5545) as stretches of busy time, and saying which lines could not be
used.

icalendar parses each event on its own, so that one that cannot be read does not take the others with it; the
lines it stood on are kept beside it, because "line 812: unknown time zone" is what somebody can act on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from dateutil.rrule import rruleset, rrulestr  # type: ignore[import-untyped]
from django.utils.translation import gettext as _
from icalendar import Calendar

LARGEST = 20_000_000  # bytes
_MOST = 4_000  # stretches of one event
_SKIP = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something about a line: why it was left out, or why it could not be used."""

    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BusyStretch:
    uid: str
    starts_at: datetime
    ends_at: datetime


@dataclass(slots=True, kw_only=True)
class Reading:
    """``uids``: every event named in the file, the ones left out included: they no longer hold time."""

    busy: list[BusyStretch] = field(default_factory=list)
    uids: set[str] = field(default_factory=set)
    left_out: list[Remark] = field(default_factory=list)
    problems: list[Remark] = field(default_factory=list)


@dataclass(slots=True)
class Block:
    """The unfolded lines of one component, each with the number it has in the file."""

    name: str
    lines: list[tuple[int, str]]

    @property
    def line(self) -> int:
        return self.lines[0][0]

    def line_of(self, prop: str) -> int:
        for number, text in self.lines:
            if text.upper().startswith((f"{prop}:", f"{prop};")):
                return number
        return self.line


class Unusable(Exception):
    """One event cannot be used: which property, and why."""

    def __init__(self, prop: str, text: str) -> None:
        self.prop, self.text = prop, text
        super().__init__(prop)


def read(content: bytes, *, floating: tzinfo, low: datetime, high: datetime) -> Reading:
    """All busy stretches that touch [low, high). ``floating``: the zone of times that name none, and of
    whole days.
    """
    reading = Reading()
    blocks, zones = _blocks(content, reading)
    events: dict[str, list[tuple[Block, Any]]] = {}
    for block in blocks:
        event = _parse(block, zones, reading)
        if event is not None:
            uid = str(event.get("UID", "")) or f"line-{block.line}"
            events.setdefault(uid[:255], []).append((block, event))
    reading.uids.update(events)
    for uid, parts in events.items():
        moved = {_recurrence_key(event, floating) for _, event in parts if "RECURRENCE-ID" in event}
        for block, event in parts:
            try:
                _use(uid, block, event, moved, floating, low, high, reading)
            except Unusable as problem:
                reading.problems.append(Remark(line=block.line_of(problem.prop), text=problem.text))
    reading.problems.sort(key=lambda remark: remark.line)
    return reading


def _blocks(content: bytes, reading: Reading) -> tuple[list[Block], list[str]]:
    """The events, and the text of all time zone definitions."""
    lines = list(_unfolded(content, reading))
    if not any(text.strip().upper() == "BEGIN:VCALENDAR" for _, text in lines):
        reading.problems.append(
            Remark(line=1, text=_("This is not a calendar file: it does not begin a VCALENDAR."))
        )
        return [], []
    events: list[Block] = []
    zones: list[str] = []
    open_block: Block | None = None
    depth = 0
    for number, text in lines:
        upper = text.strip().upper()
        if open_block is None:
            if upper in {"BEGIN:VEVENT", "BEGIN:VTIMEZONE"}:
                open_block, depth = Block(upper[6:], [(number, text)]), 1
            continue
        open_block.lines.append((number, text))
        depth += upper.startswith("BEGIN:") - upper.startswith("END:")
        if ":" not in text and text.strip():
            reading.problems.append(Remark(line=number, text=_("This line has no value.")))
        if depth == 0:
            if open_block.name == "VEVENT":
                events.append(open_block)
            else:
                zones.extend(line for _, line in open_block.lines)
            open_block = None
    if open_block is not None:
        reading.problems.append(Remark(line=open_block.line, text=_("This part of the file does not end.")))
    return events, zones


def _unfolded(content: bytes, reading: Reading) -> Iterator[tuple[int, str]]:
    number, text = 0, ""
    for count, raw in enumerate(content.removeprefix(b"\xef\xbb\xbf").splitlines(), start=1):
        try:
            line = raw.decode()
        except UnicodeDecodeError:
            reading.problems.append(Remark(line=count, text=_("This line is not text in UTF-8.")))
            continue
        if line[:1] in {" ", "\t"} and number:
            text += line[1:]
            continue
        if number:
            yield number, text
        number, text = count, line
    if number:
        yield number, text


def _parse(block: Block, zones: list[str], reading: Reading) -> Any:
    text = "\r\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", *zones, *(line for _, line in block.lines), "END:VCALENDAR", ""]
    )
    try:
        event = Calendar.from_ical(text).walk("VEVENT")[0]
    except (ValueError, IndexError, KeyError):
        reading.problems.append(Remark(line=block.line, text=_("This event cannot be read.")))
        return None
    broken = [str(name) for name, _cause in event.errors if name]
    for name in broken:
        text = _("The value of %(name)s cannot be read.") % {"name": name}
        reading.problems.append(Remark(line=block.line_of(name), text=text))
    return None if broken else event


def _use(
    uid: str,
    block: Block,
    event: Any,
    moved: set[datetime],
    floating: tzinfo,
    low: datetime,
    high: datetime,
    reading: Reading,
) -> None:
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        reading.left_out.append(Remark(line=block.line, text=_("cancelled")))
        return
    if str(event.get("TRANSP", "")).upper() == "TRANSPARENT":
        reading.left_out.append(Remark(line=block.line, text=_("marked as free")))
        return
    start, length = _start_and_length(event, floating)
    if length <= _SKIP:
        reading.left_out.append(Remark(line=block.line, text=_("takes no time")))
        return
    found = 0
    for begins in _occurrences(event, start, moved, low - length, high, floating):
        found += 1
        if found > _MOST:
            raise Unusable("RRULE", _("It repeats too often."))
        ends = _plus(begins, length, whole_days=not isinstance(event["DTSTART"].dt, datetime))
        starts_at, ends_at = begins.astimezone(UTC), ends.astimezone(UTC)
        if starts_at < high and ends_at > low and ends_at > starts_at:
            reading.busy.append(BusyStretch(uid=uid, starts_at=starts_at, ends_at=ends_at))
    if not found:
        reading.left_out.append(Remark(line=block.line, text=_("over, or too far ahead")))


def _start_and_length(event: Any, floating: tzinfo) -> tuple[datetime, timedelta]:
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
        if length < _SKIP:
            raise Unusable("DURATION", _("It ends before it starts."))
        return start, length
    return start, _SKIP if isinstance(event["DTSTART"].dt, datetime) else timedelta(days=1)


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


def _occurrences(
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


def _recurrence_key(event: Any, floating: tzinfo) -> datetime:
    try:
        return _moment(event, "RECURRENCE-ID", floating).astimezone(UTC)
    except Unusable:
        return datetime.min.replace(tzinfo=UTC)  # told when the event itself is used


def _plus(begins: datetime, length: timedelta, *, whole_days: bool) -> datetime:
    """Whole days end at a midnight of the wall clock, also when one of them has 23 hours."""
    return begins + length if whole_days else begins.astimezone(UTC) + length


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
