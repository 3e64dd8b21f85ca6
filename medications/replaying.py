"""What a writer saw, said again: a line as it stood before others changed it.

A line is a function of statements and decisions, so it is played again from what was recorded, moment by
moment, and its revisions are counted as the writes did. Only the refusal of a stale write asks for this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from medications import lines, queries
from medications.charts import TICK
from medications.lines import Row
from medications.models import DecisionVersion, Line, Statement, StatementVersion
from medications.recording import State
from medications.settling import Ruling, Settled
from medications.types import LineView

MOST = 500  # moments played again; a patient with more is told what is there now, and that alone


def line_seen(state: State, line_id: UUID, revision: int) -> LineView | None:
    """The line at one of its revisions.

    None for a revision that never was, and where the count does not come out at the one of now (patients were
    merged or parted meanwhile): rather nothing than something that nobody saw.
    """
    found: LineView | None = None
    count, told, since = 0, None, state.chart.recorded_at
    for at, rows, decided in _moments(state):
        settled = lines.settled(state.chart.person_id, rows.values(), decided)
        line = next((each for each in settled if each.line_id == line_id), None)
        shown = (line.evidence_digest, line.state) if line else None
        if shown != told:
            count, told, since = count + 1, shown, at
        # An older word that came late makes no revision: the last that the reader may have seen is shown.
        if count == revision and line is not None:
            found = _view(state, line, rows, decided, revision=revision, at=since)
    now = Line.objects.filter(pk=line_id).values_list("revision", flat=True).first()
    return found if count == now else None


def line_before(state: State, entity_id: UUID, decision: int) -> LineView | None:
    """The line of a statement, or the line itself, as it stood with this many decisions about it."""
    next_one = DecisionVersion.objects.filter(entity_id=entity_id, version=decision + 1)
    until = next_one.values_list("recorded_at", flat=True).first()
    if until is None:
        return None
    at = until - TICK
    rows = {row["id"]: row for row in lines.rows_then(state.chart.ids, at)}
    decided = lines.rulings(state.chart.ids, at=at)
    for line in lines.settled(state.chart.person_id, rows.values(), decided):
        if entity_id == line.line_id or any(word.statement_id == entity_id for word in line.words):
            return _view(state, line, rows, decided, revision=0, at=at)
    return None


def _view(
    state: State, line: Settled, rows: Mapping[UUID, Row], decided: Mapping[UUID, Ruling], *, revision: int,
    at: datetime,
) -> LineView:  # fmt: skip
    seen = {line.line_id: (revision, at)}
    return queries.views(state.chart.person_id, [line], rows, decided, seen)[0]


def _moments(state: State) -> Iterator[tuple[datetime, dict[UUID, Row], dict[UUID, Ruling]]]:
    """Each moment at which something was recorded, with the statements and decisions that counted then."""
    ids = state.chart.ids
    heads = {row["id"]: row for row in Statement.objects.filter(person_id__in=ids).values(*lines.HEAD)}
    said = StatementVersion.objects.filter(person_id__in=ids).order_by("recorded_at", "version")
    happened: dict[datetime, list[dict[str, Any]]] = {}
    for row in said.values("entity_id", "version", "recorded_at", *lines.SAID)[: MOST + 1]:
        happened.setdefault(row["recorded_at"], []).append(row)
    rulings = DecisionVersion.objects.filter(person_id__in=ids).order_by("recorded_at", "version")
    for row in rulings.values(*lines.RULING)[: MOST + 1]:
        happened.setdefault(row["recorded_at"], []).append(row)
    if len(happened) > MOST:
        return
    rows: dict[UUID, Row] = {}
    decided: dict[UUID, Ruling] = {}
    for at in sorted(happened):
        for row in happened[at]:
            if "outcome" in row:
                decided = {**decided, row["entity_id"]: lines.ruling_of(row)}
            else:
                rows = {**rows, row["entity_id"]: _counting(rows.get(row["entity_id"]), row, heads)}
        yield at, rows, decided


def _counting(before: Row | None, row: dict[str, Any], heads: dict[UUID, dict[str, Any]]) -> Row:
    """The row as it counts: an older word that came late is kept and does not count."""
    if before is not None and row["said_at"] < before["said_at"]:
        return {**before, "version": row["version"], "changed_at": row["recorded_at"]}
    said = {name: row[name] for name in lines.SAID}
    version = row["version"]
    return {
        **heads[row["entity_id"]], **said, "version": version, "shown_version": version,
        "changed_at": row["recorded_at"],
    }  # fmt: skip
