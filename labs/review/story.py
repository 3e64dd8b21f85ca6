"""What people did with a report: read, handed over, signed, written, called. For whoever may read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import connection

from labs.models import CallStep, TaskStep
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


_ACTS: Mapping[str, Deed] = {
    "signed": Deed.SIGNED,
    "signed-in-bulk": Deed.SIGNED_IN_BULK,
    "acknowledged": Deed.ACKNOWLEDGED,
    "follow-up": Deed.FOLLOW_UP,
    "follow-up-arrived": Deed.FOLLOW_UP_ARRIVED,
    "follow-up-settled": Deed.FOLLOW_UP_SETTLED,
    f"task-{TaskStep.Act.DELEGATED.value}": Deed.DELEGATED,
    f"task-{TaskStep.Act.TAKEN.value}": Deed.TAKEN,
    f"task-{TaskStep.Act.ESCALATED.value}": Deed.ESCALATED,
    f"call-{CallStep.Act.PAGED.value}": Deed.CALLED,
    f"call-{CallStep.Act.ESCALATED.value}": Deed.CALL_ESCALATED,
    f"call-{CallStep.Act.MISREAD.value}": Deed.MISREAD,
    f"call-{CallStep.Act.ACKNOWLEDGED.value}": Deed.CONFIRMED,
    f"call-{CallStep.Act.WITHDRAWN.value}": Deed.WITHDRAWN,
}
_TO_PATIENT, _TO_CLINIC = "comment-patient", "comment-clinic"
# Everything that was done with one report: what, when, by which clinician or user, to whom, with which words.
_ALL = """
SELECT CASE WHEN in_bulk THEN 'signed-in-bulk' ELSE 'signed' END, signed_at, practitioner_id, NULL::uuid,
    NULL::uuid, version, '', id::text
FROM labs_signature WHERE report_id = %(report)s
UNION ALL
SELECT 'acknowledged', at, practitioner_id, NULL, NULL, version, '', ''
FROM labs_acknowledgement WHERE report_id = %(report)s
UNION ALL
SELECT 'task-' || step.act, step.at, NULL, step.by, step.to_id, 0, step.note, ''
FROM labs_taskstep step JOIN labs_reviewtask task ON task.id = step.task_id
WHERE task.report_id = %(report)s
UNION ALL
SELECT 'call-' || step.act, step.at, NULL, step.user_id, NULL, 0, step.read_back, ''
FROM labs_callstep step JOIN labs_criticalcall call ON call.id = step.call_id
WHERE call.report_id = %(report)s
UNION ALL
SELECT 'follow-up', made_at, practitioner_id, NULL, NULL, 0, what, ''
FROM labs_followup WHERE report_id = %(report)s
UNION ALL
SELECT 'follow-up-' || asked.state, task.closed_at, NULL, NULL, NULL, 0, asked.what, ''
FROM labs_followup asked JOIN labs_reviewtask task ON task.follow_up_id = asked.id
WHERE asked.report_id = %(report)s AND task.report_id = %(report)s AND task.kind = 'follow-up'
  AND task.closed_at IS NOT NULL
UNION ALL
SELECT 'comment-' || audience, written_at, practitioner_id, NULL, NULL, version, text, lpad(id::text, 20, '0')
FROM labs_reportcomment WHERE report_id = %(report)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """``deeds`` and ``comments`` newest first. ``signed``: the last version that was signed, 0 for none."""

    deeds: Sequence[Event]
    comments: Sequence[Comment]
    signed: int


def story_of(report_id: UUID) -> Story:
    """What was done with a report and written about it. One statement, and one where users took part."""
    with connection.cursor() as cursor:
        cursor.execute(_ALL, {"report": report_id})
        rows = cursor.fetchall()
    users = {user for act, _, _, user, *_ in rows if user and act in _ACTS}
    who = accounts.practitioners_of_users(users) if users else {}
    deeds = [
        Event(
            deed=_ACTS[act], at=at, by=_id(clinician) if clinician else _of(who, user), to=_id(to),
            version=version, text=text,
        )
        for act, at, clinician, user, to, version, text, _ in rows
        if act in _ACTS
    ]  # fmt: skip
    written = sorted((row for row in rows if row[0] in {_TO_PATIENT, _TO_CLINIC}), key=lambda row: row[-1])
    return Story(
        deeds=sorted(deeds, key=lambda event: event.at, reverse=True),
        comments=[
            Comment(to_patient=act == _TO_PATIENT, text=text, at=at, by=_id(clinician), version=version)
            for act, at, clinician, _, _, version, text, _ in reversed(written)
        ],
        signed=max((row[5] for row in rows if row[0] in {"signed", "signed-in-bulk"}), default=0),
    )


def _of(who: Mapping[UserId, PractitionerId], user: UUID | None) -> PractitionerId | None:
    return who.get(UserId(user)) if user else None


def _id(value: UUID | None) -> PractitionerId | None:
    return PractitionerId(value) if value else None
