"""Ending a hold before its time: a clinician releases, has seen or has talked; the patient asks to see it.

And ending it at its time, which shows it whether or not anything runs: then it is noted, and told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from labs import access, release
from labs.deciding import lock_release, show
from labs.errors import ReportNotFound
from labs.models import Hold, Report
from labs.policy import Audience, Cause, Delay, Legal
from steadwell import events
from steadwell.actor import Actor, system
from steadwell.audit import service as audit
from steadwell.errors import Invalid
from steadwell.ids import PersonId
from steadwell.outbox import service as outbox
from steadwell.transactions import busy_when_out_of_time

ACTOR = system("labs")
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBack:
    """One hold as a clinician sees it. ``loinc`` empty: the whole report."""

    loinc: str
    audience: Audience
    cause: Cause
    delay: Delay
    legal: Legal
    legal_text: str
    opened_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseState:
    """Whether the patient sees a report, since when, and what holds it back now."""

    released_at: datetime | None
    holds: tuple[HeldBack, ...]

    @property
    def is_held(self) -> bool:
        return any(hold.audience is Audience.EVERYONE for hold in self.holds)


def state_of(report_id: UUID, *, released_at: datetime | None, now: datetime) -> ReleaseState:
    """The same, for a caller who knows that the reader may, and since when it is shown. One statement."""
    found = Hold.objects.filter(release.open_holds(now), report_id=report_id).select_related(None)
    return ReleaseState(
        released_at=released_at,
        holds=tuple(
            HeldBack(
                loinc=row.loinc, audience=Audience(row.audience), cause=Cause(row.cause),
                delay=Delay(row.delay), legal=Legal(row.legal), legal_text=row.legal_text,
                opened_at=row.opened_at, ends_at=row.ends_at,
            )
            for row in found.order_by("ends_at", "pk")
        ),
    )  # fmt: skip


def release_early(*, actor: Actor, report_id: UUID, reason: str, request_key: str, now: datetime) -> None:
    """A clinician lets the patient see it now. What hides it from proxies stays: that is the patient's right.

    The reason is kept in the audit trail. Repeating the key does nothing more.
    """
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise Invalid(fields={"reason": _("Say in a few words why it is shown now.")})
    _end_by_clinician(
        actor, report_id, Hold.How.EARLY, Q(), operation="lab.release-early", reason=reason.strip(),
        request_key=request_key, now=now,
    )  # fmt: skip


def mark_talked(*, actor: Actor, report_id: UUID, request_key: str, now: datetime) -> None:
    """A clinician and the patient have talked about it: what waited for that, or for being seen, ends."""
    _end_by_clinician(
        actor, report_id, Hold.How.TALKED, Q(delay__in=[Delay.SIGNED, Delay.TALKED]), operation="lab.talked",
        reason="", request_key=request_key, now=now,
    )  # fmt: skip


def _end_by_clinician(
    actor: Actor,
    report_id: UUID,
    how: Hold.How,
    which: Q,
    *,
    operation: str,
    reason: str,
    request_key: str,
    now: datetime,
) -> None:
    _clinicians(actor, report_id)

    body = {"report": report_id, "reason": reason}
    with busy_when_out_of_time(), transaction.atomic():
        if outbox.claim_request(
            actor=actor, key=request_key, operation=operation, body=body, result_id=report_id, now=now
        ):
            _end(report_id, how, which, actor=actor, reason=reason, now=now)


def show_now(*, actor: Actor, report_id: UUID, now: datetime) -> None:
    """The patient asks to see what their own choice (or the clinic's standing one) holds back. Repeatable."""
    report = Report.objects.filter(pk=report_id).first()
    if report is None or report.person_id is None or not release.is_patient(actor, report.person_id):
        raise ReportNotFound
    with busy_when_out_of_time():
        _end(report_id, Hold.How.ASKED, Q(cause=Cause.CHOICE), actor=actor, reason="", now=now)


def withdraw(*, actor: Actor, rule_id: UUID, now: datetime) -> int:
    """What a rule holds that counts no more: its reason is gone, so it ends. Answers how many reports."""
    holds = Hold.objects.filter(release.open_holds(now), rule_id=rule_id)
    reports = sorted(set(holds.values_list("report_id", flat=True)))
    for report_id in reports:
        with busy_when_out_of_time():
            _end(report_id, Hold.How.RULE, Q(rule_id=rule_id), actor=actor, reason="", now=now)
    return len(reports)


def on_signed(event: events.LabReportSigned, ctx: outbox.DeliveryContext) -> None:
    """A clinician has seen it; perhaps they have talked as well."""
    which, how = Q(delay=Delay.SIGNED), Hold.How.SIGNED
    if event.talked:
        which, how = Q(delay__in=[Delay.SIGNED, Delay.TALKED]), Hold.How.TALKED
    _end(event.report_id, how, which, actor=ACTOR, reason="", now=ctx.now)


def on_time(row: outbox.DueRow, ctx: outbox.DeliveryContext) -> None:
    """The time of a hold is over: it shows already; note how it ended, and have the patient told."""
    if row.about is not None:
        _end(row.about, Hold.How.TIME, Q(ends_at__lte=ctx.now), actor=ACTOR, reason="", now=ctx.now)


def _end(report_id: UUID, how: Hold.How, which: Q, *, actor: Actor, reason: str, now: datetime) -> None:
    """End the holds of ``which`` for everyone, and show what is then free to be shown."""
    with transaction.atomic():
        locked = lock_release(report_id)
        if locked is None:
            return
        report, row = locked
        # At its time, also one that would have held proxies only or that nobody needed to end.
        scope = Q() if how is Hold.How.TIME else Q(audience=Audience.EVERYONE)
        rows = Hold.objects.filter(which, scope, report_id=report_id, ended_at__isnull=True)
        ended = list(rows.values_list("pk", "loinc"))
        if not ended:
            return
        rows.update(ended_at=now, ended_how=how, ended_by=actor.user_id)
        audit.record(
            actor=actor, action="lab.unhold", category="lab", now=now, entity_id=report_id, reason=reason,
            subject_id=PersonId(row.person_id), detail={"how": how.value, "holds": str(len(ended))},
            site_id=access.site_of(report),
        )  # fmt: skip
        show(report, row, now, more=any(loinc for _pk, loinc in ended))


def _clinicians(actor: Actor, report_id: UUID) -> Report:
    report = Report.objects.filter(pk=report_id).first()
    if report is None or not access.reads(actor, report):
        raise ReportNotFound
    return report
