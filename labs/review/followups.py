"""What should come after a result, and comes back as a task when it does not."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from labs import access
from labs.models import FollowUp, Report, Result, ReviewTask, TaskStep
from labs.models.review import Rank, TaskKind, TaskState
from labs.review import escalation, reach, rules, tasks
from labs.review.errors import TaskClosed
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import Invalid
from steadwell.ids import PersonId, new_id
from steadwell.outbox import service as outbox
from steadwell.outbox.service import DeliveryContext, DueRow
from steadwell.transactions import write

KIND = "labs.follow-up"
_WAITS = (FollowUp.State.WAITING, FollowUp.State.OVERDUE)


def ask_for(
    *,
    actor: Actor,
    report_id: UUID,
    version: int,
    what: str,
    loinc: str = "",
    order_id: UUID | None = None,
    due_at: datetime,
    request_key: str,
    now: datetime,
) -> UUID:
    """Write down what should follow a result, by when. It settles by itself when a report with the test (or
    of the order) arrives for the patient; if none does it comes back to the clinician as a task.
    """

    def work() -> UUID:
        report = reach.may_read(actor, Report.objects.filter(pk=report_id).first())
        if due_at <= now:
            raise Invalid(fields={"due_on": ""})
        if not what.strip() or report.person_id is None:
            raise Invalid(fields={"what": ""})
        wanted = new_id()
        body = {"report": report_id, "what": what, "loinc": loinc, "due": due_at}
        found = outbox.claim_request(
            actor=actor, key=request_key, operation="lab.follow-up", body=body, result_id=wanted, now=now
        )
        if found != wanted:
            return found
        FollowUp.objects.create(
            pk=wanted, report=report, version=version, person_id=report.person_id, site_id=report.site_id,
            practitioner_id=actor.practitioner_id or report.practitioner_id, order_id=order_id, loinc=loinc,
            what=what.strip()[:200], due_at=due_at, made_by=reach.user_of(actor), made_at=now,
        )  # fmt: skip
        outbox.schedule(kind=KIND, key=str(wanted), about=wanted, due_at=due_at, now=now)
        _audit(actor, "lab.follow-up.order", report, now=now)
        return wanted

    return write(work)


def awaiting(person_ids: Collection[UUID]) -> set[UUID]:
    """Those of these patients for whom something should still come."""
    rows = FollowUp.objects.filter(person_id__in=person_ids, state__in=_WAITS)
    return set(rows.values_list("person_id", flat=True))


def arrived(report: Report, *, now: datetime) -> None:
    """A report came in: the follow-ups it answers are settled, and what had come back is taken away."""
    if report.person_id is None:
        return
    waiting = FollowUp.objects.filter(person_id=report.person_id, state__in=_WAITS).exclude(report=report)
    rows = list(waiting.select_for_update(no_key=True).order_by("pk"))
    if not rows:
        return
    codes = set(Result.objects.filter(report=report).values_list("loinc", flat=True)) | {report.loinc}
    codes.discard("")
    for row in rows:
        ordered = row.order_id is not None and row.order_id == report.order_id
        since = report.collected_at or report.received_at
        if not ordered and not (row.loinc in codes and since >= row.made_at):
            continue
        row.state, row.arrived_report_id = FollowUp.State.ARRIVED, report.pk
        row.save(update_fields=["state", "arrived_report_id"])
        outbox.cancel_due(kind_prefix=KIND, about=row.pk)
        back = ReviewTask.objects.filter(follow_up_id=row.pk, state=TaskState.OPEN)
        tasks.close(list(back), state=TaskState.DONE, act=TaskStep.Act.FOLLOWED, by=None, now=now)


def come_back(row: DueRow, ctx: DeliveryContext) -> None:
    """The day is over and nothing arrived: a task for the clinician who asked for it."""
    found = FollowUp.objects.select_for_update(no_key=True).filter(
        pk=UUID(str(row.about)), state=FollowUp.State.WAITING
    )
    asked = found.first()
    if asked is None:
        return
    asked.state = FollowUp.State.OVERDUE
    asked.save(update_fields=["state"])
    task = ReviewTask(
        kind=TaskKind.FOLLOW_UP, report_id=asked.report_id, version=asked.version, follow_up_id=asked.pk,
        person_id=asked.person_id, site_id=asked.site_id, addressee_id=asked.practitioner_id,
        holder_id=asked.practitioner_id, in_queue=asked.practitioner_id is None, rank=Rank.ABNORMAL,
        opened_at=ctx.now, changed_at=ctx.now,
    )  # fmt: skip
    ReviewTask.objects.bulk_create([task])
    escalation.plan([task], rules=rules.rules_of_many([asked.site_id]), now=ctx.now)


def settle(*, actor: Actor, task_id: UUID, note: str, request_key: str, now: datetime) -> None:
    """Close what came back: the clinician has seen to it in another way, and says how."""

    def work() -> None:
        task = ReviewTask.objects.filter(pk=task_id, kind=TaskKind.FOLLOW_UP).first()
        report = reach.may_read(actor, tasks.lock_report(task.report_id) if task else None)
        assert task is not None  # noqa: S101 - may_read() refused otherwise
        wanted = new_id()
        found = outbox.claim_request(
            actor=actor, key=request_key, operation="lab.follow-up.settle", result_id=wanted, now=now,
            body={"task": task_id, "note": note},
        )  # fmt: skip
        if found != wanted:
            return
        if task not in tasks.open_tasks(report):
            raise TaskClosed
        if not note.strip():
            raise Invalid(fields={"note": ""})
        FollowUp.objects.filter(pk=UUID(str(task.follow_up_id))).update(state=FollowUp.State.SETTLED)
        tasks.close(
            [task], state=TaskState.DONE, act=TaskStep.Act.FOLLOWED, by=actor.user_id, now=now,
            note=note.strip()[:500],
        )  # fmt: skip
        _audit(actor, "lab.follow-up.settle", report, now=now)

    write(work)


def _audit(actor: Actor, action: str, report: Report, *, now: datetime) -> None:
    subject = PersonId(report.person_id) if report.person_id else None
    audit.record(
        actor=actor, action=action, category="lab", now=now, subject_id=subject, entity_id=report.pk,
        site_id=access.site_of(report),
    )  # fmt: skip
