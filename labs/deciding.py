"""Asking the policy about a report, and letting it go: each in one transaction, each may be repeated.

Nobody on the patient's side sees a report before it was decided, so a late worker shows nothing too early.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from labs import policies, release
from labs.choices import choice_for
from labs.models import Hold, Release, Report, Result
from labs.policy import Audience, Case, Delay, Wanted, wanted
from labs.ports import directory
from steadwell import events
from steadwell.actor import system
from steadwell.audit import service as audit
from steadwell.errors import NotFound
from steadwell.identity import service as identity
from steadwell.ids import PersonId, SiteId
from steadwell.outbox import service as outbox

ACTOR = system("labs")
DUE = "labs.hold_ends"


def decide(*, report_id: UUID, now: datetime) -> None:
    """Ask the policy about what of this report it was not asked about yet; hold back, or show.

    A report that is about another person by now is decided anew, for that person.
    """
    with transaction.atomic():
        report = Report.objects.filter(pk=report_id).first()
        if report is None or report.person_id is None or report.waits:
            return
        person_id = PersonId(report.person_id)
        row = _locked(report, person_id, now)
        if row.person_id != person_id:
            row.person_id, row.decided, row.decided_version = person_id, [], 0
            row.opened_at, row.released_at, row.final_at, row.rounds = now, None, None, 0
        if row.decided_version < report.version:
            _decide(report, row, now)
        show(report, row, now)


def lock_release(report_id: UUID) -> tuple[Report, Release] | None:
    """The report with its release, which is locked until the transaction ends; None before it was decided."""
    row = (
        Release.objects.select_for_update(of=("self",)).select_related("report").filter(pk=report_id).first()
    )
    return (row.report, row) if row is not None else None


def _locked(report: Report, person_id: PersonId, now: datetime) -> Release:
    Release.objects.bulk_create(
        [
            Release(
                report=report, person_id=person_id, site_id=report.site_id, opened_at=now,
                decided_version=0,
            )
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    return Release.objects.select_for_update().get(pk=report.pk)


def _decide(report: Report, row: Release, now: datetime) -> None:
    tests = list(Result.objects.filter(report=report).order_by("key").values_list("loinc", flat=True))
    known = set(row.decided)
    is_first = row.decided_version == 0
    if row.final_at is None and release.is_settled(report):
        row.final_at = now
        if not is_first:
            _count_from_final(report, now)
    if is_first or not {*tests, report.loinc} <= known:
        asked = wanted(policies.current_rules(), _case(report, row, tests, now))
        fresh = [w for w in asked if is_first or (w.loinc and w.loinc not in known)]
        hold_back([(report, PersonId(row.person_id), fresh)], now)
    row.site_id = report.site_id
    row.decided = sorted(known | set(tests) | {report.loinc})
    row.decided_version = report.version
    row.save()


def _case(report: Report, row: Release, tests: Sequence[str], now: datetime) -> Case:
    person_id = PersonId(row.person_id)
    site_id = SiteId(report.site_id) if report.site_id else None
    zone = directory().site_zone(site_id=site_id, now=now) if site_id else "UTC"
    choice = choice_for(person_id, site_id)
    return Case(
        report_loinc=report.loinc,
        loincs=tuple(tests),
        site_id=site_id,
        zone=ZoneInfo(zone),
        born=_born(person_id, now),
        opened_at=now,
        final_at=row.final_at,
        choice=choice.choice,
        standing=choice.legal,
    )


def _born(person_id: PersonId, now: datetime) -> date | None:
    try:
        return identity.get_person(actor=ACTOR, person_id=person_id, now=now).birth_date
    except NotFound:
        return None


def hold_back(held: Sequence[tuple[Report, PersonId, Sequence[Wanted]]], now: datetime) -> None:
    """Each with its legal reason and its end; what was ended before does not begin again."""
    each_hold = [(report, person_id, hold) for report, person_id, holds in held for hold in holds]
    if not each_hold:
        return
    Hold.objects.bulk_create(
        [
            Hold(
                report=report, person_id=person_id, loinc=each.loinc, audience=each.audience,
                cause=each.cause, rule_id=each.rule.rule_id, rule_version=each.rule.version,
                delay=each.rule.delay, hours=each.rule.hours, legal=each.legal,
                legal_text=each.rule.legal_text, words=dict(each.rule.words), opened_at=now,
                starts_at=each.starts_at, ends_at=each.ends_at,
            )
            for report, person_id, each in each_hold
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    _promise(
        [(report, each.ends_at) for report, _, each in each_hold if each.audience is Audience.EVERYONE], now
    )
    audit.record_many(
        [
            audit.Entry(
                action="lab.hold", category="lab", subject_id=person_id, entity_id=report.pk,
                reason=each.legal,
                detail={
                    "rule": str(each.rule.rule_id), "version": str(each.rule.version), "from": each.audience,
                    "until": each.ends_at.isoformat(),
                },
            )
            for report, person_id, each in each_hold
        ],
        actor=ACTOR, now=now,
    )  # fmt: skip


def _count_from_final(report: Report, now: datetime) -> None:
    """What waits a time after the final result ends then: never later than it would have."""
    ends = []
    for hold in Hold.objects.filter(report=report, delay=Delay.HOURS, ended_at__isnull=True):
        hold.ends_at = max(min(hold.ends_at, now + timedelta(hours=hold.hours)), _after(hold.starts_at))
        hold.save(update_fields=["ends_at"])
        ends.append((report, hold.ends_at))
    _promise(ends, now)


def _after(instant: datetime) -> datetime:
    return instant + timedelta(microseconds=1)


def _promise(ends: Iterable[tuple[Report, datetime]], now: datetime) -> None:
    """The patient sees it at that moment by itself; this is so that somebody tells them."""
    outbox.schedule_many(
        [
            outbox.NewDueRow(kind=DUE, key=f"{report_id}:{at.isoformat()}", due_at=at, about=report_id)
            for report_id, at in sorted({(report.pk, at) for report, at in ends})
        ],
        now=now,
    )


def show(report: Report, row: Release, now: datetime, *, more: bool = False) -> None:
    """Note that the patient sees it, and tell once it is final; ``more``: a test in it was held until now."""
    if not release.shown_to(report, Audience.EVERYONE, now):
        return
    if row.released_at is None:
        row.released_at = now
        row.save(update_fields=["released_at"])
        audit.record(
            actor=ACTOR, action="lab.release", category="lab", now=now, entity_id=report.pk,
            subject_id=PersonId(row.person_id), detail={"version": str(report.version)},
        )  # fmt: skip
    if release.is_settled(report) and (row.rounds == 0 or more):
        row.rounds += 1
        row.save(update_fields=["rounds"])
        outbox.publish(
            events.LabReportReleased(
                report_id=report.pk, person_id=row.person_id, version=report.version, round=row.rounds
            ),
            now=now,
        )
