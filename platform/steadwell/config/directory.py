"""The clinic as labs, messaging and notifications ask about it, out of scheduling."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from django.urls import reverse

from labs.ports import Labels
from scheduling import service as scheduling
from steadwell.ids import PersonId, PractitionerId, SiteId, VisitTypeId


class SchedulingDirectory:
    """Implements ``labs.ports.Directory``. Each question is one statement: the set-up is in memory."""

    def site_name(self, *, site_id: SiteId, now: datetime) -> str:
        found = scheduling.get_clinic(now=now).sites.get(site_id)
        return found.name if found else ""

    def site_zone(self, *, site_id: SiteId, now: datetime) -> str:
        found = scheduling.get_clinic(now=now).sites.get(site_id)
        return found.time_zone if found else "UTC"

    def site_phone(self, *, site_id: SiteId, now: datetime) -> str:
        found = scheduling.get_clinic(now=now).sites.get(site_id)
        return found.phone if found else ""

    def site_names(self, *, now: datetime) -> Mapping[SiteId, str]:
        return {site.site_id: site.name for site in scheduling.list_sites(now=now)}

    def practitioner_names(
        self, *, practitioner_ids: Collection[PractitionerId], now: datetime
    ) -> Mapping[PractitionerId, str]:
        known = scheduling.get_clinic(now=now).practitioners
        return {each: known[each].name for each in practitioner_ids if each in known}

    def labels(
        self,
        *,
        site_ids: Collection[SiteId],
        practitioner_ids: Collection[PractitionerId],
        now: datetime,
    ) -> Labels:
        clinic = scheduling.get_clinic(now=now)
        sites, people = clinic.sites, clinic.practitioners
        return Labels(
            zones={each: sites[each].time_zone for each in site_ids if each in sites},
            names={each: people[each].name for each in practitioner_ids if each in people},
        )

    def sites_of(self, *, practitioner_id: PractitionerId, now: datetime) -> frozenset[SiteId]:
        found = scheduling.get_clinic(now=now).practitioners.get(practitioner_id)
        return found.site_ids if found else frozenset()

    def on_call(self, *, site_id: SiteId, now: datetime) -> Sequence[PractitionerId]:
        return scheduling.list_on_duty(site_id=site_id, at=now)


class SchedulingReception(SchedulingDirectory):
    """Implements ``messaging.ports.Clinic``."""

    def sites_of_patient(self, *, person_ids: Collection[PersonId]) -> frozenset[SiteId]:
        return scheduling.list_sites_of_patient(person_ids=person_ids)

    def closed_days(self, *, site_id: SiteId, now: datetime) -> Collection[date]:
        return scheduling.list_holidays(site_id=site_id, now=now)


class SchedulingAttendance:
    """Implements ``notifications.ports.Clinic``."""

    def last_visits(
        self,
        *,
        person_ids: Collection[PersonId],
        site_id: SiteId | None,
        visit_type_id: VisitTypeId | None,
        now: datetime,
    ) -> Mapping[PersonId, datetime]:
        return scheduling.list_last_visits(
            person_ids=person_ids, site_id=site_id, visit_type_id=visit_type_id, now=now
        )

    def site_names(self, *, now: datetime) -> Mapping[SiteId, str]:
        return {site.site_id: site.name for site in scheduling.list_sites(now=now)}

    def visit_type_names(self, *, now: datetime) -> Mapping[VisitTypeId, str]:
        found = scheduling.list_visit_types(now=now, for_patients=False)
        return {kind.visit_type_id: kind.name for kind in found}

    def zone_of(self, *, site_id: SiteId | None, now: datetime) -> str:
        sites = scheduling.list_sites(now=now)
        chosen = (site for site in sites if site_id is None or site.site_id == site_id)
        return next((site.time_zone for site in chosen), "UTC")

    def booking_path(self) -> str:
        return reverse("scheduling:find")
