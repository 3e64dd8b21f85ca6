"""Putting each version of a report before the one who has to read it, and taking older versions away.

Run by the outbox's consumers, in one transaction with the mark that the event was heard; twice does no harm.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from labs.models import Report, ReviewTask, TaskStep
from labs.models.review import Rank, TaskKind, TaskState
from labs.review import calls, corrections, escalation, followups, rules, tasks
from labs.types import Status
from steadwell import events
from steadwell.observability import service as observability
from steadwell.outbox import service as outbox


def open_filed(heard: Sequence[outbox.Heard[events.LabReportFiled]]) -> None:
    """Put many before their clinicians at once, with as many statements as one: first versions that say
    nothing critical and that no follow-up waits for. The others go one by one.
    """
    now = heard[0].ctx.now
    locked = tasks.lock_reports(each.event.report_id for each in heard)
    plain = _plain(heard, locked)
    _insert(
        [
            _task(report, 1, TaskKind.REVIEW, report.practitioner_id, now=now)
            for pk, report in locked.items()
            if pk in plain
        ],
        now=now,
    )
    for each in heard:
        if each.event.report_id not in plain:
            with observability.span("labs.review", traceparent=each.ctx.traceparent):
                open_for(report_id=each.event.report_id, version=each.event.version, corrected=False, now=now)


def _plain(
    heard: Sequence[outbox.Heard[events.LabReportFiled]], locked: Mapping[UUID, Report]
) -> Collection[UUID]:
    firsts = {each.event.report_id for each in heard if each.event.version == 1}
    wanted = {
        pk: report
        for pk, report in locked.items()
        if pk in firsts
        and report.version == 1
        and not report.critical
        and report.person_id is not None
        and not report.waits
        and report.status != Status.REGISTERED
    }
    known = set(ReviewTask.objects.filter(report__in=wanted).values_list("report_id", flat=True))
    awaited = followups.awaiting({report.person_id for report in wanted.values() if report.person_id})
    return {pk for pk, report in wanted.items() if pk not in known and report.person_id not in awaited}


def open_for(*, report_id: UUID, version: int, corrected: bool, now: datetime) -> None:
    """Put a version before its clinician, or into its site's queue; those of older versions are superseded.

    Whoever saw the older values gets the correction as a task of their own. A version that another has
    replaced meanwhile is left to the newer one's event.
    """
    report = tasks.lock_report(report_id)
    if report is None:
        return
    if report.critical or report.version > 1:  # a first version without a critical value has no calls
        calls.reconcile(report, now=now)
    if tasks.is_outdated(report, version):
        return
    if report.person_id is None or report.waits or report.status == Status.REGISTERED:
        return
    known = list(ReviewTask.objects.filter(report=report).exclude(kind=TaskKind.FOLLOW_UP))
    older = [task for task in known if task.version < version and task.state == TaskState.OPEN]
    tasks.close(older, state=TaskState.SUPERSEDED, act=TaskStep.Act.SUPERSEDED, by=None, now=now)
    _readdress(known, report, version, now=now)
    if report.practitioner_id is not None:
        # It waited for anybody, and now names its clinician: out of the queue, unless somebody took it.
        tasks.close(
            [task for task in known if task.version == version and _is_nobodys(task)],
            state=TaskState.SUPERSEDED, act=TaskStep.Act.SUPERSEDED, by=None, now=now,
        )  # fmt: skip
    followups.arrived(report, now=now)
    # Who has not yet said that they saw the last correction has to see it still.
    told = {task.addressee_id for task in older if task.kind == TaskKind.CORRECTION}
    if corrected:
        told |= corrections.who_saw(report, version=version)
    wanted: dict[UUID | None, TaskKind] = dict.fromkeys(told, TaskKind.CORRECTION)
    wanted[report.practitioner_id] = TaskKind.REVIEW
    for task in known:
        if task.version == version:
            wanted.pop(task.addressee_id, None)  # the event came twice
    _insert([_task(report, version, kind, who, now=now) for who, kind in wanted.items()], now=now)


def _readdress(known: list[ReviewTask], report: Report, version: int, *, now: datetime) -> None:
    """The report turned out to be another patient's: what waits says so too."""
    for task in known:
        if task.version == version and (task.person_id, task.site_id) != (report.person_id, report.site_id):
            ReviewTask.objects.filter(pk=task.pk, state=TaskState.OPEN).update(
                person_id=report.person_id, site_id=report.site_id, changed_at=now
            )


def _is_nobodys(task: ReviewTask) -> bool:
    return task.state == TaskState.OPEN and task.addressee_id is None and task.holder_id is None


def _task(report: Report, version: int, kind: TaskKind, who: UUID | None, *, now: datetime) -> ReviewTask:
    rank = tasks.rank_of(report)
    return ReviewTask(
        kind=kind, report=report, version=version, person_id=report.person_id, site_id=report.site_id,
        addressee_id=who, holder_id=who, in_queue=who is None, corrected=report.corrected,
        rank=min(rank, Rank.ABNORMAL) if kind == TaskKind.CORRECTION else rank,
        preliminary=report.status in tasks.UNFINISHED, opened_at=now, changed_at=now,
    )  # fmt: skip


def _insert(wanted: list[ReviewTask], *, now: datetime) -> None:
    if not wanted:
        return
    ReviewTask.objects.bulk_create(wanted)
    escalation.plan(wanted, rules=rules.rules_of_many({task.site_id for task in wanted}), now=now)
