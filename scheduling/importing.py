"""Another calendar's busy time, read from a file and taken off a clinician's hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scheduling import access, catalogue, closures, icsreading, queries, visits
from scheduling.closures import Plan
from scheduling.errors import ScheduleNotReadable
from scheduling.icsreading import LARGEST, Reading, Remark
from scheduling.models import Claim
from scheduling.models import Closure as ClosureRow
from scheduling.status import TAKES_TIME
from scheduling.transactions import write
from scheduling.types import Appointment, ClosureKind
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import NotFound
from steadwell.ids import PractitionerId, SiteId, new_id

AHEAD = timedelta(days=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did. ``visits`` stand within the busy time: the desk decides about them."""

    stretches: int
    events: int
    replaced: int
    left_out: tuple[Remark, ...]
    visits: tuple[Appointment, ...]


def import_calendar(
    *,
    actor: Actor,
    practitioner_id: PractitionerId,
    content: bytes,
    now: datetime,
    site_id: SiteId | None = None,
) -> ImportReport:
    """Take every busy stretch of a calendar file off a clinician's time, for the next 400 days.

    An event that was imported before, by its UID, is replaced; so importing again changes nothing. Times
    without a zone, and whole days, are read in the zone of ``site_id``, or of the clinician's first site.
    Raises ScheduleNotReadable, whose ``fields`` say what is wrong on which line; then nothing was changed.
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
    return write(lambda: _replace(actor, practitioner_id, reading, now))


def _replace(actor: Actor, practitioner_id: PractitionerId, reading: Reading, now: datetime) -> ImportReport:
    former = ClosureRow.objects.filter(
        practitioner_id=practitioner_id, kind=ClosureKind.IMPORTED.value, source_uid__in=reading.uids
    )
    ids = list(former.values_list("id", flat=True))
    Claim.objects.filter(owner_id__in=ids).delete()
    former.delete()
    standing: dict[object, Appointment] = {}
    for each in reading.busy:
        plan = Plan(
            actor=actor,
            practitioner_id=practitioner_id,
            kind=ClosureKind.IMPORTED,
            starts_at=each.starts_at,
            ends_at=each.ends_at,
            reason="",
            now=now,
            source_uid=each.uid,
        )
        closures.close(plan, new_id())
        for visit in queries.list_overlapping(
            practitioner_id, each.starts_at, each.ends_at, statuses=TAKES_TIME
        ):
            a = visits.shown(visit, actor=actor, now=now)
            standing[a.appointment_id] = a
    audit.record(
        actor=actor,
        action="calendar.import",
        category="calendar",
        now=now,
        entity_id=practitioner_id,
        detail={"stretches": str(len(reading.busy)), "events": str(len(reading.uids))},
    )
    return ImportReport(
        stretches=len(reading.busy),
        events=len({each.uid for each in reading.busy}),
        replaced=len(ids),
        left_out=tuple(reading.left_out),
        visits=tuple(standing.values()),
    )
