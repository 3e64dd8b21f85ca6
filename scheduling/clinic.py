"""What the clinic is made of, for pages and other apps. No patient data; from the snapshot, one statement."""

from __future__ import annotations

from datetime import date, datetime

from scheduling import catalogue
from scheduling.types import ClinicInfo, SiteInfo, VisitTypeInfo
from scheduling.vocabulary import LANGUAGES, SPECIALITIES
from steadwell.errors import NotFound
from steadwell.ids import SiteId, VisitTypeId


def get_clinic(*, now: datetime, searching: VisitTypeId | None = None) -> ClinicInfo:
    """All of it at one moment, for the price of one part.

    For nothing at all where a search for ``searching`` follows: that reads the set-up afresh, so the
    snapshot which this process has will do for the words around it, as long as it knows the visit type.
    """
    known = catalogue.seen()
    if known is None or searching not in known.visit_types:
        known = catalogue.current()
    return known.clinic


def list_sites(*, now: datetime) -> tuple[SiteInfo, ...]:
    return tuple(sorted(catalogue.current().sites.values(), key=lambda site: site.name))


def list_visit_types(*, now: datetime, for_patients: bool = True) -> tuple[VisitTypeInfo, ...]:
    """Visit types by name; those that patients book themselves, or all."""
    kinds = catalogue.current().visit_types.values()
    return tuple(kind.info for kind in kinds if kind.info.patients_may_book or not for_patients)


def list_holidays(*, site_id: SiteId, now: datetime) -> tuple[date, ...]:
    """The days on which a site is closed, beside those without anybody's hours; earliest first."""
    return tuple(sorted(catalogue.current().holidays.get(site_id, ())))


def get_site(*, site_id: SiteId, now: datetime) -> SiteInfo:
    found = catalogue.current().sites.get(site_id)
    if found is None:
        raise NotFound
    return found


def speciality_name(code: str) -> str:
    """In the reader's language; the code itself for one we do not know."""
    return str(SPECIALITIES.get(code, code))


def language_name(code: str) -> str:
    """In the reader's language; the code itself for one we do not know."""
    return str(LANGUAGES.get(code, code))
