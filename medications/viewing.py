"""Rows to what readers get."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from medications.lines import SAID, Row, dosage_of
from medications.settling import Ruling, Settled
from medications.status import TAKEN
from medications.types import (
    AllergyView,
    Conflict,
    Evidence,
    Grade,
    LineView,
    Outcome,
    Reading,
    Source,
    StatementKind,
    StatementView,
    Status,
    VersionView,
)
from steadwell.history.service import Version
from steadwell.ids import PersonId, PractitionerId, SiteId, UserId

SAID_ALLERGY = (
    "substance_text", "code_sent", "rxcui", "tty", "substance_name", "ingredients", "ingredient_names",
    "candidates", "grade", "reading_reason", "release", "needs", "status", "status_word", "reaction_text",
    "severity", "said_at",
)  # fmt: skip


def reading_of(row: Row, *, name: str) -> Reading:
    return Reading(
        grade=Grade(row["grade"]), rxcui=row["rxcui"], tty=row["tty"], name=row[name],
        ingredients=tuple(row["ingredients"]), ingredient_names=tuple(row["ingredient_names"]),
        candidates=tuple((code, words) for code, words in row["candidates"]), reason=row["reading_reason"],
        release=row["release"],
    )  # fmt: skip


def statement(row: Row, *, line_id: UUID, ruling: Ruling | None = None) -> StatementView:
    return StatementView(
        statement_id=row["id"], version=row["version"], person_id=PersonId(row["person_id"]),
        source=Source(row["source"]), system=row["system"], kind=StatementKind(row["kind"]),
        drug_text=row["drug_text"], reading=reading_of(row, name="drug_name"),
        name=row["drug_name"] or row["drug_text"], status=Status(row["status"]),
        status_word=row["status_word"], dosage=dosage_of(row), started_on=row["started_on"],
        ended_on=row["ended_on"], reason_text=row["reason_text"], prescriber_name=row["prescriber_name"],
        quantity_text=row["quantity_text"], refills_left=row["refills_left"],
        site_id=SiteId(row["site_id"]) if row["site_id"] else None,
        practitioner_id=PractitionerId(row["practitioner_id"]) if row["practitioner_id"] else None,
        needs=row["needs"], line_id=line_id, said_at=row["said_at"], recorded_at=row["changed_at"],
        decision_version=ruling.version if ruling else 0,
    )  # fmt: skip


def line(
    found: Settled,
    rows: Mapping[UUID, Row],
    *,
    person_id: PersonId,
    revision: int,
    changed_at: Any,
    decided: Mapping[UUID, Ruling],
) -> LineView:
    ruling = found.ruling if found.ruling and found.ruling.outcome is Outcome.SETTLED else None
    return LineView(
        line_id=found.line_id, revision=revision, person_id=person_id, name=found.name, rxcui=found.rxcui,
        ingredients=found.ingredients, state=found.state, status=found.status,
        dosage_text=found.dosage_text,
        evidence=tuple(
            Evidence(
                statement=statement(
                    rows[word.statement_id], line_id=found.line_id, ruling=decided.get(word.statement_id)
                ),
                is_new=word.statement_id in found.fresh,
            )
            for word in found.words
        ),
        conflicts=tuple(Conflict(what=each.what, said=each.said) for each in found.differences),
        possible=found.possible, decision_version=found.ruling.version if found.ruling else 0,
        decided_at=ruling.recorded_at if ruling else None,
        decided_by=PractitionerId(ruling.practitioner_id) if ruling and ruling.practitioner_id else None,
        decision_reason=ruling.reason if ruling else "", reopened=found.reopened, changed_at=changed_at,
    )  # fmt: skip


def allergy(row: Row) -> AllergyView:
    return AllergyView(
        allergy_id=row["id"], version=row["version"], person_id=PersonId(row["person_id"]),
        source=Source(row["source"]), system=row["system"], substance_text=row["substance_text"],
        reading=reading_of(row, name="substance_name"), name=row["substance_name"] or row["substance_text"],
        status=row["status"], status_word=row["status_word"], reaction_text=row["reaction_text"],
        severity=row["severity"], needs=row["needs"], said_at=row["said_at"], recorded_at=row["changed_at"],
    )  # fmt: skip


def versions(rows: Iterable[Version], *, shown: int | None, names: Iterable[str]) -> tuple[VersionView, ...]:
    """Oldest first. ``shown`` None: the last one counts."""
    wanted, found = tuple(names), list(rows)
    counts = shown if shown is not None else max((row.version for row in found), default=0)
    return tuple(
        VersionView(
            version=row.version, supersedes=row.supersedes, valid_from=row.valid_from, valid_to=row.valid_to,
            recorded_at=row.recorded_at, recorded_by=UserId(row.recorded_by) if row.recorded_by else None,
            recorded_role=row.recorded_role, reason=row.reason, source=row.source,
            standing="current" if row.version == counts else _standing(row, found),
            content={name: getattr(row, name) for name in wanted},
        )
        for row in found
    )  # fmt: skip


def _standing(row: Version, rows: list[Version]) -> str:
    """Older: when it came, something said later was there already."""
    said = getattr(row, "said_at", None)
    if said is None:
        return "replaced"
    before = [getattr(each, "said_at", said) for each in rows if each.version < row.version]
    return "older" if before and max(before) > said else "replaced"


def list_order(found: LineView) -> tuple[bool, str]:
    return (found.status not in TAKEN, found.name.casefold())


STATEMENT_CONTENT = SAID
ALLERGY_CONTENT = SAID_ALLERGY
DECISION_CONTENT = (
    "outcome",
    "status",
    "dosage_text",
    "rxcui",
    "name",
    "basis",
    "practitioner_id",
    "check_id",
)
