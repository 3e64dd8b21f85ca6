"""Refills, from the patient's request to the pharmacy's word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from medications.types.checks import CheckView
from steadwell.ids import PersonId, PractitionerId, SiteId, UserId


class RefillState(StrEnum):
    REQUESTED = "requested"  # waits for a clinician
    APPROVED = "approved"  # on its way to the pharmacy
    SENT = "sent"  # handed over, no answer yet
    ACCEPTED = "accepted"  # the pharmacy prepares it
    FILLED = "filled"  # ready or handed out
    PHARMACY_REFUSED = "pharmacy-refused"
    UNANSWERED = "unanswered"  # retried, and still nothing: staff act
    DECLINED = "declined"  # a clinician said no, with a reason
    WITHDRAWN = "withdrawn"  # the patient took it back


@dataclass(frozen=True, slots=True, kw_only=True)
class RefillStepView:
    number: int
    step: str  # a state, or: changed, handed, retried, duplicate, late
    at: datetime
    by: UserId | None
    role: str
    reason: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PharmacyView:
    pharmacy_id: UUID
    name: str
    phone: str
    ncpdp_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefillView:
    """A refill. ``version`` grows with each step: a writer states the one they saw. ``for_staff`` parts
    (steps' reasons of the pharmacy) are the same for both sides: nothing in it is hidden from the patient.
    """

    refill_id: UUID
    version: int
    person_id: PersonId
    line_id: UUID
    statement_id: UUID
    site_id: SiteId
    name: str
    dosage_text: str
    quantity_text: str
    state: RefillState
    reason: str  # of a refusal or a change
    note: str  # the patient's words
    pharmacy: PharmacyView | None
    requested_at: datetime
    requested_by: UserId | None
    decided_at: datetime | None
    decided_by: PractitionerId | None
    sent_at: datetime | None
    answered_at: datetime | None
    due_at: datetime | None  # when the pharmacy should have answered
    attempts: int
    check: CheckView | None
    steps: tuple[RefillStepView, ...] = ()
