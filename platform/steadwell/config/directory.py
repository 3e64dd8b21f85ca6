"""The clinic's directory as labs asks for it, out of scheduling's set-up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from scheduling import service as scheduling
from steadwell.ids import PractitionerId, SiteId


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

    def sites_of(self, *, practitioner_id: PractitionerId, now: datetime) -> frozenset[SiteId]:
        found = scheduling.get_clinic(now=now).practitioners.get(practitioner_id)
        return found.site_ids if found else frozenset()

    def on_call(self, *, site_id: SiteId, now: datetime) -> Sequence[PractitionerId]:
        return scheduling.list_on_duty(site_id=site_id, at=now)
