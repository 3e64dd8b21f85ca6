"""What nobody read in time climbs: to the colleague who covers and the whole site, then to its managers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.urls import reverse

from labs.models import ReviewTask, TaskStep
from labs.models.review import TaskState
from labs.ports import directory
from labs.review import rules as site_rules
from labs.review.rules import Rules
from notifications import service as notifications
from steadwell.accounts import service as accounts
from steadwell.actor import Role
from steadwell.ids import SiteId
from steadwell.outbox import service as outbox
from steadwell.outbox.service import DeliveryContext, DueRow, NewDueRow

KIND = "labs.unread"
TO_SITE, TO_MANAGERS = 1, 2
HIGHEST = 6  # then its managers have been told five times, and it still stands on top of the queue


def plan(tasks: Sequence[ReviewTask], *, rules: Mapping[UUID, Rules], now: datetime) -> None:
    """Promise to look again after the site's time, for each task. ``rules`` by site, where it has its own."""
    outbox.schedule_many(
        [
            NewDueRow(
                kind=KIND,
                key=f"{task.pk}:{task.escalation + 1}",
                about=task.pk,
                due_at=now + _rules_of(task, rules).to_read(task.rank),
                payload={"level": str(task.escalation + 1)},
            )
            for task in tasks
        ],
        now=now,
    )


def _rules_of(task: ReviewTask, rules: Mapping[UUID, Rules]) -> Rules:
    return rules.get(task.site_id, site_rules.DEFAULTS) if task.site_id else site_rules.DEFAULTS


def forget(task_ids: Sequence[UUID]) -> None:
    for task_id in task_ids:
        outbox.cancel_due(kind_prefix=KIND, about=task_id)


def escalate(row: DueRow, ctx: DeliveryContext) -> None:
    """The time to read is over. First the whole site sees it, then its managers are written to."""
    level, task_id = int(row.payload["level"]), UUID(str(row.about))
    task = ReviewTask.objects.select_for_update(no_key=True).filter(pk=task_id, state=TaskState.OPEN).first()
    if task is None or task.escalation >= level:
        return
    task.escalation, task.in_queue, task.changed_at = level, True, ctx.now
    task.save(update_fields=["escalation", "in_queue", "changed_at"])
    TaskStep.objects.create(task=task, act=TaskStep.Act.ESCALATED, level=level, at=ctx.now)
    if level >= TO_MANAGERS and task.site_id:
        _tell_managers(task, level, now=ctx.now)
    if level < HIGHEST:
        plan([task], rules=site_rules.rules_of_many([task.site_id]), now=ctx.now)


def _tell_managers(task: ReviewTask, level: int, *, now: datetime) -> None:
    site_id = SiteId(task.site_id) if task.site_id else None
    assert site_id is not None  # noqa: S101 - asked by the caller
    notifications.alert_staff(
        user_ids=accounts.staff_at(site_id=site_id, role=Role.MANAGER, now=now),
        template="staff.unread-result",
        params={
            "path": f"{reverse('clinic-labs:inbox')}?who=queue",
            "place": directory().site_name(site_id=site_id, now=now),
        },
        key=f"labs.unread:{task.pk}:{level}",
        about=task.pk,
        site_id=site_id,
        urgency=notifications.Urgency.STANDARD,
        now=now,
    )
