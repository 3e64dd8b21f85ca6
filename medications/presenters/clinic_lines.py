"""A patient's lines side by side: what each source says, what differs, and what was decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from medications.presenters import words
from medications.types import (
    UNDERSTOOD,
    Conflict,
    Evidence,
    LineState,
    LineView,
    Outcome,
    Placement,
    QueueItem,
    Source,
    StatementKind,
    Status,
    VersionView,
)
from steadwell.ids import PersonId, PractitionerId

SOURCES = tuple(Source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One statement. ``differs`` are the names of what it says otherwise than another source."""

    statement_id: UUID
    version: int
    source: str
    kind: str
    words: str
    how: str
    status: str
    status_value: str
    tone: str
    prescriber: str
    day: str
    iso: str
    is_new: bool
    needs: str
    differs: tuple[str, ...]
    system: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``cells`` by source in the order of ``SOURCES``; a source may say nothing or several things."""

    line_id: UUID
    revision: int
    name: str
    how: str
    state: str
    tone: str
    status: str
    is_open: bool
    is_current: bool
    reopened: bool
    conflicts: tuple[str, ...]
    cells: tuple[tuple[str, tuple[Cell, ...]], ...]
    decided: str
    decision_version: int


_STATE: Mapping[LineState, words.Words] = {
    LineState.AGREED: (_lazy("Sources agree"), "good"),
    LineState.CONFLICT: (_lazy("Sources differ"), "bad"),
    LineState.AMBIGUOUS: (_lazy("Not understood"), "warn"),
    LineState.DECIDED: (_lazy("Decided"), "accent"),
}
_KINDS: Mapping[StatementKind, object] = {
    StatementKind.STATEMENT: _lazy("as told"),
    StatementKind.ORDER: _lazy("prescribed"),
    StatementKind.DISPENSE: _lazy("handed out"),
}
_OUTCOME: Mapping[str, object] = {
    Outcome.SETTLED.value: _lazy("Settled"),
    Outcome.PLACED.value: _lazy("Put with a medicine"),
    Outcome.APART.value: _lazy("Kept apart"),
    Outcome.REVERTED.value: _lazy("Taken back"),
}


def rows(lines: Sequence[LineView], *, names: Mapping[PractitionerId, str], zone: str) -> list[Row]:
    """Open ones first, then what is taken, then the past."""
    found = [row(line, names=names, zone=zone) for line in lines]
    return sorted(found, key=lambda each: (not each.is_open, not each.is_current, each.name.casefold()))


def row(line: LineView, *, names: Mapping[PractitionerId, str], zone: str) -> Row:
    state, tone = _STATE[line.state]
    differs = _differing(line.conflicts)
    return Row(
        line_id=line.line_id,
        revision=line.revision,
        name=words.medicine(line.name),
        how=line.dosage_text,
        state=str(state),
        tone=tone,
        status=str(words.STATUS[line.status][0]),
        is_open=line.is_open,
        is_current=line.is_current,
        reopened=line.reopened,
        conflicts=tuple(str(words.CONFLICT.get(each.what, each.what)) for each in line.conflicts),
        cells=tuple((str(words.SOURCE[source]), _cells(line, source, differs, zone)) for source in SOURCES),
        decided=_decided(line, names, zone),
        decision_version=line.decision_version,
    )


def _differing(conflicts: Sequence[Conflict]) -> dict[UUID, tuple[str, ...]]:
    found: dict[UUID, tuple[str, ...]] = {}
    for conflict in conflicts:
        for statement_id, _said in conflict.said:
            found[statement_id] = (*found.get(statement_id, ()), conflict.what)
    return found


def _cells(
    line: LineView, source: Source, differs: Mapping[UUID, tuple[str, ...]], zone: str
) -> tuple[Cell, ...]:
    own = [each for each in line.evidence if each.statement.source is source]
    return tuple(
        cell(each, zone, differs=differs.get(each.statement.statement_id, ()))
        for each in sorted(own, key=lambda each: each.statement.said_at, reverse=True)
    )


def cell(each: Evidence, zone: str, *, differs: tuple[str, ...] = ()) -> Cell:
    said = each.statement
    status, tone = words.STATUS[said.status]
    return Cell(
        statement_id=said.statement_id,
        version=said.version,
        source=str(words.SOURCE[said.source]),
        kind=str(_KINDS[said.kind]),
        words=said.drug_text,
        how=said.dosage.text,
        status=str(status),
        status_value=said.status.value,
        tone=tone,
        prescriber=said.prescriber_name,
        day=words.day(said.said_at, zone),
        iso=said.said_at.isoformat(),
        is_new=each.is_new,
        needs=str(words.NEEDS.get(said.needs, "")),
        differs=differs,
        system=said.system,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A statement that names no one drug, and the only line with a drug that it may belong to."""

    value: str  # what the form sends back: the statement as it was seen, and the drug
    words: str
    source: str
    how: str
    name: str


def proposals(lines: Sequence[LineView]) -> list[Proposal]:
    """What a person may put together with one decision. Where two lines fit, each is looked at by itself."""
    named = {line.line_id: line for line in lines if _names_a_drug(line)}
    found = []
    for line in lines:
        fits = [named[each] for each in line.possible if each in named]
        if line.line_id in named or len(fits) != 1:
            continue
        for each in line.evidence:
            said = each.statement
            seen = (said.statement_id, said.version, said.decision_version, fits[0].rxcui)
            found.append(
                Proposal(
                    value=":".join(map(str, seen)),
                    words=said.drug_text,
                    source=str(words.SOURCE[said.source]),
                    how=said.dosage.text,
                    name=words.medicine(fits[0].name),
                )
            )
    return found


def _names_a_drug(line: LineView) -> bool:
    return any(
        each.statement.reading.grade in UNDERSTOOD and each.statement.reading.rxcui == line.rxcui
        for each in line.evidence
    )


def placement(value: str) -> Placement | None:
    """The form's own words back; None for any others."""
    statement, _, rest = value.partition(":")
    version, _, rest = rest.partition(":")
    decision, _, rxcui = rest.partition(":")
    numbers = all(part.isascii() and part.isdigit() and len(part) < 10 for part in (version, decision, rxcui))
    try:
        statement_id = UUID(statement)
    except ValueError:
        return None
    if not numbers:
        return None
    return Placement(
        statement_id=statement_id, seen_version=int(version), seen_decision=int(decision), rxcui=rxcui
    )


def _decided(line: LineView, names: Mapping[PractitionerId, str], zone: str) -> str:
    if line.decided_at is None:
        return ""
    by = names.get(line.decided_by, _("A clinician")) if line.decided_by else _("A clinician")
    said = _("%(by)s decided on %(day)s") % {"by": by, "day": words.day(line.decided_at, zone)}
    return f"{said}: {line.decision_reason}" if line.decision_reason else said


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    version: int
    what: str
    how: str
    reason: str
    by: str
    at: str
    iso: str
    is_current: bool
    may_revert: bool


def decisions(
    versions: Sequence[VersionView], *, names: Mapping[PractitionerId, str], zone: str, now: datetime
) -> list[Decision]:
    """The newest first; the newest one can be taken back unless it is that already."""
    newest = max((each.version for each in versions), default=0)
    found = []
    for each in sorted(versions, key=lambda version: version.version, reverse=True):
        outcome = str(each.content.get("outcome", ""))
        by = each.content.get("practitioner_id")
        status = str(each.content.get("status") or "")
        told = [str(words.STATUS[Status(status)][0])] if status else []
        told += [str(each.content.get("dosage_text") or each.content.get("name") or "")]
        found.append(
            Decision(
                version=each.version,
                what=str(_OUTCOME.get(outcome, outcome)),
                how=", ".join(part for part in told if part),
                reason=each.reason,
                by=names.get(PractitionerId(by), "") if isinstance(by, UUID) else "",
                at=words.when(each.recorded_at, zone, now=now),
                iso=each.recorded_at.isoformat(),
                is_current=each.version == newest,
                may_revert=each.version == newest and outcome != Outcome.REVERTED.value,
            )
        )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    line_id: UUID
    person_id: PersonId
    patient: str
    name: str
    why: str
    since: str
    iso: str
    reopened: bool


def waiting(
    items: Sequence[QueueItem], names: Mapping[PersonId, str], zone: str, *, now: datetime
) -> list[Waiting]:
    return [
        Waiting(
            line_id=each.line_id,
            person_id=each.person_id,
            patient=names.get(each.person_id, _("Patient")),
            name=words.medicine(each.name),
            why=", ".join(str(words.CONFLICT.get(what) or words.NEEDS.get(what, what)) for what in each.what),
            since=words.when(each.since, zone, now=now),
            iso=each.since.isoformat(),
            reopened=each.reopened,
        )
        for each in items
    ]
