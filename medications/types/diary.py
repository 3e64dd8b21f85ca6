"""What patients note of their doses, and when they want to be reminded."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from uuid import UUID


class Taken(StrEnum):
    TAKEN = "taken"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiaryEntry:
    """What the patient noted of one dose: ``planned_at`` is the reminder's time, None for one in between."""

    entry_id: UUID
    version: int
    line_id: UUID
    planned_at: datetime | None
    taken: Taken
    noted_at: datetime
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderView:
    """When the patient wants to be reminded, in their wall time. ``next_at`` None: paused or ended."""

    reminder_id: UUID
    version: int
    line_id: UUID
    name: str
    at: time
    zone: str
    active: bool
    next_at: datetime | None
    days: tuple[int, ...] = field(default=())  # ISO weekdays; empty: every day
