"""Reading a real calendar file (RFC 5545) as stretches of busy time, and saying which lines could not be
used.

icalendar parses each event on its own, so that one that cannot be read does not take the others with it; the
lines it stood on are kept beside it, because "line 812: unknown time zone" is what somebody can act on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from django.utils.translation import gettext as _
from icalendar import Calendar

from scheduling.icstimes import NO_TIME, Unusable, occurrences, plus, recurrence_key, start_and_length

LARGEST = 20_000_000  # bytes
_MOST = 4_000  # stretches of one event


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
        moved = {recurrence_key(event, floating) for _, event in parts if "RECURRENCE-ID" in event}
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
    start, length = start_and_length(event, floating)
    if length <= NO_TIME:
        reading.left_out.append(Remark(line=block.line, text=_("takes no time")))
        return
    found = 0
    for begins in occurrences(event, start, moved, low - length, high, floating):
        found += 1
        if found > _MOST:
            raise Unusable("RRULE", _("It repeats too often."))
        ends = plus(begins, length, whole_days=not isinstance(event["DTSTART"].dt, datetime))
        starts_at, ends_at = begins.astimezone(UTC), ends.astimezone(UTC)
        if starts_at < high and ends_at > low and ends_at > starts_at:
            reading.busy.append(BusyStretch(uid=uid, starts_at=starts_at, ends_at=ends_at))
    if not found:
        reading.left_out.append(Remark(line=block.line, text=_("over, or too far ahead")))
