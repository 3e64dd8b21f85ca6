"""Allergies and intolerances."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from medications.types.statements import Reading, Source
from steadwell.ids import PersonId, SiteId, SourceRecordId


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingAllergy:
    """One allergy or intolerance as its source said it; ``status_word`` as in FHIR's
    allergyintolerance-clinical (active, inactive, resolved) or the source's own.
    """

    source: Source
    system: str
    external_id: str
    substance_text: str
    said_at: datetime
    rxcui: str = ""
    status_word: str = "active"
    reaction_text: str = ""
    severity: str = ""  # mild, moderate, severe or empty
    record_id: SourceRecordId | None = None
    site_id: SiteId | None = None
    is_correction: bool = False
    seen_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AllergyView:
    allergy_id: UUID
    version: int
    person_id: PersonId
    source: Source
    system: str
    substance_text: str
    reading: Reading
    name: str
    status: str  # active, inactive, resolved, entered-in-error, unknown
    status_word: str
    reaction_text: str
    severity: str
    needs: str
    said_at: datetime
    recorded_at: datetime
