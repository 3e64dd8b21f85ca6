"""Allergies as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from medications.presenters import words
from medications.types import AllergyView


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``badge`` is empty while it simply holds; ``source`` says who told of it."""

    allergy_id: UUID
    version: int
    name: str
    reaction: str
    severity: str
    badge: str
    source: str
    holds: bool
    is_own: bool


def rows(allergies: Sequence[AllergyView], *, for_staff: bool = False) -> list[Row]:
    """Without those entered by mistake; those that hold first."""
    sources = words.SOURCE if for_staff else words.SOURCE_FOR_PATIENT
    found = [
        Row(
            allergy_id=each.allergy_id,
            version=each.version,
            name=each.name or each.substance_text,
            reaction=each.reaction_text,
            severity=str(words.ALLERGY_SEVERITY.get(each.severity, "")),
            badge="" if each.status == "active" else str(words.ALLERGY_STATUS.get(each.status, "")),
            source=str(sources[each.source]),
            holds=each.status in {"active", "unknown"},
            is_own=each.source.value == "patient",
        )
        for each in allergies
        if each.status != "entered-in-error"
    ]
    return sorted(found, key=lambda row: (not row.holds, row.name.casefold()))
