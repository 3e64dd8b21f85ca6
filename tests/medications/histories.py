"""Checks recorded histories of patients' lists, as Elle checks those of databases: every version is there,
none forks, none is lost, and what is answered about a moment is what was true then.

Each writer notes what it was told (its observation); the database holds what was recorded. The checker knows
nothing of how either came about.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A write that its writer was told of: the version it made of an entity, standing on what it saw."""

    entity_id: UUID
    version: int
    seen: int | None
    words: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """A version as the table holds it."""

    entity_id: UUID
    person_id: UUID
    version: int
    supersedes: int | None
    recorded_at: datetime
    words: str


def anomalies(acknowledged: Iterable[Acknowledged], recorded: Sequence[Recorded]) -> list[str]:
    """What is wrong, in words; nothing when the history is one that could have happened one by one."""
    by_entity: dict[UUID, list[Recorded]] = defaultdict(list)
    for row in recorded:
        by_entity[row.entity_id].append(row)
    found: list[str] = []
    for entity_id, rows in by_entity.items():
        rows.sort(key=lambda row: row.version)
        numbers = [row.version for row in rows]
        if numbers != list(range(1, len(rows) + 1)):
            found.append(f"gap or fork in {entity_id}: {numbers}")
        times = [row.recorded_at for row in rows]
        if times != sorted(set(times)):
            found.append(f"recorded times of {entity_id} do not grow")
        if any(row.supersedes is not None and row.supersedes >= row.version for row in rows):
            found.append(f"{entity_id} stands on its future")
    found += _lost(acknowledged, by_entity)
    return found + _cycles_of_people(recorded)


def _lost(acknowledged: Iterable[Acknowledged], by_entity: Mapping[UUID, list[Recorded]]) -> list[str]:
    found: list[str] = []
    stood_on: dict[tuple[UUID, int], int] = {}
    for each in acknowledged:
        rows = {row.version: row for row in by_entity.get(each.entity_id, [])}
        row = rows.get(each.version)
        if row is None or row.words != each.words:
            found.append(f"acknowledged and not there: {each.entity_id} v{each.version}")
        if each.seen is None:
            continue
        if each.version != each.seen + 1:
            found.append(f"lost update: {each.entity_id} v{each.version} was made by who saw v{each.seen}")
        before = stood_on.setdefault((each.entity_id, each.seen), each.version)
        if before != each.version:
            found.append(f"two stand on {each.entity_id} v{each.seen}")
    return found


def _cycles_of_people(recorded: Iterable[Recorded]) -> list[str]:
    """Within one patient recorded time is one order: no two versions share a moment."""
    seen: dict[tuple[UUID, datetime], UUID] = {}
    found = []
    for row in recorded:
        other = seen.setdefault((row.person_id, row.recorded_at), row.entity_id)
        if other != row.entity_id:
            found.append(f"{other} and {row.entity_id} of one patient were recorded at one moment")
    return found


def newest_by(
    recorded: Iterable[Recorded], said_at: Mapping[tuple[UUID, int], datetime], at: datetime
) -> dict[Any, str]:
    """Replay: the words that counted of each entity at a moment, from the recorded history alone."""
    shown: dict[UUID, Recorded] = {}
    for row in sorted(recorded, key=lambda row: row.recorded_at):
        if row.recorded_at > at:
            break
        old = shown.get(row.entity_id)
        if old is None or said_at[row.entity_id, row.version] >= said_at[old.entity_id, old.version]:
            shown[row.entity_id] = row
    return {entity_id: row.words for entity_id, row in shown.items()}
