"""Adding one version of a statement, and what follows from it: the lines, the audit row, the event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from medications import charts, lines, reading, viewing
from medications.charts import Locked
from medications.errors import MedicineNotFound, StaleFact
from medications.models import Statement, StatementVersion
from medications.settling import Ruling, Settled
from medications.types import IncomingStatement, StatementView
from steadwell import events
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.ids import PersonId
from steadwell.outbox import service as outbox

CATEGORY = "medication"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A patient's statements, decisions and lines, as they stand within the lock."""

    chart: Locked
    rows: Mapping[UUID, Mapping[str, Any]]
    decided: Mapping[UUID, Ruling]
    found: tuple[Settled, ...]

    def line_of(self, statement_id: UUID) -> Settled:
        return next(line for line in self.found if any(w.statement_id == statement_id for w in line.words))

    def line(self, line_id: UUID) -> Settled:
        found = next((line for line in self.found if line.line_id == line_id), None)
        if found is None:
            raise MedicineNotFound
        return found

    def view(self, statement_id: UUID) -> StatementView:
        return viewing.statement(
            self.rows[statement_id],
            line_id=self.line_of(statement_id).line_id,
            ruling=self.decided.get(statement_id),
        )


def look(chart: Locked) -> State:
    """Two statements."""
    rows = {row["id"]: row for row in lines.rows_now(chart.ids)}
    decided = lines.rulings(chart.ids)
    found = tuple(lines.settled(chart.person_id, rows.values(), decided))
    return State(chart=chart, rows=rows, decided=decided, found=found)


def resettle(chart: Locked) -> State:
    """Look again after a write, and bring the lines to it."""
    state = look(chart)
    lines.write(chart, state.found)
    return state


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    entity_id: UUID
    version: int
    effect: str
    columns: Mapping[str, Any]


def existing(system: str, external_id: str, chart: Locked) -> Statement | None:
    """The statement a source names. One that stands under another patient is not moved by a message."""
    found = Statement.objects.filter(system=system, external_id=external_id).first()
    if found is not None and found.person_id not in chart.ids:
        raise MedicineNotFound
    return found


def refuse_stale(found: Statement, seen_version: int | None, chart: Locked) -> None:
    """Both versions go back with the refusal."""
    if seen_version is None or seen_version == found.version:
        return
    state = look(chart)
    current = state.view(found.pk)
    old = StatementVersion.objects.filter(entity_id=found.pk, version=seen_version)
    row = old.values(*lines.SAID, "recorded_at").first()
    seen = None
    if row is not None:
        merged = {**state.rows[found.pk], **row, "version": seen_version, "changed_at": row["recorded_at"]}
        seen = viewing.statement(merged, line_id=current.line_id)
    raise StaleFact(seen=seen, current=current)


def append(
    *,
    actor: Actor,
    chart: Locked,
    person_id: PersonId,
    entity_id: UUID,
    said: IncomingStatement,
    before: Statement | None,
    why: str = "",
    key: str = "",
) -> Added:
    """One more version, kept whatever its age; it counts unless something said later is there already.

    ``key``: the line it is about, where the writer said so by acting on that line. A version stays on the id
    that its statement came with, whichever of the patient's ids the writer used.
    """
    person_id = PersonId(before.person_id) if before else person_id
    digest = reading.content_digest(said)
    known = before and StatementVersion.objects.filter(entity_id=entity_id, content_digest=digest).first()
    if before is not None and known is not None:
        return Added(entity_id=entity_id, version=before.version, effect="same", columns={})
    columns = reading.statement_columns(entity_id, said)
    if key:
        columns["key"] = key
    number = before.version + 1 if before else 1
    counts = before is None or said.said_at >= before.said_at
    valid_from = _midnight(said.started_on) if said.started_on else said.said_at
    StatementVersion.objects.create(
        **columns, entity_id=entity_id, version=number, supersedes=before.shown_version if before else None,
        valid_from=valid_from, valid_to=_end(said, valid_from), person_id=person_id, content_digest=digest,
        **charts.stamp(
            actor, chart.recorded_at, subject_id=person_id, source=said.system,
            reason=why or ("correction" if said.is_correction else ""),
        ),
    )  # fmt: skip
    _keep(entity_id, person_id, said, columns, number=number, counts=counts, before=before, chart=chart)
    return Added(
        entity_id=entity_id, version=number, columns=columns,
        effect="new" if before is None else "version" if counts else "older",
    )  # fmt: skip


def _keep(
    entity_id: UUID, person_id: PersonId, said: IncomingStatement, columns: Mapping[str, Any], *,
    number: int, counts: bool, before: Statement | None, chart: Locked,
) -> None:  # fmt: skip
    head = {"version": number, "changed_at": chart.recorded_at}
    if counts:
        head |= {**columns, "shown_version": number}
    if before is not None:
        if counts:
            head |= {
                "site_id": said.site_id or before.site_id,
                "practitioner_id": said.practitioner_id or before.practitioner_id,
                "record_id": said.record_id or before.record_id,
            }
        Statement.objects.filter(pk=entity_id).update(**head)
        return
    Statement.objects.create(
        id=entity_id, person_id=person_id, record_id=said.record_id, site_id=said.site_id,
        practitioner_id=said.practitioner_id, source=said.source.value, system=said.system,
        external_id=said.external_id, kind=said.kind.value, **head,
    )  # fmt: skip


def tell(
    *, actor: Actor, chart: Locked, action: str, entity_id: UUID, person_id: PersonId, reason: str = "",
    detail: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    """The audit row and the event: ids and codes only."""
    audit.record(
        actor=actor, action=action, category=CATEGORY, now=chart.recorded_at, entity_id=entity_id,
        subject_id=person_id, reason=reason, detail=detail,
    )  # fmt: skip
    outbox.publish(
        events.MedicationListChanged(person_id=chart.person_id, revision=chart.revision, entity_id=entity_id),
        now=chart.recorded_at,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


def _end(said: IncomingStatement, valid_from: datetime) -> datetime | None:
    """Open where it says none, or one that is not after its beginning: the words stay as they are."""
    if said.ended_on is None:
        return None
    end = _midnight(said.ended_on)
    return end if end > valid_from else None
