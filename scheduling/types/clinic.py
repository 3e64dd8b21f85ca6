"""Sites, clinicians and visit types as others see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from steadwell.errors import NotFound
from steadwell.ids import OrganisationId, PractitionerId, SiteId, VisitTypeId

Key = TypeVar("Key")


Info = TypeVar("Info")


class Mode(StrEnum):
    """How a site takes bookings from patients."""

    OPEN = "open"
    REQUEST = "request"  # the clinic approves each one
    VIEW_ONLY = "view-only"


class Modality(StrEnum):
    IN_PERSON = "in-person"
    VIDEO = "video"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteInfo:
    site_id: SiteId
    organisation_id: OrganisationId
    name: str
    address: str
    phone: str
    time_zone: str
    mode: Mode
    book_lead_minutes: int
    cancel_lead_minutes: int
    answer_hours: int  # working hours within which a request is to be answered
    answer_lead_minutes: int  # before the visit, when a request without an answer ends
    window_days: int
    cap_per_day: int  # 0: no cap
    cap_ahead: int  # 0: no cap


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerInfo:
    practitioner_id: PractitionerId
    name: str
    title: str
    specialities: tuple[str, ...]
    languages: tuple[str, ...]
    site_ids: frozenset[SiteId]


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitTypeInfo:
    visit_type_id: VisitTypeId
    code: str
    name: str
    description: str
    preparation: str  # what to bring or do before, in the clinic's words
    speciality: str
    modality: Modality
    minutes: int
    capacity: int  # 1, or the places of a group visit
    patients_may_book: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicInfo:
    """All of the set-up at one moment, for a page that shows several parts of it."""

    sites: Mapping[SiteId, SiteInfo]
    practitioners: Mapping[PractitionerId, PractitionerInfo]
    visit_types: Mapping[VisitTypeId, VisitTypeInfo]
    # What pages work out from it, such as a long list of clinicians: it lives and dies with the set-up.
    kept: dict[object, object] = field(default_factory=dict, compare=False, repr=False)

    def site(self, site_id: SiteId) -> SiteInfo:
        return _known(self.sites, site_id)

    def practitioner(self, practitioner_id: PractitionerId) -> PractitionerInfo:
        return _known(self.practitioners, practitioner_id)

    def visit_type(self, visit_type_id: VisitTypeId) -> VisitTypeInfo:
        return _known(self.visit_types, visit_type_id)


def _known(found: Mapping[Key, Info], key: Key) -> Info:
    if key not in found:
        raise NotFound
    return found[key]
