"""A visit, its versions and what is asked about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from scheduling.status import Move, Status
from scheduling.types.clinic import Modality
from steadwell.ids import AppointmentId, PersonId, PractitionerId, SiteId, VisitTypeId


class CancelledBy(StrEnum):
    PATIENT = "patient"
    CLINIC = "clinic"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedMove:
    """Another time that the patient asked for. The visit keeps its own until the clinic decides."""

    move_request_id: UUID
    visit_type_id: VisitTypeId
    practitioner_id: PractitionerId
    practitioner_name: str
    site_id: SiteId  # its clinic decides
    site_name: str
    session_id: UUID | None
    resource_ids: tuple[UUID, ...]
    starts_at: datetime
    ends_at: datetime
    wall_start: datetime
    time_zone: str
    busy_from: datetime
    busy_until: datetime
    asked_at: datetime
    overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """A visit as it stands. ``moves`` is what the asking actor may do to it now."""

    appointment_id: AppointmentId
    person_id: PersonId
    version: int
    status: Status
    visit_type_id: VisitTypeId
    visit_type_name: str
    modality: Modality
    practitioner_id: PractitionerId
    practitioner_name: str
    site_id: SiteId
    site_name: str
    site_address: str
    site_phone: str
    rooms: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    wall_start: datetime
    time_zone: str
    booked_at: datetime
    note: str = ""  # the patient's own words
    cancelled_by: CancelledBy | None = None
    cancel_reason: str = ""
    rebook_offered: bool = False  # the clinic called it off and offers other times
    overbooked: bool = False
    overdue: bool = False  # a request that has waited too long for its answer
    lapsed: bool = False  # a request that was never answered
    is_group: bool = False
    video_link: str = ""
    requested_move: RequestedMove | None = None
    moves: frozenset[Move] = frozenset()

    @property
    def needs_approval(self) -> bool:
        return self.status is Status.PENDING


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentVersion:
    """One move in the life of a visit."""

    version: int
    status: Status
    move: str
    practitioner_id: PractitionerId
    site_id: SiteId
    starts_at: datetime
    ends_at: datetime
    wall_start: datetime
    time_zone: str
    recorded_at: datetime
    recorded_by: UUID | None
    recorded_role: str
    reason: str
