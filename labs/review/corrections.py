"""A correction reaches every clinician who saw the value before it, and each says that it did."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from labs import access
from labs.models import Acknowledgement, Report, ReportVersion, ReviewTask, Signature, TaskStep
from labs.models.review import TaskKind, TaskState
from labs.review import reach, tasks
from labs.review.errors import NewerVersion, TaskClosed
from steadwell.accounts import service as accounts
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.ids import PersonId, new_id
from steadwell.outbox import service as outbox
from steadwell.transactions import write


def who_saw(report: Report, *, version: int) -> set[UUID | None]:
    """The clinicians who opened or signed this report before a version came: audit and signatures know."""
    recorded = ReportVersion.objects.filter(entity_id=report.pk, version=version)
    came_at = recorded.values_list("recorded_at", flat=True).first()
    users: set[UUID] = {viewer.user_id for viewer in audit.viewers_of(entity_id=report.pk, before=came_at)}
    signed = Signature.objects.filter(report=report, version__lt=version)
    users.update(signed.values_list("signed_by", flat=True))
    return set(accounts.practitioners_of_users(users).values())


def acknowledge(*, actor: Actor, task_id: UUID, request_key: str, now: datetime) -> None:
    """Say that one has seen the correction. Raises NotFound, TaskClosed, NewerVersion."""

    def work() -> None:
        task = ReviewTask.objects.filter(pk=task_id, kind=TaskKind.CORRECTION).first()
        report = reach.may_read(actor, tasks.lock_report(task.report_id) if task else None)
        assert task is not None  # noqa: S101 - may_read() refused otherwise
        wanted = new_id()
        found = outbox.claim_request(
            actor=actor, key=request_key, operation="lab.acknowledge", body={"task": task_id},
            result_id=wanted, now=now,
        )  # fmt: skip
        if found != wanted:
            return
        if tasks.is_outdated(report, task.version):
            raise NewerVersion(current=report.version)
        mine = [each for each in tasks.open_tasks(report) if each.pk == task_id]
        if not mine:
            raise TaskClosed
        note_seen(report, task.version, actor=actor, now=now)
        tasks.close(mine, state=TaskState.DONE, act=TaskStep.Act.ACKNOWLEDGED, by=actor.user_id, now=now)
        audit.record(
            actor=actor, action="lab.correction.acknowledge", category="lab", now=now,
            site_id=access.site_of(report),
            subject_id=PersonId(report.person_id) if report.person_id else None, entity_id=report.pk,
            detail={"version": str(task.version)},
        )  # fmt: skip

    write(work)


def note_seen(report: Report, version: int, *, actor: Actor, now: datetime) -> None:
    """The row that says who has seen which correction; once per reader and version."""
    if report.person_id is None:
        return
    Acknowledgement.objects.bulk_create(
        [
            Acknowledgement(
                report=report, version=version, person_id=report.person_id, user_id=reach.user_of(actor),
                practitioner_id=actor.practitioner_id, at=now,
            )
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def own_tasks(open_tasks: list[ReviewTask], actor: Actor) -> list[ReviewTask]:
    """Of a report's open tasks the corrections that wait for this clinician."""
    return [
        task
        for task in open_tasks
        if task.kind == TaskKind.CORRECTION and actor.practitioner_id in {task.addressee_id, task.holder_id}
    ]
