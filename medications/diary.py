"""What patients note of their doses; putting a note right is its next version."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from medications import access, charts
from medications.charts import Locked
from medications.errors import MedicineNotFound, StaleFact
from medications.models import DiaryVersion
from medications.statements import person_of_line
from medications.types import DiaryEntry, Taken
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import Invalid
from steadwell.history.service import as_of
from steadwell.ids import PersonId
from steadwell.outbox.service import begin_request
from steadwell.transactions import write

CATEGORY = "diary"
MOST = 1000
_LONGEST = 300
_AHEAD = timedelta(minutes=5)


def list_diary(
    *, actor: Actor, person_id: PersonId, since: datetime, until: datetime, now: datetime
) -> tuple[DiaryEntry, ...]:
    """The notes about doses between two instants, newest first; each as it was last put right."""
    ids = charts.ids_of(person_id)
    access.may_read(actor, ids)
    rows = DiaryVersion.objects.filter(person_id__in=ids, valid_from__gte=since, valid_from__lt=until)
    newest = as_of(rows, recorded=now + timedelta(days=1)).order_by("-valid_from", "-pk")
    audit.record(actor=actor, action="diary.list", category=CATEGORY, now=now, subject_id=person_id)
    return tuple(_view(row) for row in newest[:MOST])


def note_dose(
    *,
    actor: Actor,
    line_id: UUID,
    planned_at: datetime | None,
    taken: Taken,
    taken_at: datetime,
    note: str = "",
    request_key: str,
    now: datetime,
) -> DiaryEntry:
    """One dose, taken or skipped. Raises Invalid for the future, MedicineNotFound."""
    _valid(taken_at, note, now)
    body = {
        "line": str(line_id), "planned": str(planned_at), "taken": taken.value, "at": taken_at.isoformat(),
        "note": note,
    }  # fmt: skip
    person_id = person_of_line(line_id)

    def work() -> DiaryEntry:
        chart = charts.lock(person_id, now)
        access.may_keep_diary(actor, chart.ids)
        entry_id, is_new = begin_request(actor, request_key, "medications.note-dose", body, now)
        if not is_new:
            return _view(_newest(entry_id))
        row = _add(
            actor, chart, entry_id, before=None,
            line_id=line_id, planned_at=planned_at, taken=taken.value, valid_from=taken_at, note=note,
        )  # fmt: skip
        return _view(row)

    return write(work)


def change_note(
    *,
    actor: Actor,
    entry_id: UUID,
    seen_version: int,
    taken: Taken,
    taken_at: datetime,
    note: str = "",
    request_key: str,
    now: datetime,
) -> DiaryEntry:
    """Put a note right. Raises StaleFact with both versions, Invalid, MedicineNotFound."""
    _valid(taken_at, note, now)
    body = {
        "entry": str(entry_id), "seen": seen_version, "taken": taken.value, "at": taken_at.isoformat(),
        "note": note,
    }  # fmt: skip
    person_id = PersonId(_newest(entry_id).person_id)

    def work() -> DiaryEntry:
        chart = charts.lock(person_id, now)
        access.may_keep_diary(actor, chart.ids)
        before = _newest(entry_id)
        _, is_new = begin_request(actor, request_key, "medications.change-note", body, now)
        if not is_new:
            return _view(before)
        if before.version != seen_version:
            seen = DiaryVersion.objects.filter(entity_id=entry_id, version=seen_version).first()
            raise StaleFact(seen=_view(seen) if seen else None, current=_view(before))
        row = _add(
            actor, chart, entry_id, before=before, line_id=before.line_id, planned_at=before.planned_at,
            taken=taken.value, valid_from=taken_at, note=note,
        )  # fmt: skip
        return _view(row)

    return write(work)


def _add(
    actor: Actor, chart: Locked, entry_id: UUID, *, before: DiaryVersion | None, **words: Any
) -> DiaryVersion:
    row = DiaryVersion.objects.create(
        entity_id=entry_id, version=before.version + 1 if before else 1,
        supersedes=before.version if before else None, valid_to=None, person_id=chart.person_id, **words,
        **charts.stamp(actor, chart.recorded_at, subject_id=chart.person_id, source="patient", reason=""),
    )  # fmt: skip
    audit.record(
        actor=actor, action="diary.note", category=CATEGORY, now=chart.recorded_at, entity_id=entry_id,
        subject_id=chart.person_id,
    )  # fmt: skip
    return row


def _newest(entry_id: UUID) -> DiaryVersion:
    found = DiaryVersion.objects.filter(entity_id=entry_id).order_by("-version").first()
    if found is None:
        raise MedicineNotFound
    return found


def _valid(taken_at: datetime, note: str, now: datetime) -> None:
    wrong = {}
    if taken_at > now + _AHEAD:
        wrong["taken_at"] = "future"
    if len(note) > _LONGEST:
        wrong["note"] = "too-long"
    if wrong:
        raise Invalid(fields=wrong)


def _view(row: DiaryVersion) -> DiaryEntry:
    return DiaryEntry(
        entry_id=row.entity_id, version=row.version, line_id=row.line_id, planned_at=row.planned_at,
        taken=Taken(row.taken), noted_at=row.valid_from, note=row.note,
    )  # fmt: skip
