"""The work list itself: what waits in which version, and how it is closed. Changes happen under the report's
lock, which filing takes too: a version cannot come in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from labs import current, publishing, rows
from labs.models import Report, ReviewTask, TaskStep
from labs.models.review import Rank, TaskState
from labs.review import escalation
from labs.types import Status

UNFINISHED = frozenset({Status.REGISTERED, Status.PARTIAL, Status.PRELIMINARY})


def lock_report(report_id: UUID) -> Report | None:
    """The report, locked against new versions, signatures and delegations until the transaction ends."""
    return Report.objects.select_for_update(no_key=True).filter(pk=report_id).first()


def lock_reports(report_ids: Iterable[UUID]) -> dict[UUID, Report]:
    """Several, in the order of their ids."""
    rows = Report.objects.select_for_update(no_key=True).filter(pk__in=set(report_ids)).order_by("pk")
    return {report.pk: report for report in rows}


def is_outdated(report: Report, version: int) -> bool:
    """Whether a later version says something new to a reader of this one. An old message that came again, or
    one that says the same, does not.
    """
    if report.version <= version:
        return False
    headings, words = rows.versions_of(report.pk), rows.words_of(report.pk)
    read = current.state_of(
        [rows.heading(each) for each in headings if each["version"] <= version],
        [word for word in words if word.version <= version],
    )
    now = current.state_of([rows.heading(each) for each in headings], words)
    return publishing.compare(read, now, number=report.version).visible


def rank_of(report: Report) -> Rank:
    if report.critical:
        return Rank.CRITICAL
    # What could not be read is for a person to look at, like what is out of range.
    return Rank.ABNORMAL if report.abnormal or report.quarantined else Rank.NORMAL


def open_tasks(report: Report) -> list[ReviewTask]:
    return list(ReviewTask.objects.filter(report=report, state=TaskState.OPEN).order_by("pk"))


def close(
    closing: Iterable[ReviewTask],
    *,
    state: TaskState,
    act: TaskStep.Act,
    by: UUID | None,
    now: datetime,
    note: str = "",
) -> None:
    """Close open tasks of a locked report, and write down how."""
    ids = [task.pk for task in closing]
    if not ids:
        return
    ReviewTask.objects.filter(pk__in=ids, state=TaskState.OPEN).update(
        state=state, in_queue=False, closed_at=now, changed_at=now, closed_by=by
    )
    TaskStep.objects.bulk_create(TaskStep(task_id=pk, act=act, at=now, by=by, note=note) for pk in ids)
    escalation.forget(ids)
