"""Whether two reports are one: asked on the page of either, and settled by a clinician who reads both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from labs import appending, identifying, locking, rows
from labs.appending import Addition
from labs.errors import AlreadySettled
from labs.models import MaybeSame, Report, ReportVersion
from labs.review import reach
from labs.types import SENT_TWICE, Status
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import NotFound
from steadwell.ids import PersonId, new_id
from steadwell.outbox import service as outbox
from steadwell.transactions import write

OWN_SOURCE = "steadwell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """That a report may be the same as ``other_id``."""

    question_id: UUID
    other_id: UUID
    name: str
    loinc: str
    told_at: datetime | None
    collected_at: datetime | None


def questions_of(*, actor: Actor, report_id: UUID) -> list[Question]:
    """The open ones of a report, about others that this clinician reads too. One statement."""
    found = MaybeSame.objects.filter(
        Q(report_id=report_id) | Q(other_id=report_id), state=MaybeSame.State.OPEN
    ).select_related("report", "other")
    asked = []
    for each in found.order_by("opened_at", "pk"):
        other = each.other if each.report_id == report_id else each.report
        if reach.reads(actor, other):
            asked.append(
                Question(
                    question_id=each.pk, other_id=other.pk, name=other.name, loinc=other.loinc,
                    told_at=other.issued_at, collected_at=other.collected_at,
                )
            )  # fmt: skip
    return asked


def settle_question(
    *, actor: Actor, question_id: UUID, withdraw: UUID | None, request_key: str, now: datetime
) -> None:
    """They are two reports; or one, and ``withdraw`` is the one of the two that counts no longer.

    What is withdrawn is taken back by a version of its own, as its laboratory would: it stays to be read, and
    whoever saw its values is told. Raises NotFound, AlreadySettled.
    """

    def work() -> None:
        row = MaybeSame.objects.filter(pk=question_id).first()
        if row is None or withdraw not in {None, row.report_id, row.other_id}:
            raise NotFound
        reports = locking.lock_reports([row.report_id, row.other_id])
        for report in reports.values():
            reach.may_read(actor, report)
        wanted = new_id()
        found = outbox.claim_request(
            actor=actor, key=request_key, operation="lab.settle-same",
            body={"question": question_id, "withdraw": withdraw}, result_id=wanted, now=now,
        )  # fmt: skip
        if found != wanted:
            return
        row.refresh_from_db()
        if row.state != MaybeSame.State.OPEN:
            raise AlreadySettled
        if withdraw is not None:
            _withdraw(actor, reports[withdraw], now)
        row.state = MaybeSame.State.ONE if withdraw else MaybeSame.State.APART
        row.settled_at, row.settled_by, row.withdrawn_id = now, reach.user_of(actor), withdraw
        row.save(update_fields=["state", "settled_at", "settled_by", "withdrawn_id"])
        audit.record_many(_entries(row, list(reports.values())), actor=actor, now=now)

    write(work)


def _entries(row: MaybeSame, reports: Sequence[Report]) -> list[audit.Entry]:
    return [
        audit.Entry(
            action=f"lab.same-{row.state}", category="lab", entity_id=report.pk,
            subject_id=PersonId(report.person_id) if report.person_id else None,
            detail={"withdrawn": str(row.withdrawn_id or "")},
        )
        for report in reports
    ]  # fmt: skip


def _withdraw(actor: Actor, report: Report, now: datetime) -> None:
    before = appending.known(report.pk)
    addition = _taking_back(actor, report, before, now)
    after = addition.settled_with(before)
    belongs = {"person_id": report.person_id, "waits": report.waits}
    appending.append(report, before, addition, after, belongs=belongs, now=now)


def _taking_back(actor: Actor, report: Report, before: appending.Known, now: datetime) -> Addition:
    """A version that repeats what counts and takes it back, later than all that was said."""
    shown = ReportVersion.objects.filter(entity_id=report.pk, version=report.shown_version).values().get()
    told = [at for each in before.versions if (at := each["issued_at"] or each["sent_at"])]
    version: dict[str, Any] = {
        name: value for name, value in shown.items() if name not in {"id", "entity_id"}
    }
    version |= rows.stamp(actor, now, source=OWN_SOURCE, site_id=report.site_id) | {
        "version": report.version + 1, "supersedes": report.shown_version, "replays": None,
        "reason": SENT_TWICE, "complete": False, "status_told": Status.ENTERED_IN_ERROR.value,
        "issued_at": max([now, *(at + timedelta(microseconds=1) for at in told)]), "sent_at": now,
        "digest": identifying.digest_of_withdrawal(shown["digest"], now), "message_id": None,
    }  # fmt: skip
    return Addition(sender=report.sender, version=version, words=(), said={})
