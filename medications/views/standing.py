"""What several of a patient's pages ask for: whose they are, which clock, and what waits."""

from __future__ import annotations

from datetime import datetime

from medications import ports
from medications import service as medications
from medications.types import MedicineList
from steadwell.errors import NotFound
from steadwell.ids import PersonId
from steadwell.portal import service as portal


def zone_of(person_id: PersonId, now: datetime) -> str:
    """The reader's own zone where they chose one, else that of a clinic where they are known, else of the
    first clinic there is: nobody here lives by UTC.
    """
    chosen = portal.reader_zone()
    if chosen is not None:
        return str(chosen)
    sites = sorted(ports.care().sites_of_patient(person_ids=[person_id]))
    sites = sites or list(ports.care().site_names(now=now))
    return ports.care().site_zone(site_id=sites[0], now=now) if sites else "UTC"


def list_of(request: portal.PortalRequest, person_id: PersonId, now: datetime) -> MedicineList:
    """The patient's side alone: a clinician's right to read opens no patient's page."""
    if not request.actor.stands_for(person_id):
        raise NotFound
    return medications.get_list(actor=request.actor, person_id=person_id, now=now)
