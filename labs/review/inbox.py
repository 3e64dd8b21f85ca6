"""A clinician's inbox: what waits for them, in the order in which it cannot wait, and how much of it.

Everything is read from two partial indexes of the open tasks, each at most ``MOST`` rows: what was signed
long ago costs nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from labs import access, waiting
from labs.models import FollowUp, Report, ReviewTask
from labs.models.review import Rank, TaskKind, TaskState
from labs.review import callbook, reach
from labs.review.signing import is_plain
from steadwell.actor import Actor
from steadwell.errors import NotFound
from steadwell.ids import PersonId, PractitionerId, SiteId

MOST = 1000  # a count says "1,000 and more"
PER_PAGE = 40


class Who(StrEnum):
    """Whose tasks to look at."""

    MINE = "mine"  # held by me, and by those for whom I cover
    DELEGATED = "delegated"  # of mine those that came from a colleague
    QUEUE = "queue"  # nobody's, or not read in time: the sites' own
    DONE = "done"  # what I closed lately


class What(StrEnum):
    """Which of them."""

    ALL = "all"
    CRITICAL = "critical"
    ABNORMAL = "abnormal"
    CORRECTED = "corrected"
    NORMAL = "normal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much waits, per tab and kind, at most ``MOST`` each. ``stamp`` changes whenever any of it does."""

    numbers: Mapping[tuple[Who, What], int]
    stamp: str
    calls: int = 0  # critical values that this clinician is called for
    # Reports that wait for their patient, as ``labs.waiting`` counts them; None where it was not asked.
    unmatched: int | None = None
    # The clinician, and those whose results they read now.
    covers: frozenset[PractitionerId] = field(default_factory=frozenset)

    def of(self, who: Who, what: What = What.ALL) -> int:
        return self.numbers.get((who, what), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One task in the list. ``plain``: it may be signed together with others."""

    task_id: UUID
    kind: TaskKind
    report_id: UUID
    version: int
    person_id: PersonId | None
    site_id: SiteId | None
    holder_id: PractitionerId | None
    delegated_by: PractitionerId | None
    name: str
    loinc: str
    rank: Rank
    corrected: bool
    preliminary: bool
    quarantined: int
    escalation: int
    opened_at: datetime
    received_at: datetime
    collected_at: datetime | None
    plain: bool
    follow_up: str = ""
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    lines: Sequence[Line]
    older: bool  # there is more behind it
    covers: frozenset[PractitionerId] = field(default_factory=frozenset)


# Me, and everybody whose results I read now: covers pass on, and a circle of them ends.
_HOLDERS = """
WITH RECURSIVE holders (id) AS (
    SELECT %(me)s::uuid
    UNION
    SELECT away.practitioner_id FROM labs_away away JOIN holders ON away.to_id = holders.id
    WHERE away.starts_at <= %(now)s AND away.ends_at > %(now)s
)
"""
_WHO_HOLDS = _HOLDERS + "SELECT id FROM holders"  # noqa: S608 - constants only
_KINDS = """
    count(*), count(*) FILTER (WHERE rank = 0), count(*) FILTER (WHERE rank = 1),
    count(*) FILTER (WHERE corrected), count(*) FILTER (WHERE rank = 2 AND NOT corrected), max(changed_at)
"""
_COUNT = f"""
{_HOLDERS}, mine AS (
    SELECT rank, corrected, changed_at, delegated_by IS NOT NULL OR holder_id <> %(me)s AS passed
    FROM labs_reviewtask
    WHERE state = 'open' AND holder_id IN (SELECT id FROM holders)
    ORDER BY rank, opened_at DESC LIMIT {MOST}
), queue AS (
    SELECT rank, corrected, changed_at FROM labs_reviewtask
    WHERE state = 'open' AND in_queue AND site_id = ANY(%(sites)s)
    ORDER BY rank, opened_at DESC LIMIT {MOST}
)
SELECT counted.*, (SELECT array_agg(id) FROM holders WHERE id IS NOT NULL) FROM (
    SELECT 'mine', {_KINDS} FROM mine
    UNION ALL SELECT 'delegated', {_KINDS} FROM mine WHERE passed
    UNION ALL SELECT 'queue', {_KINDS} FROM queue
    UNION ALL SELECT 'calls', ({callbook.WAITING}), 0, 0, 0, 0, NULL
    UNION ALL SELECT 'unmatched', (SELECT count(*) FROM (#) AS waits), 0, 0, 0, 0, NULL
) AS counted
"""  # noqa: S608 - constants only
_ORDER = (What.ALL, What.CRITICAL, What.ABNORMAL, What.CORRECTED, What.NORMAL)


def counts(*, actor: Actor, now: datetime) -> Counts:
    """How much waits for this clinician. One statement, whatever the page; no patient is named."""
    sites = access.clinician_sites(actor)
    if actor.practitioner_id is None and not sites:
        return Counts(numbers={}, stamp="")
    unmatched, values = waiting.count_sql(actor)
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT.replace("#", unmatched),
            {"me": actor.practitioner_id, "now": now, "sites": sites, **values},
        )
        found = {tab: (kinds, newest, covers) for tab, *kinds, newest, covers in cursor.fetchall()}
    tabs = {tab: row for tab, row in found.items() if tab not in {"calls", "unmatched"}}
    numbers = {
        (Who(tab), what): number
        for tab, (kinds, _newest, _covers) in tabs.items()
        for what, number in zip(_ORDER, kinds, strict=True)
    }
    calls = found["calls"][0][0]
    stamp = "-".join(f"{tab[0]}{found[tab][0][0]}.{_micros(found[tab][1])}" for tab in (*tabs, "calls"))
    return Counts(
        numbers=numbers,
        stamp=stamp,
        calls=calls,
        unmatched=found["unmatched"][0][0],
        covers=frozenset(PractitionerId(each) for each in found["calls"][2] or ()),
    )


def list_tasks(
    *,
    actor: Actor,
    who: Who,
    what: What = What.ALL,
    now: datetime,
    skip: int = 0,
    limit: int = PER_PAGE,
) -> Page:
    """The tasks of a tab: critical ones first, then what is out of range or corrected, each newest first."""
    covers = frozenset(holders(actor=actor, now=now))
    chosen = _of(who, actor, covers).filter(_KIND[what]).select_related("report")
    order = ("-closed_at", "pk") if who is Who.DONE else ("rank", "-opened_at", "pk")
    rows = list(chosen.order_by(*order)[skip : skip + limit + 1])
    asked = _follow_ups(rows)
    lines = [_line(row, asked.get(row.follow_up_id, "")) for row in rows[:limit]]
    return Page(lines=lines, older=len(rows) > limit, covers=covers - {actor.practitioner_id})


def neighbours(
    *, actor: Actor, who: Who, what: What, report_id: UUID, now: datetime
) -> tuple[UUID | None, UUID | None]:
    """The reports before and behind one in a tab, for going on without the list. One that is not in it (any
    more) has the tab's first behind it.
    """
    chosen = listed(who, what, actor=actor, covers=frozenset(holders(actor=actor, now=now)))
    ids = list(dict.fromkeys(chosen.values_list("report_id", flat=True)))
    return before_and_behind(ids, report_id)


def listed(who: Who, what: What, *, actor: Actor, covers: frozenset[PractitionerId]) -> QuerySet[ReviewTask]:
    """The tasks of a tab in its order. ``covers``: the clinician, and those whose results they read now."""
    order = ("-closed_at", "pk") if who is Who.DONE else ("rank", "-opened_at", "pk")
    return _of(who, actor, covers).filter(_KIND[what]).order_by(*order)[:MOST]


def before_and_behind(ids: Sequence[UUID], report_id: UUID) -> tuple[UUID | None, UUID | None]:
    if report_id not in ids:
        return None, next(iter(ids), None)
    place = ids.index(report_id)
    return ids[place - 1] if place else None, ids[place + 1] if place + 1 < len(ids) else None


def get_task(*, actor: Actor, task_id: UUID) -> Line:
    """One task, open or closed, for whoever reads its report. NotFound otherwise."""
    row = ReviewTask.objects.select_related("report").filter(pk=task_id).first()
    if row is None or not reach.reads(actor, row.report):
        raise NotFound
    return _line(row, _follow_ups([row]).get(row.follow_up_id, ""))


def tasks_of_report(*, actor: Actor, report_id: UUID, covers: frozenset[PractitionerId]) -> list[Line]:
    """What waits of one report, the actor's own first."""
    rows = ReviewTask.objects.select_related("report").filter(report_id=report_id, state=TaskState.OPEN)
    found = [row for row in rows.order_by("rank", "pk") if reach.reads(actor, row.report)]
    asked = _follow_ups(found)
    found.sort(key=lambda row: row.holder_id not in covers)
    return [_line(row, asked.get(row.follow_up_id, "")) for row in found]


def holders(*, actor: Actor, now: datetime) -> list[PractitionerId]:
    """The clinician, and those whose results they read now."""
    if actor.practitioner_id is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_WHO_HOLDS, {"me": actor.practitioner_id, "now": now})
        return [PractitionerId(row[0]) for row in cursor.fetchall()]


_KIND: Mapping[What, Q] = {
    What.ALL: Q(),
    What.CRITICAL: Q(rank=Rank.CRITICAL),
    What.ABNORMAL: Q(rank=Rank.ABNORMAL),
    What.CORRECTED: Q(corrected=True),
    What.NORMAL: Q(rank=Rank.NORMAL, corrected=False),
}


def _of(who: Who, actor: Actor, covers: frozenset[PractitionerId]) -> QuerySet[ReviewTask]:
    if who is Who.DONE:
        return ReviewTask.objects.filter(state=TaskState.DONE, closed_by=actor.user_id)
    waiting = ReviewTask.objects.filter(state=TaskState.OPEN)
    if who is Who.QUEUE:
        return waiting.filter(in_queue=True, site_id__in=access.clinician_sites(actor))
    mine = waiting.filter(holder_id__in=covers)
    if who is Who.DELEGATED:
        return mine.filter(Q(delegated_by__isnull=False) | ~Q(holder_id=actor.practitioner_id))
    return mine


def _follow_ups(rows: Iterable[ReviewTask]) -> dict[UUID | None, str]:
    ids = [row.follow_up_id for row in rows if row.follow_up_id]
    if not ids:
        return {}
    return dict(FollowUp.objects.filter(pk__in=ids).values_list("pk", "what"))


def _line(row: ReviewTask, follow_up: str) -> Line:
    report: Report = row.report
    return Line(
        task_id=row.pk,
        kind=TaskKind(row.kind),
        report_id=row.report_id,
        version=row.version,
        person_id=PersonId(row.person_id) if row.person_id else None,
        site_id=SiteId(row.site_id) if row.site_id else None,
        holder_id=PractitionerId(row.holder_id) if row.holder_id else None,
        delegated_by=PractitionerId(row.delegated_by) if row.delegated_by else None,
        name=report.name,
        loinc=report.loinc,
        rank=Rank(row.rank),
        corrected=row.corrected,
        preliminary=row.preliminary,
        quarantined=report.quarantined,
        escalation=row.escalation,
        opened_at=row.opened_at,
        received_at=report.received_at,
        collected_at=report.collected_at,
        plain=row.state == TaskState.OPEN and is_plain(row, report),
        follow_up=follow_up,
        closed_at=row.closed_at,
    )


def _micros(instant: datetime | None) -> str:
    return format(int(instant.timestamp() * 1_000_000), "x") if instant else "0"
