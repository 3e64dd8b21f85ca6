"""Another calendar's busy time, read from a file and taken off a clinician's hours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduling import access, catalogue, icsreading, locking, queries, visits
from scheduling.closures import closing
from scheduling.closures.closing import Plan
from scheduling.errors import ScheduleMuchSmaller, ScheduleNotReadable
from scheduling.icsreading import LARGEST, BusyStretch, Reading, Remark
from scheduling.models import Closure as ClosureRow
from scheduling.status import TAKES_TIME
from scheduling.transactions import write
from scheduling.types import Appointment, ClosureKind
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import NotFound
from steadwell.ids import PractitionerId, SiteId, new_id

AHEAD = timedelta(days=400)
# From so many on a file with less than half of them is refused: mostly it is half an export.
_FEW = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did, or would do. ``visits`` stand within the busy time: the desk decides about them."""

    stretches: int
    events: int
    added: tuple[BusyStretch, ...]
    kept: tuple[BusyStretch, ...]
    ended: tuple[BusyStretch, ...]
    left_out: tuple[Remark, ...]
    visits: tuple[Appointment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """A file that was read, for one of a clinician's calendars."""

    actor: Actor
    practitioner_id: PractitionerId
    source: str
    reading: Reading
    now: datetime
    force: bool
    dry_run: bool


def import_calendar(
    *,
    actor: Actor,
    practitioner_id: PractitionerId,
    content: bytes,
    now: datetime,
    site_id: SiteId | None = None,
    source: str = "",
    force: bool = False,
    dry_run: bool = False,
) -> ImportReport:
    """Take every busy stretch of a calendar file off a clinician's time, for the next 400 days.

    The file is all there is to know about that calendar (``source``, where a clinician has several): what
    is not in it any more ends, and stays as history. Importing again changes nothing; ``dry_run`` says what
    would change. Times without a zone, and whole days, are read in the zone of ``site_id``, or of the
    clinician's first site. Raises ScheduleNotReadable, whose ``fields`` say what is wrong on which line, and
    ScheduleMuchSmaller unless ``force``; then nothing was changed.
    """
    known = catalogue.current()
    clinician = known.practitioners.get(practitioner_id)
    if clinician is None or (site_id is not None and site_id not in known.sites):
        raise NotFound
    access.may_plan_clinician(actor, practitioner_id, clinician.site_ids)
    home = site_id or next(iter(sorted(clinician.site_ids & known.sites.keys())), None)
    if home is None:
        raise NotFound
    if len(content) > LARGEST:
        raise ScheduleNotReadable(fields={"1": "too-large"})
    reading = icsreading.read(
        content, floating=ZoneInfo(known.sites[home].time_zone), low=now, high=now + AHEAD
    )
    if reading.problems:
        raise ScheduleNotReadable(fields={str(each.line): each.text for each in reading.problems})
    asked = Import(
        actor=actor, practitioner_id=practitioner_id, source=source.strip()[:40], reading=reading, now=now,
        force=force, dry_run=dry_run,
    )  # fmt: skip
    return write(lambda: _import(asked))


def _import(asked: Import) -> ImportReport:
    locking.lock_calendars(asked.practitioner_id)
    former = _former(asked)
    wanted = set(asked.reading.busy)
    if not asked.force and _is_much_smaller(before=len(former), after=len(wanted)):
        raise ScheduleMuchSmaller(before=len(former), after=len(wanted))
    gone = {row_id: stretch for row_id, stretch in former.items() if stretch not in wanted}
    kept = set(former.values()) & wanted
    added = _in_order(wanted - kept)
    if not asked.dry_run:
        closing.end(list(gone), practitioner_id=asked.practitioner_id, actor=asked.actor, now=asked.now)
        for each in added:
            closing.close(_plan(asked, each), new_id())
        _audit(asked, added=len(added), kept=len(kept), ended=len(gone))
    return ImportReport(
        stretches=len(wanted),
        events=len({each.uid for each in wanted}),
        added=added,
        kept=_in_order(kept),
        ended=_in_order(gone.values()),
        left_out=tuple(asked.reading.left_out),
        visits=_standing(asked, wanted),
    )


def _former(asked: Import) -> dict[UUID, BusyStretch]:
    """What this calendar holds from now on. What is over stays as it was."""
    rows = ClosureRow.objects.filter(
        practitioner_id=asked.practitioner_id,
        kind=ClosureKind.IMPORTED.value,
        source=asked.source,
        ended_at=None,
        ends_at__gt=asked.now,
    )
    return {
        row.pk: BusyStretch(uid=row.source_uid, starts_at=row.starts_at, ends_at=row.ends_at)
        for row in rows.order_by("id")
    }


def _is_much_smaller(*, before: int, after: int) -> bool:
    return bool(before) and (not after or (before >= _FEW and after * 2 < before))


def _in_order(stretches: Iterable[BusyStretch]) -> tuple[BusyStretch, ...]:
    return tuple(sorted(stretches, key=lambda each: (each.starts_at, each.ends_at, each.uid)))


def _plan(asked: Import, stretch: BusyStretch) -> Plan:
    return Plan(
        actor=asked.actor,
        practitioner_id=asked.practitioner_id,
        kind=ClosureKind.IMPORTED,
        starts_at=stretch.starts_at,
        ends_at=stretch.ends_at,
        reason="",
        now=asked.now,
        source_uid=stretch.uid,
        source=asked.source,
    )


def _standing(asked: Import, wanted: Iterable[BusyStretch]) -> tuple[Appointment, ...]:
    standing: dict[object, Appointment] = {}
    for each in sorted(wanted, key=lambda stretch: stretch.starts_at):
        for visit in queries.list_overlapping(
            asked.practitioner_id, each.starts_at, each.ends_at, statuses=TAKES_TIME
        ):
            a = visits.shown(visit, actor=asked.actor, now=asked.now)
            standing[a.appointment_id] = a
    return tuple(standing.values())


def _audit(asked: Import, *, added: int, kept: int, ended: int) -> None:
    audit.record(
        actor=asked.actor,
        action="calendar.import",
        category="calendar",
        now=asked.now,
        entity_id=asked.practitioner_id,
        site_ids=closing.sites_of(asked.practitioner_id),
        detail={
            "stretches": str(len(asked.reading.busy)),
            "events": str(len(asked.reading.uids)),
            "added": str(added),
            "kept": str(kept),
            "ended": str(ended),
        },
    )
