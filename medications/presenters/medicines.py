"""A patient's medicines as rows and as one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from medications.presenters import words
from medications.presenters.directions import How, how
from medications.types import (
    Evidence,
    LineView,
    RefillState,
    RefillView,
    ReminderView,
    Source,
    StatementKind,
    StatementView,
    Status,
)
from steadwell.portal import service as portal

# While one of these holds, a second request would be refused.
UNDER_WAY = frozenset(
    {
        RefillState.REQUESTED,
        RefillState.APPROVED,
        RefillState.SENT,
        RefillState.ACCEPTED,
        RefillState.UNANSWERED,
        RefillState.PHARMACY_REFUSED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefillBadge:
    refill_id: UUID
    text: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One medicine of the list. ``badge`` is empty while it is taken; ``may_refill``: one more press asks."""

    line_id: UUID
    revision: int
    name: str
    why: str
    how: How
    prescriber: str
    next_dose: str
    badge: str
    tone: str
    is_being_checked: bool
    may_refill: bool
    refill: RefillBadge | None
    is_current: bool
    own_statement: UUID | None


def rows(
    lines: Sequence[LineView], *, refillable: Mapping[UUID, UUID], refills: Sequence[RefillView],
    reminders: Sequence[ReminderView], zone: str, now: datetime,
) -> list[Row]:  # fmt: skip
    latest = newest(refills)
    next_dose = _next(reminders)
    return [
        row(line, refillable=refillable, latest=latest, next_dose=next_dose, zone=zone, now=now)
        for line in lines
        if line.status is not Status.ENTERED_IN_ERROR
    ]


def row(
    line: LineView, *, refillable: Mapping[UUID, UUID], latest: Mapping[UUID, RefillView],
    next_dose: Mapping[UUID, datetime], zone: str, now: datetime,
) -> Row:  # fmt: skip
    status, tone = words.STATUS[line.status]
    refill = latest.get(line.line_id)
    due = next_dose.get(line.line_id)
    return Row(
        line_id=line.line_id,
        revision=line.revision,
        name=words.medicine(line.name),
        why=said(line, "reason_text"),
        how=how(line.dosage_text),
        prescriber=said(line, "prescriber_name"),
        next_dose=words.when(due, zone, now=now) if due and line.is_current else "",
        badge="" if line.status is Status.ACTIVE else str(status),
        tone=tone,
        is_being_checked=line.is_open,
        may_refill=line.line_id in refillable and not (refill and refill.state in UNDER_WAY),
        refill=_badge(refill) if refill else None,
        is_current=line.is_current,
        own_statement=next(
            (e.statement.statement_id for e in line.evidence if e.statement.source is Source.PATIENT), None
        ),
    )


def newest(refills: Sequence[RefillView]) -> dict[UUID, RefillView]:
    """The latest refill of each medicine; one that was taken back speaks no more."""
    found: dict[UUID, RefillView] = {}
    for refill in sorted(refills, key=lambda each: each.requested_at):
        if refill.state is not RefillState.WITHDRAWN:
            found[refill.line_id] = refill
    return found


def _next(reminders: Sequence[ReminderView]) -> dict[UUID, datetime]:
    found: dict[UUID, datetime] = {}
    for each in reminders:
        if each.active and each.next_at is not None:
            found[each.line_id] = min(each.next_at, found.get(each.line_id, each.next_at))
    return found


def _badge(refill: RefillView) -> RefillBadge:
    text, tone = words.REFILL[refill.state]
    return RefillBadge(refill_id=refill.refill_id, text=str(text), tone=tone)


def said(line: LineView, name: str) -> str:
    """What the evidence says of something, the newest word first."""
    spoken = sorted(line.evidence, key=lambda each: each.statement.said_at, reverse=True)
    return next((text for each in spoken if (text := getattr(each.statement, name))), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one source says of a medicine."""

    source: str
    words: str
    how: str
    status: str
    day: str
    iso: str
    statement_id: UUID
    is_own: bool


def evidence(line: LineView, zone: str) -> list[Said]:
    return [_said(each, zone) for each in line.evidence]


def _said(each: Evidence, zone: str) -> Said:
    statement = each.statement
    status, _tone = words.STATUS[statement.status]
    return Said(
        source=_who(statement),
        words=statement.drug_text,
        how=statement.dosage.text,
        status=str(status),
        day=words.day(statement.said_at, zone),
        iso=statement.said_at.isoformat(),
        statement_id=statement.statement_id,
        is_own=statement.source is Source.PATIENT,
    )


def _who(statement: StatementView) -> str:
    source = str(words.SOURCE_FOR_PATIENT[statement.source])
    if statement.kind is StatementKind.ORDER and statement.prescriber_name:
        return _("%(source)s: prescribed by %(name)s") % {"source": source, "name": statement.prescriber_name}
    if statement.kind is StatementKind.DISPENSE:
        return _("%(source)s: handed out") % {"source": source}
    return source


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderRow:
    reminder_id: UUID
    version: int
    line_id: UUID
    name: str
    time: str
    days: str
    zone: str


def reminder_rows(reminders: Sequence[ReminderView]) -> list[ReminderRow]:
    return [
        ReminderRow(
            reminder_id=each.reminder_id,
            version=each.version,
            line_id=each.line_id,
            name=words.medicine(each.name),
            time=portal.clock_text(each.at),
            days=_days(each.days),
            zone=portal.zone_text(each.zone),
        )
        for each in reminders
        if each.active
    ]


def reminder_text(reminder: ReminderView) -> str:
    """One reminder in words: when it comes, or that it has ended."""
    if not reminder.active:
        return _("%(time)s: ended") % {"time": portal.clock_text(reminder.at)}
    return f"{portal.clock_text(reminder.at)}, {_days(reminder.days)}"


def _days(days: Sequence[int]) -> str:
    if not days or len(days) == 7:
        return _("every day")
    return ", ".join(str(name) for number, name in weekdays() if number in days)


def weekdays() -> list[tuple[int, str]]:
    """ISO weekdays by name."""
    return [(number + 1, str(WEEKDAYS[number])) for number in range(7)]
