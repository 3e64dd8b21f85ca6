"""Looking at critical calls: those that wait, the record of one, and how fast a site answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from labs import access, viewing
from labs.models import CallStep, CriticalCall, OpenCall, ResultVersion
from labs.ports import directory
from labs.review import reach, rules
from labs.review.rules import may_manage
from labs.types import ResultView
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import NotFound
from steadwell.ids import PersonId, SiteId, UserId

MOST = 100
MOST_OF_A_MONTH = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    act: CallStep.Act
    at: datetime
    user_id: UserId | None
    level: int
    read_back: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One critical value with what happened. ``value`` is None for those who may not read results."""

    call_id: UUID
    report_id: UUID
    person_id: PersonId | None
    site_id: SiteId | None
    opened_at: datetime
    level: int
    waits: bool
    value: ResultView | None
    steps: tuple[Step, ...]

    @property
    def ended_at(self) -> datetime | None:
        ends = (CallStep.Act.ACKNOWLEDGED, CallStep.Act.WITHDRAWN)
        return next((step.at for step in self.steps if step.act in ends), None)

    @property
    def acknowledged_at(self) -> datetime | None:
        return next((step.at for step in self.steps if step.act == CallStep.Act.ACKNOWLEDGED), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """A month of a site's critical values. ``late``: acknowledged after the site's own time."""

    called: int
    acknowledged: int
    waiting: int
    withdrawn: int
    late: int
    median: timedelta | None
    p95: timedelta | None
    slowest: timedelta | None
    within: timedelta
    calls: Sequence[Call]


# For every page of the clinic: the site's rows of a table that holds a handful. Whoever is on call sees the
# site's, the clinician responsible theirs, and from the first rung on every clinician of the site.
WAITING = """
SELECT count(*) FROM labs_opencall call WHERE call.responsible_id = %(me)s
   OR (call.site_id = ANY(%(sites)s) AND (call.level > 0 OR NOT EXISTS (
           SELECT FROM labs_shift shift WHERE shift.site_id = call.site_id
              AND shift.starts_at <= %(now)s AND shift.ends_at > %(now)s)
       OR EXISTS (
           SELECT FROM labs_shift shift WHERE shift.site_id = call.site_id
              AND shift.practitioner_id = %(me)s AND shift.starts_at <= %(now)s AND shift.ends_at > %(now)s)))
"""


def list_waiting(*, actor: Actor, now: datetime) -> list[Call]:
    """Every value of the actor's sites that nobody has acknowledged, longest first. Audited."""
    theirs = Q(site_id__in=access.clinician_sites(actor))
    if actor.practitioner_id:
        theirs |= Q(responsible_id=actor.practitioner_id)
    rows = OpenCall.objects.filter(theirs).select_related("call__report").order_by("opened_at", "pk")
    chosen = [row.call for row in rows[:MOST] if reach.reads(actor, row.call.report)]
    found = _calls(chosen, with_values=True)
    _note(actor, found, now=now)
    return found


def calls_of(report_id: UUID) -> list[Call]:
    """The record of a report's critical values, for whoever may read the report."""
    rows = CriticalCall.objects.filter(report_id=report_id).select_related("report").order_by("pk")
    return _calls(list(rows), with_values=True)


def get_call(*, actor: Actor, call_id: UUID, now: datetime) -> Call:
    """One call with its value, for clinicians of its site. Audited."""
    row = CriticalCall.objects.select_related("report").filter(pk=call_id).first()
    if row is None or not reach.reads(actor, row.report):
        raise NotFound
    (found,) = _calls([row], with_values=True)
    _note(actor, [found], now=now)
    return found


def times(*, actor: Actor, site_id: SiteId, month: date, now: datetime) -> Times:
    """How fast a site answered in a month of its own calendar. Managers; no value and no patient in it."""
    may_manage(actor, site_id)
    zone = ZoneInfo(directory().site_zone(site_id=site_id, now=now))
    first = datetime(month.year, month.month, 1, tzinfo=zone)
    after = datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=zone)
    # Called before its site was known, it counts where it turned out to belong.
    here = Q(site_id=site_id) | Q(site_id__isnull=True, report__site_id=site_id)
    rows = CriticalCall.objects.filter(here, opened_at__gte=first, opened_at__lt=after)
    rows = rows.select_related("report").order_by("-opened_at", "pk")
    found = _calls(list(rows[:MOST_OF_A_MONTH]), with_values=False)
    took = sorted(call.acknowledged_at - call.opened_at for call in found if call.acknowledged_at)
    within = rules.rules_of(site_id).to_acknowledge
    audit.record(
        actor=actor,
        action="lab.critical.times",
        category="lab-settings",
        now=now,
        entity_id=site_id,
        site_id=site_id,
    )
    return Times(
        called=len(found),
        acknowledged=len(took),
        waiting=sum(call.waits for call in found),
        withdrawn=sum(not call.waits and call.acknowledged_at is None for call in found),
        late=sum(each > within for each in took),
        median=_quantile(took, 0.5),
        p95=_quantile(took, 0.95),
        slowest=took[-1] if took else None,
        within=within,
        calls=found,
    )


def _quantile(ordered: Sequence[timedelta], part: float) -> timedelta | None:
    """Between the two nearest, in proportion (as percentile_cont does)."""
    if not ordered:
        return None
    place = (len(ordered) - 1) * part
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _calls(rows: Sequence[CriticalCall], *, with_values: bool) -> list[Call]:
    ids = [row.pk for row in rows]
    steps: dict[UUID, list[Step]] = {}
    for step in CallStep.objects.filter(call_id__in=ids).order_by("pk"):
        steps.setdefault(step.call_id, []).append(_step(step))
    waiting = dict(OpenCall.objects.filter(pk__in=ids).values_list("pk", "level"))
    values = _values(rows) if with_values else {}
    return [
        Call(
            call_id=row.pk,
            report_id=row.report_id,
            # Whose it is may be known only since it was called.
            person_id=PersonId(row.report.person_id) if row.report.person_id else None,
            site_id=SiteId(row.report.site_id) if row.report.site_id else None,
            opened_at=row.opened_at,
            level=waiting.get(row.pk, 0),
            waits=row.pk in waiting,
            value=values.get(row.pk),
            steps=tuple(steps.get(row.pk, ())),
        )
        for row in rows
    ]


def _step(row: CallStep) -> Step:
    return Step(
        act=CallStep.Act(row.act),
        at=row.at,
        user_id=UserId(row.user_id) if row.user_id else None,
        level=row.level,
        read_back=row.read_back,
    )


def _values(rows: Iterable[CriticalCall]) -> dict[UUID, ResultView]:
    """What each value was when it was called."""
    wanted: dict[Any, UUID] = {(row.result_id, row.version): row.pk for row in rows}
    words = ResultVersion.objects.filter(entity_id__in={result_id for result_id, _ in wanted})
    return {
        wanted[word.entity_id, word.version]: viewing.result_view(word, None)
        for word in words
        if (word.entity_id, word.version) in wanted
    }


def _note(actor: Actor, found: Iterable[Call], *, now: datetime) -> None:
    entries = [
        audit.Entry(
            action="lab.critical.read", category="lab", subject_id=call.person_id, entity_id=call.report_id,
            detail={"call": str(call.call_id)},
        )
        for call in found
    ]  # fmt: skip
    audit.record_many(entries, actor=actor, now=now)
