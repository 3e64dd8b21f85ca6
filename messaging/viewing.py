"""Rows to what readers get."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from messaging.models import Conversation, Entry, Reading
from messaging.types import ConversationView, EntryView, Side, State, Step, Subject
from steadwell.ids import PersonId, PractitionerId, SiteId, UserId

OTHER = {Side.PATIENT: Side.CARE_TEAM, Side.CARE_TEAM: Side.PATIENT}


def conversation(row: Conversation) -> ConversationView:
    return ConversationView(
        conversation_id=row.pk, version=row.version, person_id=PersonId(row.person_id),
        site_id=SiteId(row.site_id), subject=Subject(row.subject), state=State(row.state),
        started_at=row.started_at, changed_at=row.changed_at, waiting_since=row.waiting_since,
        answer_by=row.answer_by, assigned_to=UserId(row.assigned_to) if row.assigned_to else None,
        has_news=row.last_of_team > row.read_by_patient,
    )  # fmt: skip


def with_entries(row: Conversation, side: Side) -> ConversationView:
    """Two statements: what was written, and when it was read."""
    rows = Entry.objects.filter(conversation_id=row.pk).order_by("number")
    if side is Side.PATIENT:
        rows = rows.exclude(step=Step.ASSIGNED.value)
    readings = list(Reading.objects.filter(conversation_id=row.pk).order_by("up_to"))
    found = tuple(_entry(each, readings) for each in rows)
    view = conversation(row)
    if side is Side.PATIENT:
        view = replace(view, assigned_to=None)
    return replace(view, entries=found)


def as_seen(current: ConversationView, version: int) -> ConversationView | None:
    """The conversation with the entries that there were; None for a version that never was."""
    entries = tuple(each for each in current.entries if each.number <= version)
    if not entries or entries[-1].number != version:
        return None
    return replace(current, version=version, changed_at=entries[-1].at, entries=entries)


def _entry(row: Entry, readings: Sequence[Reading]) -> EntryView:
    return EntryView(
        number=row.number, step=Step(row.step), side=Side(row.side), author_id=_user(row.author_id),
        role=row.role,
        practitioner_id=PractitionerId(row.practitioner_id) if row.practitioner_id else None,
        text=row.text, assigned_to=_user(row.assigned_to), at=row.at,
        read_at=min((r.at for r in _of_other_side(row, readings)), default=None),
    )  # fmt: skip


def _of_other_side(row: Entry, readings: Sequence[Reading]) -> Iterable[Reading]:
    other = OTHER[Side(row.side)].value
    return (each for each in readings if each.side == other and each.up_to >= row.number)


def _user(value: UUID | None) -> UserId | None:
    return UserId(value) if value else None
