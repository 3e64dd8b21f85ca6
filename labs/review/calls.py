"""Critical values: somebody is called, reads the value back, and until then the call climbs.

What happened is in rows that only grow; ``OpenCall`` holds those nobody has answered. Whoever takes that row
away has answered the call.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.urls import reverse

from labs import access
from labs.models import CallStep, CriticalCall, OpenCall, Report, Result, ResultVersion
from labs.ports import directory
from labs.review import oncall, reach, rules
from labs.review.errors import AlreadyAcknowledged, CallWithdrawn, ReadBackWrong
from labs.review.readback import reads_back
from labs.types import CRITICAL_FLAGS
from notifications import service as notifications
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import NotFound
from steadwell.ids import PersonId, SiteId, new_id
from steadwell.outbox import service as outbox
from steadwell.outbox.service import DeliveryContext, DueRow, NewDueRow
from steadwell.transactions import write

KIND = "labs.critical-unanswered"
HIGHEST = 40  # ten hours at the usual fifteen minutes; the banner stays for ever
_CRITICAL = [flag.value for flag in CRITICAL_FLAGS]


def reconcile(report: Report, *, now: datetime) -> None:
    """Bring the calls of a locked report in line with what it says now: new critical values are called, calls
    about values that count no longer are withdrawn.
    """
    known = {call.result_id: call for call in CriticalCall.objects.filter(report=report).order_by("pk")}
    if not (known or report.critical):
        return
    critical = {row.pk: row for row in Result.objects.filter(report=report, flag__in=_CRITICAL)}
    fresh = [row for result_id, row in critical.items() if _is_new(known.get(result_id), row)]
    changed = {row.pk for row in fresh}
    gone = [call for result_id, call in known.items() if result_id not in critical or result_id in changed]
    _withdraw(gone, now=now)
    _move(report, now=now)
    _open(report, fresh, now=now)


def acknowledge(*, actor: Actor, call_id: UUID, read_back: str, request_key: str, now: datetime) -> None:
    """Answer a call by reading the value back. Of two who answer together one does.

    Raises ReadBackWrong (which is on record then), AlreadyAcknowledged, CallWithdrawn, NotFound.
    """

    def work() -> bool:
        call = CriticalCall.objects.select_related("report").filter(pk=call_id).first()
        report = reach.may_read(actor, call.report if call else None)
        assert call is not None  # noqa: S101 - may_read() refused otherwise
        wanted = new_id()
        found = outbox.claim_request(
            actor=actor, key=request_key, operation="lab.critical", result_id=wanted, now=now,
            body={"call": call_id, "read": read_back},
        )  # fmt: skip
        if found != wanted:
            return not CallStep.objects.filter(
                call=call, act=CallStep.Act.MISREAD, user_id=actor.user_id, read_back=read_back[:100]
            ).exists()
        word = _word(call)
        right = reads_back(read_back, value=word.value_text, number=word.number, comparator=word.comparator)
        waiting = OpenCall.objects.filter(pk=call_id)
        # Taking the row away is the answer: of two who do it at once one finds it.
        if not (waiting.delete()[0] if right else waiting.exists()):
            raise _ended(call_id)
        _answer(call, report, actor, read_back, right=right, now=now)
        return right

    if not write(work):
        raise ReadBackWrong(fields={"read_back": str(ReadBackWrong.message)})


def escalate(row: DueRow, ctx: DeliveryContext) -> None:
    """Nobody has answered in time: tell more people."""
    level, call_id = int(row.payload["level"]), UUID(str(row.about))
    waiting = OpenCall.objects.select_for_update().filter(pk=call_id).first()
    if waiting is None or waiting.level >= level:
        return
    waiting.level = level
    waiting.save(update_fields=["level"])
    call = CriticalCall.objects.select_related("report").get(pk=call_id)
    CallStep.objects.create(call=call, act=CallStep.Act.ESCALATED, level=level, at=ctx.now)
    _tell(call.report, [call], level=level, now=ctx.now)
    if level < HIGHEST:
        _plan(call.report, [call], level=level + 1, now=ctx.now)


def _answer(
    call: CriticalCall, report: Report, actor: Actor, read_back: str, *, right: bool, now: datetime
) -> None:
    act = CallStep.Act.ACKNOWLEDGED if right else CallStep.Act.MISREAD
    CallStep.objects.create(
        call=call, act=act, at=now, user_id=actor.user_id, read_back=read_back.strip()[:100]
    )
    if right:
        outbox.cancel_due(kind_prefix=KIND, about=call.pk)
    audit.record(
        actor=actor, action=f"lab.critical.{act}", category="lab", now=now, entity_id=report.pk,
        site_id=access.site_of(report),
        subject_id=PersonId(report.person_id) if report.person_id else None, detail={"call": str(call.pk)},
    )  # fmt: skip


def _ended(call_id: UUID) -> Exception:
    ended = CallStep.objects.filter(call_id=call_id, act=CallStep.Act.WITHDRAWN).exists()
    return CallWithdrawn() if ended else AlreadyAcknowledged()


def _word(call: CriticalCall) -> ResultVersion:
    """What the value was when it was called."""
    found = ResultVersion.objects.filter(entity_id=call.result_id, version=call.version).first()
    if found is None:
        raise NotFound
    return found


def _is_new(before: CriticalCall | None, row: Result) -> bool:
    """Whether this value has to be called: never called, another value, or called and taken back since."""
    if before is None:
        return True
    if before.version >= row.version:
        return False
    return (
        _says_otherwise(before, row)
        or CallStep.objects.filter(call=before, act=CallStep.Act.WITHDRAWN).exists()
    )


def _says_otherwise(call: CriticalCall, row: Result) -> bool:
    """Whether the value is another than the one that was called."""
    words = ResultVersion.objects.filter(entity_id=row.pk, version__in=[call.version, row.version])
    return len({(word.value_text, word.unit_text, word.flag) for word in words}) > 1


def _withdraw(calls: Iterable[CriticalCall], *, now: datetime) -> None:
    for call in calls:
        if OpenCall.objects.filter(pk=call.pk).delete()[0]:
            CallStep.objects.create(call=call, act=CallStep.Act.WITHDRAWN, at=now)
            outbox.cancel_due(kind_prefix=KIND, about=call.pk)


def _open(report: Report, found: list[Result], *, now: datetime) -> None:
    if not found:
        return
    calls = [
        CriticalCall(
            report=report, version=row.version, result=row, person_id=report.person_id,
            site_id=report.site_id, responsible_id=report.practitioner_id, opened_at=now,
        )
        for row in found
    ]  # fmt: skip
    with transaction.atomic(savepoint=False):
        CriticalCall.objects.bulk_create(calls)
        OpenCall.objects.bulk_create(
            OpenCall(call=call, site_id=call.site_id, responsible_id=call.responsible_id, opened_at=now)
            for call in calls
        )
        _tell(report, calls, level=oncall.ON_CALL, now=now)
        _plan(report, calls, level=1, now=now)


def _move(report: Report, *, now: datetime) -> None:
    """The report turned out to be another site's or clinician's: they are called at once."""
    moved = OpenCall.objects.filter(call__report=report).exclude(
        site_id=report.site_id, responsible_id=report.practitioner_id
    )
    calls = [waiting.call for waiting in moved.select_related("call").order_by("pk")]
    if calls and (report.site_id or report.practitioner_id):
        moved.update(site_id=report.site_id, responsible_id=report.practitioner_id)
        _tell(report, calls, level=oncall.ON_CALL, now=now, key=f"{report.site_id}:{report.practitioner_id}")


def _tell(report: Report, calls: list[CriticalCall], *, level: int, now: datetime, key: str = "") -> None:
    """One mail to each for all of a report's values, and a row in the record for each value and reader."""
    users = oncall.to_tell(
        site_id=report.site_id, responsible_id=report.practitioner_id, level=level, now=now
    )
    CallStep.objects.bulk_create(
        CallStep(call=call, act=CallStep.Act.PAGED, level=level, at=now, user_id=user_id)
        for call in calls
        for user_id in users
    )
    first, site_id = calls[0], SiteId(report.site_id) if report.site_id else None
    params = {"path": reverse("clinic-labs:critical")}
    if site_id:
        params["place"] = directory().site_name(site_id=site_id, now=now)
    notifications.alert_staff(
        user_ids=users, template="staff.critical-result", params=params, about=first.pk,
        key=f"labs.critical:{first.pk}:{level}:{key}", site_id=site_id, now=now,
    )  # fmt: skip


def _plan(report: Report, calls: list[CriticalCall], *, level: int, now: datetime) -> None:
    within = rules.rules_of(report.site_id).to_acknowledge
    outbox.schedule_many(
        [
            NewDueRow(
                kind=KIND, key=f"{call.pk}:{level}", about=call.pk, due_at=now + within,
                payload={"level": str(level)},
            )
            for call in calls
        ],
        now=now,
    )  # fmt: skip
