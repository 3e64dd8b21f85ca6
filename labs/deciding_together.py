"""Asking the policy about many reports at once, with as many statements as about one.

It does what ``deciding.decide`` does, for reports about which it was never asked and of which nothing or all
is held back from the patient. Whatever else comes is left to that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from labs import choices, deciding, policies, release, storing
from labs.deciding import ACTOR
from labs.models import Release, Report, Result
from labs.policy import Audience, Case, Choice, Rule, Wanted, wanted
from labs.ports import directory
from labs.types import Status
from steadwell import events
from steadwell.audit import service as audit
from steadwell.identity import service as identity
from steadwell.ids import PersonId, SiteId
from steadwell.outbox import service as outbox

_NEVER_SHOWN = (Status.REGISTERED, Status.ENTERED_IN_ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class _First:
    """A report that the policy is asked about for the first time, and what it answers."""

    report: Report
    person_id: PersonId
    tests: tuple[str, ...]
    holds: Sequence[Wanted]
    now: datetime

    @property
    def is_plain(self) -> bool:
        """Nothing, or all of it, is held back from the patient."""
        return not any(hold.loinc and hold.audience is Audience.EVERYONE for hold in self.holds)

    @property
    def is_shown(self) -> bool:
        held = any(
            hold.audience is Audience.EVERYONE and hold.starts_at <= self.now < hold.ends_at
            for hold in self.holds
        )
        return not held and self.report.status not in _NEVER_SHOWN

    @property
    def is_told(self) -> bool:
        return self.is_shown and release.is_settled(self.report)

    def row(self) -> Mapping[str, object]:
        final = release.is_settled(self.report)
        return {
            "report_id": self.report.pk, "person_id": self.person_id, "site_id": self.report.site_id,
            "opened_at": self.now, "final_at": self.now if final else None,
            "decided": sorted({*self.tests, self.report.loinc}), "decided_version": self.report.version,
            "released_at": self.now if self.is_shown else None, "rounds": int(self.is_told),
        }  # fmt: skip


def decide_filed(heard: Sequence[outbox.Heard[events.LabReportFiled]]) -> None:
    """Ask about each, and let go what nothing holds back. Each once, however many of its versions came."""
    now = heard[0].ctx.now
    traces = {each.event.report_id: each.ctx.traceparent for each in heard}
    with transaction.atomic(savepoint=False):
        reports = Report.objects.filter(pk__in=traces, waits="", person_id__isnull=False)
        firsts = [each for each in _ask(list(reports.order_by("pk")), now) if each.is_plain]
        new = storing.insert_releases([each.row() for each in firsts])
        mine = [each for each in firsts if each.report.pk in new]
        deciding.hold_back([(each.report, each.person_id, each.holds) for each in mine], now)
        _let_go([each for each in mine if each.is_shown], traces, now)
        for report_id in traces:
            if report_id not in new:
                deciding.decide(report_id=report_id, now=now)


def _ask(reports: Sequence[Report], now: datetime) -> list[_First]:
    known = set(Release.objects.filter(pk__in=[each.pk for each in reports]).values_list("pk", flat=True))
    fresh = [each for each in reports if each.pk not in known]
    if not fresh:
        return []
    tests = _tests_of(fresh)
    rules = policies.current_rules()
    people = [PersonId(each.person_id) for each in fresh if each.person_id]
    born = _born(people, rules, now)
    own = choices.own_choices(people)
    at = {site_id: _at(site_id, now) for site_id in {each.site_id for each in fresh}}
    found = []
    for report in fresh:
        person_id = PersonId(report.person_id or events.NOBODY)
        zone, standing = at[report.site_id]
        case = Case(
            report_loinc=report.loinc, loincs=tests.get(report.pk, ()),
            site_id=SiteId(report.site_id) if report.site_id else None, zone=zone,
            born=born.get(person_id), opened_at=now, final_at=now if release.is_settled(report) else None,
            choice=own.get(person_id, standing.choice),
            standing=None if person_id in own else standing.legal,
        )  # fmt: skip
        found.append(
            _First(report=report, person_id=person_id, tests=case.loincs, holds=wanted(rules, case), now=now)
        )
    return found


def _tests_of(reports: Sequence[Report]) -> Mapping[UUID, tuple[str, ...]]:
    rows = Result.objects.filter(report__in=reports).order_by("report_id", "key")
    found: dict[UUID, tuple[str, ...]] = {}
    for report_id, loinc in rows.values_list("report_id", "loinc"):
        found[report_id] = (*found.get(report_id, ()), loinc)
    return found


def _at(site_id: UUID | None, now: datetime) -> tuple[ZoneInfo, policies.Standing]:
    """The zone of a site, and what holds there for who has not chosen."""
    if not site_id:
        return ZoneInfo("UTC"), policies.Standing(choice=Choice.AT_ONCE)
    site = SiteId(site_id)
    return ZoneInfo(directory().site_zone(site_id=site, now=now)), policies.standing_at(site)


def _born(people: Sequence[PersonId], rules: Sequence[Rule], now: datetime) -> Mapping[PersonId, date | None]:
    """Only where a rule asks for an age: whoever looks at a birth date is on record."""
    if not any(rule.age_from is not None or rule.age_until is not None for rule in rules):
        return {}
    found = identity.names(actor=ACTOR, person_ids=people, now=now)
    return {person_id: person.birth_date for person_id, person in found.items()}


def _let_go(shown: Sequence[_First], traces: Mapping[UUID, str], now: datetime) -> None:
    audit.record_many(
        [
            audit.Entry(
                action="lab.release", category="lab", entity_id=each.report.pk, subject_id=each.person_id,
                detail={"version": str(each.report.version)},
            )
            for each in shown
        ],
        actor=ACTOR, now=now,
    )  # fmt: skip
    told = [each for each in shown if each.is_told]
    outbox.publish_many(
        [
            events.LabReportReleased(
                report_id=each.report.pk, person_id=each.person_id, version=each.report.version, round=1
            )
            for each in told
        ],
        now=now, traceparents=[traces[each.report.pk] for each in told],
    )  # fmt: skip
