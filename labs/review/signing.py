"""Signing: a clinician read one version of a report and stands for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from labs import access
from labs.models import Report, ReportComment, ReviewTask, Signature, TaskStep
from labs.models.review import Rank, TaskKind, TaskState
from labs.ports import directory
from labs.review import corrections, reach, tasks
from labs.review.errors import AlreadySigned, NewerVersion, NotNormal
from steadwell import events
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import Invalid, NotFound
from steadwell.ids import PersonId, PractitionerId, new_id
from steadwell.outbox import service as outbox
from steadwell.transactions import write

MOST_IN_BULK = 100
LONGEST = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkSigned:
    """How many were signed together, and how many somebody or a newer version had taken meanwhile."""

    signed: int
    passed_over: int


def sign(
    *,
    actor: Actor,
    report_id: UUID,
    version: int,
    comment: str = "",
    note: str = "",
    talked: bool = False,
    request_key: str,
    now: datetime,
) -> None:
    """Sign the version that one has read, with a comment to the patient and an internal note where given.

    ``talked``: the clinician has spoken with the patient about it. Of two who sign at once one does; the
    other gets AlreadySigned. A version that is no longer the current one is refused with NewerVersion.
    """

    def work() -> None:
        report = reach.may_read(actor, tasks.lock_report(report_id))
        wanted = new_id()
        body = {
            "report": report_id, "version": version, "comment": comment, "note": note, "talked": talked,
        }  # fmt: skip
        found = outbox.claim_request(
            actor=actor, key=request_key, operation="lab.sign", body=body, result_id=wanted, now=now
        )
        if found != wanted:
            return
        if tasks.is_outdated(report, version):
            raise NewerVersion(current=report.version)
        _sign(report, version, actor=actor, now=now, pk=wanted, talked=talked)
        say(report, version, comment, ReportComment.Audience.PATIENT, actor=actor, now=now)
        say(report, version, note, ReportComment.Audience.CLINIC, actor=actor, now=now)
        if comment.strip():
            outbox.publish(events.LabReportCommented(**_names(report, version)), now=now)
        audit.record_many([_entry(report, version)], actor=actor, now=now)

    write(work)


def sign_normal(*, actor: Actor, task_ids: Sequence[UUID], request_key: str, now: datetime) -> BulkSigned:
    """Sign several normal results together. One that is abnormal, corrected, incomplete or set aside refuses
    them all with NotNormal; what a colleague signed, or a newer version replaced meanwhile, is passed over.
    """
    chosen = sorted(set(task_ids))
    if not chosen or len(chosen) > MOST_IN_BULK:
        raise Invalid(fields={"task": ""})

    def work() -> BulkSigned:
        rows = list(ReviewTask.objects.filter(pk__in=chosen))
        reports = tasks.lock_reports(task.report_id for task in rows)
        if len(rows) != len(chosen):
            raise NotFound
        for report in reports.values():
            reach.may_read(actor, report)
        wanted = new_id()
        found = outbox.claim_request(
            actor=actor, key=request_key, operation="lab.sign-normal", body={"tasks": chosen},
            result_id=wanted, now=now,
        )  # fmt: skip
        if found != wanted:
            return BulkSigned(signed=len(chosen), passed_over=0)
        entries = []
        for task in ReviewTask.objects.filter(pk__in=chosen, state=TaskState.OPEN).order_by("pk"):
            report = reports[task.report_id]
            if tasks.is_outdated(report, task.version):
                continue
            if not is_plain(task, report):
                raise NotNormal
            _sign(report, task.version, actor=actor, now=now, in_bulk=True)
            entries.append(_entry(report, task.version))
        audit.record_many(entries, actor=actor, now=now)
        return BulkSigned(signed=len(entries), passed_over=len(chosen) - len(entries))

    return write(work)


def is_plain(task: ReviewTask, report: Report) -> bool:
    """Whether a result may be signed without being opened: nothing about it asks for a second look."""
    return (
        task.kind == TaskKind.REVIEW
        and task.rank == Rank.NORMAL
        and tasks.rank_of(report) == Rank.NORMAL
        and not task.preliminary
        and not report.corrected
        and not report.status_disagrees
    )


def comment(
    *,
    actor: Actor,
    report_id: UUID,
    version: int,
    text: str,
    to_patient: bool,
    request_key: str,
    now: datetime,
) -> None:
    """Write to the patient or to colleagues without signing, or after somebody has."""

    def work() -> None:
        report = reach.may_read(actor, tasks.lock_report(report_id))
        wanted = new_id()
        body = {"report": report_id, "text": text, "to_patient": to_patient}
        found = outbox.claim_request(
            actor=actor, key=request_key, operation="lab.comment", body=body, result_id=wanted, now=now
        )
        if found != wanted:
            return
        if not text.strip():
            raise Invalid(fields={"text": ""})
        audience = ReportComment.Audience.PATIENT if to_patient else ReportComment.Audience.CLINIC
        say(report, version, text, audience, actor=actor, now=now)
        if to_patient:
            outbox.publish(events.LabReportCommented(**_names(report, version)), now=now)
        audit.record(
            actor=actor, action="lab.comment", category="lab", now=now, entity_id=report.pk,
            site_id=access.site_of(report),
            subject_id=PersonId(report.person_id) if report.person_id else None,
            detail={"for": audience.value},
        )  # fmt: skip

    write(work)


def say(report: Report, version: int, text: str, audience: str, *, actor: Actor, now: datetime) -> None:
    """One comment, where there is something to say."""
    if len(text) > LONGEST:
        raise Invalid(fields={"comment": ""})
    if text.strip():
        ReportComment.objects.create(
            report=report, version=version, person_id=report.person_id, audience=audience, text=text.strip(),
            written_by=reach.user_of(actor), practitioner_id=actor.practitioner_id, written_at=now,
        )  # fmt: skip


def _sign(
    report: Report,
    version: int,
    *,
    actor: Actor,
    now: datetime,
    pk: UUID | None = None,
    in_bulk: bool = False,
    talked: bool = False,
) -> None:
    """The row, its tasks closed, its event. The report is locked."""
    if report.person_id is None:
        raise NotFound  # it waits for its patient: there is nobody whose result one could sign
    if (before := standing_signature(report)) is not None:
        raise already_signed(before, now=now)
    Signature.objects.create(
        pk=pk or new_id(), report=report, version=version, person_id=report.person_id,
        signed_by=reach.user_of(actor), practitioner_id=actor.practitioner_id, signed_at=now, in_bulk=in_bulk,
        talked=talked,
    )  # fmt: skip
    waiting = tasks.open_tasks(report)
    closing = [task for task in waiting if task.kind == TaskKind.REVIEW]
    if seen := corrections.own_tasks(waiting, actor):
        closing += seen
    if report.corrected:
        corrections.note_seen(report, version, actor=actor, now=now)
    tasks.close(closing, state=TaskState.DONE, act=TaskStep.Act.SIGNED, by=actor.user_id, now=now)
    outbox.publish(events.LabReportSigned(**_names(report, version), talked=int(talked)), now=now)


def standing_signature(report: Report) -> Signature | None:
    """The signature of what the report says now. A later message that says nothing new leaves it standing."""
    last = Signature.objects.filter(report=report).order_by("-version").first()
    return None if last is None or tasks.is_outdated(report, last.version) else last


def already_signed(before: Signature, *, now: datetime) -> AlreadySigned:
    """Who was faster, by name where the directory knows it."""
    by = before.practitioner_id
    if by is None:
        return AlreadySigned()
    names = directory().practitioner_names(practitioner_ids=[PractitionerId(by)], now=now)
    if by not in names:
        return AlreadySigned(by=by)
    said = _("%(name)s signed this result already. There is nothing left to do.") % {
        "name": names[PractitionerId(by)]
    }
    return AlreadySigned(by=by, message=said)


def _names(report: Report, version: int) -> dict[str, Any]:
    return {"report_id": report.pk, "person_id": report.person_id or events.NOBODY, "version": version}


def _entry(report: Report, version: int) -> audit.Entry:
    return audit.Entry(
        action="lab.sign", category="lab", entity_id=report.pk,
        subject_id=PersonId(report.person_id) if report.person_id else None,
        detail={"version": str(version)},
    )  # fmt: skip
