"""A clinician's and a clinic's day, and what closes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from scheduling.types.visits import Appointment
from steadwell.ids import PractitionerId, SiteId


class ClosureKind(StrEnum):
    LEAVE = "leave"
    BLOCK = "block"
    IMPORTED = "imported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """A stretch a clinician cannot be booked in: leave, a block, or busy time read from another calendar."""

    closure_id: UUID
    practitioner_id: PractitionerId
    kind: ClosureKind
    starts_at: datetime
    ends_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTime:
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicianDay:
    """One clinician's column of a day."""

    practitioner_id: PractitionerId
    practitioner_name: str
    hours: tuple[OpenTime, ...]
    visits: tuple[Appointment, ...]
    closures: tuple[Closure, ...]
    asked: tuple[Appointment, ...] = ()  # visits elsewhere in time whose patients asked to move to this day


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicDay:
    """One local day of a site (or, for one clinician, of each site they work at)."""

    on: date
    site_id: SiteId
    site_name: str
    time_zone: str
    holiday: str  # its name, or empty
    columns: tuple[ClinicianDay, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class DayMove:
    """What calling off a clinician's day did: the visits it touched, each told and offered other times."""

    closure: Closure
    touched: tuple[Appointment, ...]
    elsewhere: int = 0  # visits that still stand, at clinics where the actor does not work


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A private calendar address. ``token`` is known only in the answer that made it; only its hash is
    kept.
    """

    feed_id: UUID
    token: str
    created_at: datetime
