"""What crosses the edge of accounts: frozen, and without a model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from steadwell.ids import PersonId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Where and how a person is written to. ``language`` is a code, ``time_zone`` an IANA name."""

    user_id: UserId
    email: str
    language: str
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One who is told about a patient: the patient, or one who acts for them.

    ``person_id`` is the id of the patient that the account or the right names.
    """

    contact: Contact
    person_id: PersonId
    is_patient: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSummary:
    """One browser in which a user is signed in. ``browser`` and ``system`` are names, or empty."""

    session_id: UUID
    browser: str
    system: str
    created_at: datetime
    last_seen_at: datetime
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyRight:
    """One patient a user may act for. ``until_on`` is the first day without the right, in ``time_zone``."""

    proxy_id: UUID
    user_id: UserId
    person_id: PersonId
    relationship: str
    until_on: date | None
    time_zone: str
