"""What messaging asks of the outside: the clinic's sites, their days and the names of those who answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Protocol

from steadwell.ids import PersonId, PractitionerId, SiteId


class Clinic(Protocol):
    """The clinic as messaging knows it. The wiring binds it to scheduling."""

    def sites_of_patient(self, *, person_ids: Collection[PersonId]) -> frozenset[SiteId]:
        """The sites where the patient has, or had, a visit."""
        ...

    def site_names(self, *, now: datetime) -> Mapping[SiteId, str]: ...

    def site_zone(self, *, site_id: SiteId, now: datetime) -> str:
        """An IANA zone; UTC for a site that is not known."""
        ...

    def site_phone(self, *, site_id: SiteId, now: datetime) -> str:
        """Empty where none is known."""
        ...

    def closed_days(self, *, site_id: SiteId, now: datetime) -> Collection[date]:
        """The site's holidays, beside weekends."""
        ...

    def practitioner_names(
        self, *, practitioner_ids: Collection[PractitionerId], now: datetime
    ) -> Mapping[PractitionerId, str]: ...


_clinic: list[Clinic] = []


def bind(clinic: Clinic) -> None:
    """Called by the wiring."""
    _clinic[:] = [clinic]


def clinic() -> Clinic:
    if not _clinic:
        raise RuntimeError("No clinic is bound: see steadwell.config.wiring.")
    return _clinic[0]
