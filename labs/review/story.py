"""What people did with a report: read, handed over, signed, written, called. For whoever may read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from labs.models import (
    Acknowledgement,
    CallStep,
    FollowUp,
    Report,
    ReportComment,
    ReviewTask,
    Signature,
    TaskStep,
)
from steadwell.accounts import service as accounts
from steadwell.ids import PractitionerId, UserId


class Deed(StrEnum):
    SIGNED = "signed"
    SIGNED_IN_BULK = "signed-in-bulk"
    ACKNOWLEDGED = "acknowledged"
    DELEGATED = "delegated"
    TAKEN = "taken"
    ESCALATED = "escalated"
    FOLLOW_UP = "follow-up"
    FOLLOW_UP_ARRIVED = "follow-up-arrived"
    FOLLOW_UP_SETTLED = "follow-up-settled"
    CALLED = "called"
    CALL_ESCALATED = "call-escalated"
    MISREAD = "misread"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """``by`` and ``to`` are clinicians, where those who did it are."""

    deed: Deed
    at: datetime
    by: PractitionerId | None = None
    to: PractitionerId | None = None
    version: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    to_patient: bool
    text: str
    at: datetime
    by: PractitionerId | None
    version: int


_STEPS = {
    TaskStep.Act.DELEGATED: Deed.DELEGATED,
    TaskStep.Act.TAKEN: Deed.TAKEN,
    TaskStep.Act.ESCALATED: Deed.ESCALATED,
}
_CALLS = {
    CallStep.Act.PAGED: Deed.CALLED,
    CallStep.Act.ESCALATED: Deed.CALL_ESCALATED,
    CallStep.Act.MISREAD: Deed.MISREAD,
    CallStep.Act.ACKNOWLEDGED: Deed.CONFIRMED,
    CallStep.Act.WITHDRAWN: Deed.WITHDRAWN,
}


def story_of(report_id: UUID) -> list[Event]:
    """Newest first. Seven statements, whatever happened."""
    report = Report(pk=report_id)
    steps = list(TaskStep.objects.filter(task__report_id=report_id, act__in=list(_STEPS)))
    calls = list(CallStep.objects.filter(call__report_id=report_id, act__in=list(_CALLS)))
    users = {step.by for step in steps} | {call.user_id for call in calls}
    who = accounts.practitioners_of_users(user for user in users if user)
    found = [*_signed(report), *_follow_ups(report)]
    found += [
        Event(
            deed=_STEPS[TaskStep.Act(step.act)], at=step.at, by=_of(who, step.by), to=_id(step.to_id),
            text=step.note,
        )
        for step in steps
    ]  # fmt: skip
    found += [
        Event(deed=_CALLS[CallStep.Act(call.act)], at=call.at, by=_of(who, call.user_id), text=call.read_back)
        for call in calls
    ]
    return sorted(found, key=lambda event: event.at, reverse=True)


def comments_of(report_id: UUID) -> list[Comment]:
    """What was written about a report, newest first."""
    rows = ReportComment.objects.filter(report_id=report_id).order_by("-pk")
    return [
        Comment(
            to_patient=row.audience == ReportComment.Audience.PATIENT,
            text=row.text,
            at=row.written_at,
            by=_id(row.practitioner_id),
            version=row.version,
        )
        for row in rows
    ]


def _signed(report: Report) -> list[Event]:
    found = [
        Event(
            deed=Deed.SIGNED_IN_BULK if row.in_bulk else Deed.SIGNED, at=row.signed_at,
            by=_id(row.practitioner_id), version=row.version,
        )
        for row in Signature.objects.filter(report=report)
    ]  # fmt: skip
    return found + [
        Event(deed=Deed.ACKNOWLEDGED, at=row.at, by=_id(row.practitioner_id), version=row.version)
        for row in Acknowledgement.objects.filter(report=report)
    ]


def _follow_ups(report: Report) -> list[Event]:
    rows = list(FollowUp.objects.filter(report=report))
    ended = {
        task.follow_up_id: task.closed_at
        for task in ReviewTask.objects.filter(report=report, kind="follow-up", closed_at__isnull=False)
    }
    found = [
        Event(deed=Deed.FOLLOW_UP, at=row.made_at, by=_id(row.practitioner_id), text=row.what) for row in rows
    ]
    for row in rows:
        at = ended.get(row.pk)
        if at and row.state in {FollowUp.State.ARRIVED, FollowUp.State.SETTLED}:
            arrived = row.state == FollowUp.State.ARRIVED
            deed = Deed.FOLLOW_UP_ARRIVED if arrived else Deed.FOLLOW_UP_SETTLED
            found.append(Event(deed=deed, at=at, text=row.what))
    return found


def _of(who: Mapping[UserId, PractitionerId], user: UUID | None) -> PractitionerId | None:
    return who.get(UserId(user)) if user else None


def _id(value: UUID | None) -> PractitionerId | None:
    return PractitionerId(value) if value else None
