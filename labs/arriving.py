"""A message as the rows it becomes: heading, observations as read, and the words of those set aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from labs import reading
from labs.identifying import digest_of, fit, heading_digest, identity_of, keyed, within
from labs.recognising import Recognised
from labs.surroundings import Surroundings
from labs.types import Attachment, IncomingReport
from steadwell.identity.service import Sex


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """``said`` holds, by key, the words of the observations that are set aside."""

    sender: str
    identity: str
    heading: Mapping[str, Any]
    words: Sequence[Mapping[str, Any]]
    said: Mapping[str, Mapping[str, Any]]
    attachments: Sequence[Attachment] = ()


def read(report: IncomingReport, *, around: Surroundings, who: Recognised, now: datetime) -> Arrival:
    patient = report.patient.demographics if report.patient else None
    context = reading.Context(
        sender=report.sender,
        synonyms=around.synonyms,
        sex=str(patient.sex) if patient else Sex.UNKNOWN,
        birth_date=patient.birth_date if patient else None,
        on=(report.collected_at or report.issued_at or now).date(),
    )
    words: list[Mapping[str, Any]] = []
    said: dict[str, Mapping[str, Any]] = {}
    for position, (key, observation) in enumerate(keyed(report.observations), start=1):
        row = reading.read(key, observation, context)
        row["position"] = position
        words.append(row)
        if reading.reason_to_set_aside(row):
            said[key] = asdict(observation)
    return Arrival(
        sender=report.sender, identity=identity_of(report), heading=_heading(report, who), words=words,
        said=said, attachments=report.attachments,
    )  # fmt: skip


def _heading(report: IncomingReport, who: Recognised) -> dict[str, Any]:
    """The columns of its ReportVersion, but for the version's own."""
    code = report.code
    return {
        "message_id": report.message_id,
        "record_id": who.record_id,
        "replays": None,
        "digest": digest_of(report),
        "heading_digest": heading_digest(report),
        "status_told": report.status.value if report.status else "",
        "issued_at": report.issued_at,
        "sent_at": report.sent_at,
        "complete": report.complete,
        "code": within(code.code, 200),
        "code_system": fit(code.system, 20),
        "loinc": code.loinc if len(code.loinc) <= 12 else "",
        "name": fit(code.text or code.alternate_text or code.code, 250),
        "placer_number": within(report.placer_number, 200),
        "filler_number": within(report.filler_number, 200),
        "parent_filler_number": within(report.parent_filler_number, 200),
        "ordered_by": fit(report.ordered_by, 100),
        "ordered_by_name": fit(report.ordered_by_name, 250),
        "copies_to": [fit(name, 250) for name in report.copies_to],
        "performer": fit(report.performer, 250),
        "specimen": fit(report.specimen, 250),
        "collected_at": report.collected_at,
        "collected_text": fit(report.collected_text, 60),
        "notes": [fit(note, 20_000) for note in report.notes],
    }
