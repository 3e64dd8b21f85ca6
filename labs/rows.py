"""Rows to what settling knows, and what settling says to rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from labs.current import Heading, State, Word
from labs.models import ReportVersion, Result, ResultVersion
from labs.settling import Told
from labs.types import Status
from steadwell.actor import Actor
from steadwell.ids import SiteId

Row = Mapping[str, Any]

_HEADING = (
    "version", "replays", "digest", "heading_digest", "status_told", "issued_at", "sent_at", "complete",
    "loinc", "name", "performer", "specimen", "notes", "collected_at", "recorded_at",
)  # fmt: skip
_WORD = (
    "key", "version", "status_told", "digest", "flag", "loinc", "effective_at", "problem", "unit_reason",
)  # fmt: skip


def result_id(report_id: UUID, key: str) -> UUID:
    """An observation's id over its versions: made from its report and key, so that nobody needs to ask.

    A UUID version 8 that begins as its report's does, so that rows of one report lie together.
    """
    hashed = hashlib.blake2b(report_id.bytes + key.encode(), digest_size=10).digest()
    raw = bytearray(report_id.bytes[:6] + hashed)
    raw[6] = (raw[6] & 0x0F) | 0x80
    raw[8] = (raw[8] & 0x3F) | 0x80
    return UUID(bytes=bytes(raw))


def stamp(actor: Actor, now: datetime, *, source: str, site_id: UUID | None) -> dict[str, Any]:
    """The columns of history that all rows of one version share, as its first version. The roles are those
    that the actor holds where the report belongs.
    """
    acting = actor.acting_roles(site_ids=(SiteId(site_id),) if site_id else ())
    return {
        "version": 1, "supersedes": None, "valid_to": None, "recorded_at": now, "reason": "",
        "recorded_by": actor.user_id, "recorded_role": ",".join(sorted(acting)), "source": source,
    }  # fmt: skip


def heading(row: Row) -> Heading:
    return Heading(
        told=Told(
            number=row["version"], issued_at=row["issued_at"], sent_at=row["sent_at"],
            status=Status(row["status_told"]) if row["status_told"] else None, digest=row["digest"],
            complete=row["complete"], replays=row["replays"],
        ),
        digest=row["heading_digest"],
    )  # fmt: skip


def word(row: Row) -> Word:
    return Word(
        key=row["key"], version=row["version"],
        status=Status(row["status_told"]) if row["status_told"] else None, digest=row["digest"],
        flag=row["flag"], loinc=row["loinc"], effective_at=row["effective_at"],
        unread=bool(row["problem"] or row["unit_reason"]),
    )  # fmt: skip


def versions_of(report_id: UUID, *, until: datetime | None = None) -> list[dict[str, Any]]:
    rows = ReportVersion.objects.filter(entity_id=report_id)
    if until is not None:
        rows = rows.filter(recorded_at__lte=until)
    return list(rows.order_by("version").values(*_HEADING))


def words_of(report_id: UUID, *, until: datetime | None = None) -> list[Word]:
    rows = ResultVersion.objects.filter(report_id=report_id)
    if until is not None:
        rows = rows.filter(recorded_at__lte=until)
    return [word(row) for row in rows.values(*_WORD)]


def projection(state: State, versions: Sequence[Row], *, received_at: datetime) -> dict[str, Any]:
    """What follows from the set of versions, as columns of the report."""
    shown = next(each for each in versions if each["version"] == state.heading.version)
    return {
        "shown_version": state.heading.version,
        "loinc": shown["loinc"],
        "name": shown["name"],
        "performer": shown["performer"],
        "specimen": shown["specimen"],
        "notes": shown["notes"],
        "status": state.status.value,
        "status_disagrees": state.disagrees,
        "corrected": state.corrected,
        "critical": state.critical,
        "abnormal": state.abnormal,
        "quarantined": len(state.unread),
        "collected_at": shown["collected_at"],
        "issued_at": shown["issued_at"],
        "charted_at": shown["collected_at"] or shown["issued_at"] or received_at,
        "received_at": received_at,
    }


def result_versions(words: Iterable[Row], *, report_id: UUID, version: Row, state: State | None) -> list[Row]:
    """``state`` is what counted when they came: whatever a word replaces it names."""
    shared = {name: version[name] for name in (*stamp_names(), "valid_from")}
    return [
        {
            **shared,
            **each,
            "entity_id": result_id(report_id, each["key"]),
            "report_id": report_id,
            "valid_from": each["effective_at"] or version["valid_from"],
            "supersedes": state.results[each["key"]].version
            if state is not None and each["key"] in state.results
            else None,
        }
        for each in words
    ]


def stamp_names() -> tuple[str, ...]:
    return (
        "version", "supersedes", "valid_to", "recorded_at", "reason", "recorded_by", "recorded_role",
        "source",
    )  # fmt: skip


def results(
    keys: Iterable[str], *, state: State, report_id: UUID, person_id: UUID | None, otherwise: datetime
) -> list[Row]:
    """What counts now of these observations. ``otherwise``: the report's instant, for those without one."""
    found: list[Row] = []
    for key in keys:
        settled, said, flag = state.results[key], state.word(key), state.flag(key)
        found.append(
            {
                "id": result_id(report_id, key), "report_id": report_id, "key": key,
                "version": settled.version, "previous_version": settled.previous,
                "status": settled.status.value, "corrected": settled.corrected, "reason": settled.why.value,
                "flag": flag.value if flag else "", "loinc": said.loinc, "person_id": person_id,
                "observed_at": said.effective_at or otherwise,
            }
        )  # fmt: skip
    return found


def move_results(report_id: UUID, person_id: UUID | None) -> None:
    """The series of whoever the report is about now."""
    Result.objects.filter(report_id=report_id).update(person_id=person_id)
