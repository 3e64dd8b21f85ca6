"""The diary: which doses are planned, what was noted of them, and how often somebody remembered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from medications.presenters import words
from medications.types import DiaryEntry, ReminderView, Taken
from steadwell.portal import service as portal

DAYS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """One planned dose of today. ``taken`` is None while nothing was noted."""

    line_id: UUID
    name: str
    time: str
    planned: str  # the instant, for the form
    taken: bool | None
    entry_id: UUID | None
    version: int
    is_past: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """``taken`` of ``planned`` doses; ``iso`` for machines."""

    name: str
    iso: str
    taken: int
    skipped: int
    open: int
    planned: int


def planned(reminders: Iterable[ReminderView], day: date) -> list[tuple[ReminderView, datetime]]:
    """The doses of a day by its wall clock. A time that a change of clocks leaves out comes an hour later."""
    found = []
    for each in reminders:
        if each.active and (not each.days or day.isoweekday() in each.days):
            at = datetime.combine(day, each.at, tzinfo=ZoneInfo(each.zone))
            found.append((each, at.astimezone(ZoneInfo("UTC"))))
    return sorted(found, key=lambda pair: (pair[1], pair[0].name))


def today(
    reminders: Sequence[ReminderView], entries: Sequence[DiaryEntry], zone: str, *, now: datetime
) -> list[Dose]:
    noted = _by_plan(entries)
    day = now.astimezone(ZoneInfo(zone)).date()
    doses = []
    for reminder, at in planned(reminders, day):
        entry = noted.get((reminder.line_id, at))
        doses.append(
            Dose(
                line_id=reminder.line_id,
                name=words.medicine(reminder.name),
                time=portal.time_text(at, reminder.zone),
                planned=at.isoformat(),
                taken=None if entry is None else entry.taken is Taken.TAKEN,
                entry_id=entry.entry_id if entry else None,
                version=entry.version if entry else 0,
                is_past=at <= now,
            )
        )
    return doses


def days(
    reminders: Sequence[ReminderView], entries: Sequence[DiaryEntry], zone: str, *, now: datetime
) -> list[Day]:
    """The last two weeks, today first, from the day of the first note on: before it nobody kept a diary.
    Today counts what is due by now.
    """
    noted = _by_plan(entries)
    if not noted:
        return []
    current = now.astimezone(ZoneInfo(zone)).date()
    first = min(at for _line, at in noted).astimezone(ZoneInfo(zone)).date()
    found = []
    for back in range(DAYS):
        day = current - timedelta(days=back)
        if day < first:
            break
        due = [(each.line_id, at) for each, at in planned(reminders, day) if at <= now]
        taken = sum(1 for key in due if (entry := noted.get(key)) and entry.taken is Taken.TAKEN)
        skipped = sum(1 for key in due if (entry := noted.get(key)) and entry.taken is Taken.SKIPPED)
        if due:
            found.append(
                Day(
                    name=portal.day_text(day, "day-short"),
                    iso=day.isoformat(),
                    taken=taken,
                    skipped=skipped,
                    open=len(due) - taken - skipped,
                    planned=len(due),
                )
            )
    return found


def _by_plan(entries: Iterable[DiaryEntry]) -> Mapping[tuple[UUID, datetime], DiaryEntry]:
    return {(each.line_id, each.planned_at): each for each in entries if each.planned_at is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    name: str
    what: bool
    at: str
    iso: str
    note: str


def between(
    entries: Sequence[DiaryEntry], names: Mapping[UUID, str], zone: str, *, now: datetime
) -> list[Noted]:
    """Doses that were noted without a reminder, the newest first."""
    found = [each for each in entries if each.planned_at is None]
    return [
        Noted(
            name=words.medicine(names.get(each.line_id, "")),
            what=each.taken is Taken.TAKEN,
            at=words.when(each.noted_at, zone, now=now),
            iso=each.noted_at.isoformat(),
            note=each.note,
        )
        for each in sorted(found, key=lambda each: each.noted_at, reverse=True)
    ]
