"""What is ordered, what waits for its patient, and what could not be read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from labs.types.incoming import IncomingObservation
from steadwell.identity.service import PersonSummary
from steadwell.ids import PersonId, PractitionerId, SiteId


@dataclass(frozen=True, slots=True, kw_only=True)
class LabOrder:
    """A lab order of the clinic, and the reports that came of it."""

    order_id: UUID
    number: str
    person_id: PersonId
    site_id: SiteId
    practitioner_id: PractitionerId | None
    name: str
    loinc: str
    placed_at: datetime
    report_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingReport:
    """A report that is nobody's yet. ``reason`` is a code of recognising.Wait; ``said`` is the patient in
    the laboratory's words, where those could be read; ``order_person_id`` whom its order is for. ``name``,
    the test, is empty for staff who read no results.
    """

    report_id: UUID
    reason: str
    sender: str
    site_id: SiteId | None
    received_at: datetime
    name: str
    critical: bool
    said: PersonSummary | None
    order_person_id: PersonId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """An observation that could not be read, as the queue shows it."""

    quarantine_id: UUID
    report_id: UUID
    sender: str
    reason: str
    opened_at: datetime
    state: str
    said: IncomingObservation
