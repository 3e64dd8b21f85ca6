"""Reminders of medicines: due rows, one at a time, at the patient's own wall time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from medications import access, charts
from medications.charts import Locked
from medications.errors import MedicineNotFound, StaleFact
from medications.models import Line, Reminder, ReminderVersion
from medications.statements import person_of_line
from medications.types import ReminderView, Status
from notifications import service as notifications
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import Invalid
from steadwell.ids import PersonId
from steadwell.outbox import service as outbox
from steadwell.outbox.service import begin_request
from steadwell.transactions import write

KIND = "medications.reminder"
CATEGORY = "diary"
MOST = 20
# A reminder that comes when the next dose is near does harm; it ends after this long.
_HOLDS = timedelta(hours=2)
_TAKEN = [Status.ACTIVE.value, Status.INTENDED.value, Status.UNKNOWN.value]


def list_reminders(*, actor: Actor, person_id: PersonId, now: datetime) -> tuple[ReminderView, ...]:
    ids = charts.ids_of(person_id)
    access.may_read(actor, ids)
    rows = Reminder.objects.filter(person_id__in=ids, active=True).order_by("at", "pk")
    names = dict(Line.objects.filter(person_id__in=ids).values_list("id", "name"))
    audit.record(actor=actor, action="diary.reminders", category=CATEGORY, now=now, subject_id=person_id)
    return tuple(_view(row, names.get(row.line_id, "")) for row in rows)


def set_reminder(
    *,
    actor: Actor,
    line_id: UUID,
    at: time,
    zone: str,
    days: Sequence[int] = (),
    seen_version: int = 0,
    request_key: str,
    now: datetime,
) -> ReminderView:
    """Remind of a medicine at a wall time, on ISO weekdays ``days`` (none: every day). The same medicine and
    time again is the same reminder, and takes the version that was seen of it (0: none).
    Raises StaleFact with both versions, Invalid, MedicineNotFound.
    """
    _valid(zone, days)
    body = {
        "line": str(line_id), "at": at.isoformat(), "zone": zone, "days": list(days), "seen": seen_version,
    }  # fmt: skip
    person_id = person_of_line(line_id)

    def work() -> ReminderView:
        chart = charts.lock(person_id, now)
        access.may_keep_diary(actor, chart.ids)
        claimed, is_new = begin_request(actor, request_key, "medications.set-reminder", body, now)
        row = Reminder.objects.filter(person_id=chart.person_id, line_id=line_id, at=at).first()
        if is_new:
            if row is not None and row.active:
                _refuse_stale(row, seen_version)
            row = _keep(row, claimed, chart, line_id, at, zone, days)
            _promise(row, chart.recorded_at)
            _note(actor, "diary.set-reminder", row, chart)
        if row is None:
            raise MedicineNotFound
        return _view(row, _name(line_id))

    return write(work)


def end_reminder(
    *, actor: Actor, reminder_id: UUID, seen_version: int, request_key: str, now: datetime
) -> ReminderView:
    """No more reminders at this time. Raises StaleFact with both versions, MedicineNotFound."""
    body = {"reminder": str(reminder_id), "seen": seen_version}
    found = Reminder.objects.filter(pk=reminder_id).first()
    if found is None:
        raise MedicineNotFound
    person_id = PersonId(found.person_id)

    def work() -> ReminderView:
        chart = charts.lock(person_id, now)
        access.may_keep_diary(actor, chart.ids)
        row = Reminder.objects.get(pk=reminder_id)
        _, is_new = begin_request(actor, request_key, "medications.end-reminder", body, now)
        if is_new:
            _refuse_stale(row, seen_version)
            row.version, row.active, row.next_at = row.version + 1, False, None
            row.changed_at = chart.recorded_at
            row.save()
            outbox.cancel_due(kind_prefix=KIND, about=row.pk)
            _note(actor, "diary.end-reminder", row, chart)
        return _view(row, _name(row.line_id))

    return write(work)


def remind(row: outbox.DueRow, ctx: outbox.DeliveryContext) -> None:
    """The time has come: tell, if the medicine is still taken, and promise the next."""
    found = Reminder.objects.select_for_update().filter(pk=UUID(str(row.about)), active=True).first()
    if found is None or str(found.version) != row.payload["version"]:
        return
    in_time = ctx.now < datetime.fromisoformat(row.payload["until"])
    if in_time and Line.objects.filter(pk=found.line_id, status__in=_TAKEN).exists():
        notifications.tell(
            person_id=PersonId(found.person_id), template="medicine.reminder",
            params={"path": "/medicines/diary/"}, key=f"{KIND}:{row.key}", about=found.pk, now=ctx.now,
        )  # fmt: skip
    found.next_at = next_at(found.at, found.zone, found.days, after=max(row.due_at, ctx.now))
    found.save(update_fields=["next_at"])
    _promise(found, ctx.now)


def next_at(at: time, zone: str, days: Sequence[int], *, after: datetime) -> datetime:
    """The first instant after ``after`` with this wall time in the zone. A time that a clock change leaves
    out is told when the clock has jumped over it; one that comes twice, the first time.
    """
    there = ZoneInfo(zone)
    day = after.astimezone(there).date()
    for ahead in range(9):
        on = day + timedelta(days=ahead)
        if days and on.isoweekday() not in days:
            continue
        instant = datetime.combine(on, at, tzinfo=there).astimezone(UTC)
        if instant > after:
            return instant
    raise AssertionError("A week holds every weekday.")


def _keep(
    row: Reminder | None, new_pk: UUID, chart: Locked, line_id: UUID, at: time, zone: str, days: Sequence[int]
) -> Reminder:
    if row is None:
        if Reminder.objects.filter(person_id=chart.person_id, active=True).count() >= MOST:
            raise Invalid(fields={"at": "too-many"})
        row = Reminder(id=new_pk, version=0, person_id=chart.person_id, line_id=line_id, at=at)
    row.version, row.zone, row.days, row.active = row.version + 1, zone, sorted(set(days)), True
    row.next_at = next_at(at, zone, row.days, after=chart.recorded_at)
    row.changed_at = chart.recorded_at
    row.save()
    return row


def _promise(row: Reminder, now: datetime) -> None:
    """No expiry of the row itself: one that comes late is not told, and still promises the next."""
    assert row.next_at is not None  # noqa: S101 - set by whoever calls
    outbox.schedule(
        kind=KIND, key=f"{row.pk}:{row.version}:{int(row.next_at.timestamp())}", due_at=row.next_at, now=now,
        about=row.pk, payload={"version": str(row.version), "until": (row.next_at + _HOLDS).isoformat()},
    )  # fmt: skip


def _valid(zone: str, days: Sequence[int]) -> None:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError):
        raise Invalid(fields={"zone": "unknown"}) from None
    if not set(days) <= set(range(1, 8)):
        raise Invalid(fields={"days": "unknown"})


def _refuse_stale(row: Reminder, seen_version: int) -> None:
    if row.version == seen_version:
        return
    name = _name(row.line_id)
    seen = ReminderVersion.objects.filter(entity_id=row.pk, version=seen_version).first()
    raise StaleFact(seen=_as_asked(seen, name) if seen else None, current=_view(row, name))


def _name(line_id: UUID) -> str:
    return Line.objects.filter(pk=line_id).values_list("name", flat=True).first() or ""


def _note(actor: Actor, action: str, row: Reminder, chart: Locked) -> None:
    """The change as a version, and on record."""
    ReminderVersion.objects.create(
        entity_id=row.pk, version=row.version, supersedes=row.version - 1 or None,
        valid_from=chart.recorded_at, person_id=row.person_id, line_id=row.line_id, at=row.at, zone=row.zone,
        days=row.days, active=row.active,
        **charts.stamp(
            actor, chart.recorded_at, subject_id=PersonId(row.person_id), source="patient", reason=""
        ),
    )  # fmt: skip
    audit.record(
        actor=actor, action=action, category=CATEGORY, now=chart.recorded_at, entity_id=row.pk,
        subject_id=PersonId(row.person_id),
    )  # fmt: skip


def _view(row: Reminder, name: str) -> ReminderView:
    return ReminderView(
        reminder_id=row.pk, version=row.version, line_id=row.line_id, name=name, at=row.at, zone=row.zone,
        active=row.active, next_at=row.next_at, days=tuple(row.days),
    )  # fmt: skip


def _as_asked(row: ReminderVersion, name: str) -> ReminderView:
    return ReminderView(
        reminder_id=row.entity_id, version=row.version, line_id=row.line_id, name=name, at=row.at,
        zone=row.zone, active=row.active, next_at=None, days=tuple(row.days),
    )  # fmt: skip
