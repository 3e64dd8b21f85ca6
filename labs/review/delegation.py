"""Handing a result to a colleague, taking one from the queue, and covering for one who is away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import BooleanField, ExpressionWrapper, Q

from labs import access
from labs.models import Away, ReviewTask, TaskStep
from labs.models.review import TaskState
from labs.ports import directory
from labs.review import reach, tasks
from labs.review.errors import AlreadyCovered, NotReading, TaskClosed
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, Role
from steadwell.audit import service as audit
from steadwell.errors import Invalid, NotFound
from steadwell.ids import PersonId, PractitionerId, SiteId, new_id
from steadwell.outbox import service as outbox
from steadwell.transactions import write

LONGEST_AWAY = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """One clinician reads for another, from when until when."""

    away_id: UUID
    practitioner_id: PractitionerId
    to_id: PractitionerId
    starts_at: datetime
    ends_at: datetime


def colleagues(*, actor: Actor, site_id: UUID | None, now: datetime) -> dict[PractitionerId, str]:
    """Who reads results at a site, by name: those one may delegate to."""
    ids = colleague_ids(actor=actor, site_id=site_id, now=now)
    names = directory().practitioner_names(practitioner_ids=ids, now=now) if ids else {}
    return dict(sorted(names.items(), key=lambda item: item[1]))


def colleague_ids(*, actor: Actor, site_id: UUID | None, now: datetime) -> frozenset[PractitionerId]:
    """The same without their names."""
    if not site_id or not actor.works_at(SiteId(site_id)):
        return frozenset()
    found = accounts.staff_at(site_id=SiteId(site_id), role=Role.CLINICIAN, now=now).values()
    return frozenset(each for each in found if each is not None)


def delegate(
    *, actor: Actor, task_id: UUID, to_id: UUID, note: str = "", request_key: str, now: datetime
) -> None:
    """Hand a task to a colleague of the report's site. Raises NotFound, NotReading, TaskClosed."""
    _hand_over(actor, task_id, to_id, note.strip()[:500], TaskStep.Act.DELEGATED, request_key, now)


def take(*, actor: Actor, task_id: UUID, request_key: str, now: datetime) -> None:
    """Take a task out of the site's queue into one's own inbox."""
    if actor.practitioner_id is None:
        raise NotReading
    _hand_over(actor, task_id, actor.practitioner_id, "", TaskStep.Act.TAKEN, request_key, now)


def _hand_over(
    actor: Actor, task_id: UUID, to_id: UUID, note: str, act: TaskStep.Act, request_key: str, now: datetime
) -> None:
    def work() -> None:
        task = ReviewTask.objects.filter(pk=task_id).first()
        report = reach.may_read(actor, tasks.lock_report(task.report_id) if task else None)
        assert task is not None  # noqa: S101 - may_read() refused otherwise
        wanted = new_id()
        found = outbox.claim_request(
            actor=actor, key=request_key, operation=f"lab.{act}", result_id=wanted, now=now,
            body={"task": task_id, "to": to_id, "note": note},
        )  # fmt: skip
        if found != wanted:
            return
        if to_id not in colleagues(actor=actor, site_id=report.site_id, now=now):
            raise NotReading
        moved = ReviewTask.objects.filter(pk=task_id, state=TaskState.OPEN).exclude(holder_id=to_id)
        # What was not read in time stays in the site's queue, whoever has it now.
        if not moved.update(
            holder_id=to_id,
            delegated_by=actor.practitioner_id if act == TaskStep.Act.DELEGATED else None,
            in_queue=ExpressionWrapper(Q(escalation__gt=0), output_field=BooleanField()),
            changed_at=now,
        ):
            raise TaskClosed if task.holder_id != to_id else NotReading
        TaskStep.objects.create(task=task, act=act, at=now, by=actor.user_id, to_id=to_id, note=note)
        audit.record(
            actor=actor, action=f"lab.task.{act}", category="lab", now=now, entity_id=report.pk,
            site_id=access.site_of(report),
            subject_id=PersonId(task.person_id) if task.person_id else None, detail={"to": str(to_id)},
        )  # fmt: skip

    write(work)


def cover(
    *,
    actor: Actor,
    practitioner_id: UUID,
    to_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    request_key: str,
    now: datetime,
) -> UUID:
    """Have a colleague read everything of a clinician for a time. It ends by itself.

    The clinician arranges their own; a manager of one of their sites theirs. Raises NotFound, Invalid,
    NotReading, AlreadyCovered.
    """
    _may_arrange(actor, practitioner_id, now=now)
    wrong = ends_at <= max(starts_at, now) or ends_at - starts_at > LONGEST_AWAY
    if wrong:
        raise Invalid(fields={"until": ""})
    shared = _sites(practitioner_id, now) & _sites(to_id, now)
    if practitioner_id == to_id or not shared:
        raise NotReading

    def work() -> UUID:
        wanted = new_id()
        found = outbox.claim_request(
            actor=actor, key=request_key, operation="lab.cover", result_id=wanted, now=now,
            body={"who": practitioner_id, "to": to_id, "from": starts_at, "until": ends_at},
        )  # fmt: skip
        if found == wanted:
            _insert(wanted, actor, practitioner_id, to_id, starts_at, ends_at, now=now)
        return found

    return write(work)


def end_cover(*, actor: Actor, away_id: UUID, now: datetime) -> None:
    """End it now, or take it back before it began. Ending what is over does nothing."""

    def work() -> None:
        row = Away.objects.select_for_update().filter(pk=away_id).first()
        if row is None:
            raise NotFound
        _may_arrange(actor, row.practitioner_id, now=now)
        if row.ends_at <= now:
            return
        row.ends_at = max(now, row.starts_at)
        row.save(update_fields=["ends_at"])
        audit.record(actor=actor, action="lab.cover.end", category="lab-settings", now=now, entity_id=row.pk)

    write(work)


def list_covers(*, actor: Actor, now: datetime) -> Sequence[Cover]:
    """What is arranged from now on for and by this clinician."""
    mine = Q(practitioner_id=actor.practitioner_id) | Q(to_id=actor.practitioner_id)
    rows = Away.objects.filter(mine, ends_at__gt=now) if actor.practitioner_id else Away.objects.none()
    return [
        Cover(
            away_id=row.pk,
            practitioner_id=PractitionerId(row.practitioner_id),
            to_id=PractitionerId(row.to_id),
            starts_at=row.starts_at,
            ends_at=row.ends_at,
        )
        for row in rows.order_by("starts_at", "pk")[:50]
    ]


def _insert(
    pk: UUID, actor: Actor, who: UUID, to_id: UUID, starts_at: datetime, ends_at: datetime, *, now: datetime
) -> None:
    try:
        with transaction.atomic():
            Away.objects.create(
                pk=pk, practitioner_id=who, to_id=to_id, starts_at=starts_at, ends_at=ends_at,
                made_by=reach.user_of(actor), made_at=now,
            )  # fmt: skip
    except IntegrityError as error:
        if "labs_away_one_at_a_time" not in str(error):
            raise
        raise AlreadyCovered from error
    audit.record(
        actor=actor, action="lab.cover", category="lab-settings", now=now, entity_id=pk,
        detail={"for": str(who), "by": str(to_id)},
    )  # fmt: skip


def _sites(practitioner_id: UUID, now: datetime) -> frozenset[SiteId]:
    return directory().sites_of(practitioner_id=PractitionerId(practitioner_id), now=now)


def _may_arrange(actor: Actor, practitioner_id: UUID, *, now: datetime) -> None:
    if actor.practitioner_id == practitioner_id and actor.has(Role.CLINICIAN):
        return
    managed = {Role.MANAGER, Role.ADMINISTRATOR}
    if not any(actor.roles_at(site) & managed for site in _sites(practitioner_id, now)):
        raise NotFound
