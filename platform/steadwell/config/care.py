"""What medications asks about a patient, out of scheduling, identity and labs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from labs import service as labs
from medications.ports import PatientFacts
from scheduling import service as scheduling
from steadwell.actor import system
from steadwell.identity import service as identity
from steadwell.ids import PersonId, PractitionerId, SiteId
from steadwell.relations import Sql

ACTOR = system("medications.checks")
# Estimated kidney filtration, the newer equation first. All in mL/min/{1.73_m2}.
_EGFR = ("98979-8", "62238-1", "33914-3")
_WEIGHT = "29463-7"
_UNITS = {_WEIGHT: "kg"} | dict.fromkeys(_EGFR, "mL/min/{1.73_m2}")


class ClinicCare:
    """Implements ``medications.ports.Care``."""

    def sites_of_patient(self, *, person_ids: Collection[PersonId]) -> frozenset[SiteId]:
        return scheduling.list_sites_of_patient(person_ids=person_ids)

    def describe_patients_of_sites(self, *, site_ids: Collection[SiteId]) -> Sql:
        return scheduling.describe_patients_of_sites(site_ids=site_ids)

    def facts(self, *, person_id: PersonId, now: datetime) -> PatientFacts:
        """A value in another unit, below or above a limit of its method, is not known."""
        person = identity.names(actor=ACTOR, person_ids=[person_id], now=now).get(person_id)
        points = labs.series_of(actor=ACTOR, person_id=person_id, loincs=[*_EGFR, _WEIGHT], now=now)
        usable = {
            code: [p for p in found if p.result.quantity and p.result.quantity.unit == _UNITS[code]
                   and not p.result.quantity.comparator]
            for code, found in points.items()
        }  # fmt: skip
        kidney = next((usable[code][-1] for code in _EGFR if usable.get(code)), None)
        weight = usable[_WEIGHT][-1] if usable.get(_WEIGHT) else None
        return PatientFacts(
            birth_date=person.birth_date if person else None,
            weight_kg=weight.result.quantity.value if weight and weight.result.quantity else None,
            egfr=kidney.result.quantity.value if kidney and kidney.result.quantity else None,
            egfr_at=kidney.at if kidney else None,
        )

    def site_name(self, *, site_id: SiteId, now: datetime) -> str:
        found = scheduling.get_clinic(now=now).sites.get(site_id)
        return found.name if found else ""

    def site_names(self, *, now: datetime) -> Mapping[SiteId, str]:
        return {site.site_id: site.name for site in scheduling.list_sites(now=now)}

    def site_zone(self, *, site_id: SiteId, now: datetime) -> str:
        found = scheduling.get_clinic(now=now).sites.get(site_id)
        return found.time_zone if found else "UTC"

    def practitioner_names(
        self, *, practitioner_ids: Collection[PractitionerId], now: datetime
    ) -> Mapping[PractitionerId, str]:
        known = scheduling.get_clinic(now=now).practitioners
        return {each: known[each].name for each in practitioner_ids if each in known}
