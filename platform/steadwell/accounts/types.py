"""What crosses the edge of accounts: frozen, and without a model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
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


class LetterState(StrEnum):
    """How an invitation stands, as the front desk reads it."""

    ON_ITS_WAY = "on-its-way"
    SENT = "sent"
    NOT_SENT = "not-sent"  # the mail server refused the address for good
    EXPIRED = "expired"
    BLOCKED = "blocked"  # too many wrong birth dates


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientAccount:
    """The account that is linked to a patient. ``last_sign_in`` is None for one who never came."""

    user_id: UserId
    email: str
    is_active: bool
    last_sign_in: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInvitation:
    """A letter that waits to be followed."""

    invitation_id: UUID
    email: str
    state: LetterState
    sent_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyHolder:
    """One who may act for a patient. ``until_on`` is the first day without the right."""

    proxy_id: UUID
    email: str
    relationship: str
    since: datetime
    until_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalAccess:
    """Who reaches a patient's record through the portal, and who is about to."""

    account: PatientAccount | None
    invitation: OpenInvitation | None
    proxies: tuple[ProxyHolder, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCode:
    """What the desk shows to a patient who has an account. Known only now: its digest alone is kept."""

    code: str
    expires_at: datetime
