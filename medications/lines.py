"""A patient's lines: loaded as they are or as they were, and written as they are now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from medications import ports, reading, settling
from medications.charts import Locked
from medications.models import DecisionVersion, Line, Statement, StatementVersion
from medications.models.lines import EMPTY
from medications.settling import Ruling, Settled, Word
from medications.types import OPEN_STATES, Dosage, Grade, Outcome, Source, StatementKind, Status
from steadwell.ids import PersonId

Row = Mapping[str, Any]

SAID = (
    "drug_text", "code_sent", "rxcui", "tty", "drug_name", "ingredients", "ingredient_names", "candidates",
    "grade", "reading_reason", "release", "key", "needs", "status", "status_word", "dosage_text",
    "amount_low", "amount_high", "amount_unit", "per_day", "as_needed", "started_on", "ended_on",
    "reason_text", "prescriber_name", "quantity_text", "refills_left", "said_at", "digest",
)  # fmt: skip
HEAD = (
    "id", "person_id", "record_id", "site_id", "practitioner_id", "source", "system", "kind", "version",
    "shown_version", "changed_at",
)  # fmt: skip
RULING = (
    "entity_id", "version", "outcome", "key", "status", "dosage_text", "rxcui", "name", "ingredients",
    "ingredient_names", "basis", "recorded_at", "practitioner_id", "reason",
)  # fmt: skip


def rows_now(ids: Sequence[PersonId]) -> list[dict[str, Any]]:
    """The statements of a patient as they count now. One statement."""
    return list(Statement.objects.filter(person_id__in=ids).values(*HEAD, *SAID))


def rows_then(ids: Sequence[PersonId], at: datetime) -> list[dict[str, Any]]:
    """The same as it was known at a moment: of each one's versions recorded by then, the one said last."""
    heads = {row["id"]: row for row in Statement.objects.filter(person_id__in=ids).values(*HEAD)}
    known = StatementVersion.objects.filter(person_id__in=ids, recorded_at__lte=at)
    shown: dict[UUID, Row] = {}
    count: dict[UUID, int] = {}
    for row in known.order_by("said_at", "version").values("entity_id", "version", "recorded_at", *SAID):
        shown[row["entity_id"]] = row
        count[row["entity_id"]] = max(count.get(row["entity_id"], 0), row["version"])
    return [
        {
            **heads[pk],
            **{name: row[name] for name in SAID},
            "version": count[pk],
            "shown_version": row["version"],
            "changed_at": row["recorded_at"],
        }
        for pk, row in shown.items()
    ]


def rulings(ids: Sequence[PersonId], *, at: datetime | None = None) -> dict[UUID, Ruling]:
    """The newest decision about each line and statement. One statement."""
    rows = DecisionVersion.objects.filter(person_id__in=ids)
    if at is not None:
        rows = rows.filter(recorded_at__lte=at)
    newest = rows.order_by("entity_id", "-version").distinct("entity_id")
    return {row["entity_id"]: ruling_of(row) for row in newest.values(*RULING)}


def ruling_of(row: Row) -> Ruling:
    return Ruling(
        entity_id=row["entity_id"], version=row["version"], outcome=Outcome(row["outcome"]), key=row["key"],
        status=Status(row["status"]) if row["status"] else None, dosage_text=row["dosage_text"],
        rxcui=row["rxcui"], name=row["name"], ingredients=tuple(row["ingredients"]),
        ingredient_names=tuple(row["ingredient_names"]), basis=row["basis"], recorded_at=row["recorded_at"],
        practitioner_id=row["practitioner_id"], reason=row["reason"],
    )  # fmt: skip


def dosage_of(row: Row) -> Dosage:
    return Dosage(
        text=row["dosage_text"],
        amount_low=_number(row["amount_low"]),
        amount_high=_number(row["amount_high"]),
        unit=row["amount_unit"],
        per_day=_number(row["per_day"]),
        as_needed=row["as_needed"],
        is_read=bool(row["amount_low"] and row["per_day"]),
    )


def word_of(row: Row) -> Word:
    return Word(
        statement_id=row["id"],
        key=row["key"],
        rxcui=row["rxcui"],
        name=row["drug_name"] or row["drug_text"],
        ingredients=tuple(row["ingredients"]),
        ingredient_names=tuple(row["ingredient_names"]),
        candidates=tuple(code for code, _ in row["candidates"]),
        grade=Grade(row["grade"]),
        needs=row["needs"],
        status=Status(row["status"]),
        status_word=row["status_word"],
        dosage=dosage_of(row),
        kind=StatementKind(row["kind"]),
        source=Source(row["source"]),
        site_id=row["site_id"],
        said_at=row["said_at"],
        digest=row["digest"],
        drug_digest=reading.drug_digest(row["drug_text"], row["code_sent"]),
    )


def settled(person_id: PersonId, rows: Iterable[Row], decided: Mapping[UUID, Ruling]) -> list[Settled]:
    return settling.settle(person_id, [word_of(row) for row in rows], decided)


def load(person_id: PersonId, ids: Sequence[PersonId]) -> list[Settled]:
    """As it is now. Two statements."""
    return settled(person_id, rows_now(ids), rulings(ids))


_COLUMNS = (
    "id", "person_id", "key", "revision", "decision_version", "state", "reopened", "name", "rxcui",
    "ingredients", "ingredient_names", "status", "dosage_text", "what", "possible", "site_ids",
    "evidence_digest", "open_since", "changed_at",
)  # fmt: skip
_KEPT = {"id", "person_id", "key", "revision", "open_since"}
_WRITE = f"""
INSERT INTO medications_line AS l ({", ".join(_COLUMNS)}) VALUES %s
ON CONFLICT (id) DO UPDATE SET revision = l.revision + 1,
    open_since = CASE WHEN excluded.open_since IS NULL THEN NULL
                      ELSE coalesce(l.open_since, excluded.open_since) END,
    {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name not in _KEPT)}
"""  # noqa: S608 - constants only


def write(chart: Locked, found: Sequence[Settled]) -> frozenset[UUID]:
    """Bring the rows to what counts now; answers the lines that changed. One or two statements."""
    known = {
        row["id"]: row
        for row in Line.objects.filter(person_id=chart.person_id).values(
            "id", "evidence_digest", "state", "site_ids"
        )
    }
    sites = _sites(chart, found)
    values: list[Any] = []
    changed: set[UUID] = set()
    for line in found:
        before = known.pop(line.line_id, None)
        state = line.state.value
        if before and before["evidence_digest"] == line.evidence_digest and before["state"] == state:
            if before["site_ids"] != sites[line.line_id]:  # no news of the line: its revision stays
                Line.objects.filter(pk=line.line_id).update(site_ids=sites[line.line_id])
            continue
        changed.add(line.line_id)
        values += _values(chart, line, sites[line.line_id])
    emptied = [pk for pk, row in known.items() if row["state"] != EMPTY]
    if values:
        row = f"({', '.join(['%s'] * len(_COLUMNS))})"
        with connection.cursor() as cursor:
            cursor.execute(_WRITE.replace("%s", ", ".join([row] * (len(values) // len(_COLUMNS))), 1), values)
    if emptied:
        _empty(chart, emptied)
    return frozenset(changed | set(emptied))


def _sites(chart: Locked, found: Sequence[Settled]) -> dict[UUID, list[UUID]]:
    """In whose queue each line waits: of the sites that speak in it. What the patient alone said is open at
    every site that knows the patient, by a statement or a visit; else nobody would ever look at it.
    """
    own = {line.line_id: {word.site_id for word in line.words if word.site_id} for line in found}
    lone = [line.line_id for line in found if line.state in OPEN_STATES and not own[line.line_id]]
    if lone:
        knowing = {site for sites in own.values() for site in sites}
        own |= dict.fromkeys(lone, knowing | ports.care().sites_of_patient(person_ids=chart.ids))
    return {line_id: sorted(sites) for line_id, sites in own.items()}


def _values(chart: Locked, line: Settled, sites: list[UUID]) -> list[Any]:
    at = chart.recorded_at
    return [
        line.line_id, chart.person_id, line.key, 1, line.ruling.version if line.ruling else 0,
        line.state.value, line.reopened, line.name, line.rxcui, list(line.ingredients),
        list(line.ingredient_names), line.status.value, line.dosage_text, list(line.what),
        list(line.possible), sites, line.evidence_digest, at if line.state in OPEN_STATES else None, at,
    ]  # fmt: skip


_EMPTY = f"""
UPDATE medications_line SET state = '{EMPTY}', revision = revision + 1, open_since = NULL, reopened = false,
    evidence_digest = '', changed_at = %s WHERE id = ANY(%s)
"""  # noqa: S608 - constants only


def _empty(chart: Locked, ids: Sequence[UUID]) -> None:
    """No source says so any more. Its decisions stay, and hold again when the same evidence comes back."""
    with connection.cursor() as cursor:
        cursor.execute(_EMPTY, [chart.recorded_at, list(ids)])


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text else None
