"""What a page of the clinic's calendar looks at: a site or a clinician, and a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode
from uuid import UUID

from scheduling import catalogue
from scheduling.forms import FARTHEST
from scheduling.types import PractitionerInfo, SiteInfo
from steadwell.errors import NotFound
from steadwell.ids import PractitionerId, SiteId
from steadwell.portal import service as portal


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """``site`` is always there, also where a clinician is looked at: it gives the page its clock."""

    site: SiteInfo
    clinician: PractitionerInfo | None
    on: date
    today: date
    sites: tuple[SiteInfo, ...]
    clinicians: tuple[PractitionerInfo, ...]

    @property
    def site_id(self) -> SiteId | None:
        """The site to ask for; None where the clinician's whole day is meant."""
        return None if self.clinician else self.site.site_id

    @property
    def clinician_id(self) -> PractitionerId | None:
        return self.clinician.practitioner_id if self.clinician else None

    def query(self, on: date) -> str:
        """The same look at another day, as the query of an address."""
        who = {"clinician": self.clinician.practitioner_id} if self.clinician else {"site": self.site.site_id}
        return "?" + urlencode({**who, "on": on.isoformat()})


def look(request: portal.PortalRequest, *, now: datetime) -> Looking:
    """Read the query. A clinician opens on their own day, everybody else on their first clinic's."""
    known = catalogue.current()  # once: the service's lists would each ask whether it is fresh
    everyone = tuple(known.practitioners.values())
    all_sites = sorted(known.sites.values(), key=lambda site: site.name)
    sites = tuple(site for site in all_sites if request.actor.works_at(site.site_id))
    if not sites:
        raise NotFound
    clinician = _clinician(request, everyone)
    site = _site(request, sites, clinician)
    today = portal.at_site(now, site.time_zone).date()
    return Looking(
        site=site,
        clinician=clinician,
        on=day_in(request.GET.get("on", ""), today),
        today=today,
        sites=sites,
        clinicians=tuple(each for each in everyone if site.site_id in each.site_ids),
    )


def _clinician(
    request: portal.PortalRequest, everyone: tuple[PractitionerInfo, ...]
) -> PractitionerInfo | None:
    wanted = request.GET.get("clinician", "")
    if not wanted:
        own = request.actor.practitioner_id
        bare = "site" not in request.GET
        return next((each for each in everyone if bare and own and each.practitioner_id == own), None)
    found = next((each for each in everyone if str(each.practitioner_id) == wanted), None)
    if found is None or not any(request.actor.works_at(site) for site in found.site_ids):
        raise NotFound
    return found


def _site(
    request: portal.PortalRequest, sites: tuple[SiteInfo, ...], clinician: PractitionerInfo | None
) -> SiteInfo:
    wanted = request.GET.get("site", "")
    if wanted:
        found = next((site for site in sites if str(site.site_id) == wanted), None)
        if found is None:
            raise NotFound
        return found
    if clinician:
        return next((site for site in sites if site.site_id in clinician.site_ids), sites[0])
    return sites[0]


def day_in(text: str, otherwise: date) -> date:
    """A day that makes no sense is ``otherwise``; so is one so far off that a calendar ends beside it."""
    try:
        asked = date.fromisoformat(text)
    except ValueError:
        return otherwise
    return asked if abs(asked - otherwise) < FARTHEST else otherwise


def uuid_in(text: str) -> UUID:
    """An id of the query or the form; what is none opens nothing."""
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound from error
