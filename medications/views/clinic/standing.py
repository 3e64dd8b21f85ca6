"""What clinicians' pages share: which clinic, who is who, and what waits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from medications import access, charts, ports
from medications.errors import MedicineNotFound
from medications.refills.counting import count_waiting
from steadwell.actor import Role
from steadwell.ids import PersonId, PractitionerId, SiteId
from steadwell.portal import service as portal

READERS = frozenset({Role.CLINICIAN})
COUNTERS = frozenset({Role.CLINICIAN, Role.MANAGER, Role.ADMINISTRATOR})
_KEPT = "_refills_waiting"


def sites_of(request: portal.PortalRequest, now: datetime) -> dict[SiteId, str]:
    """The clinics where the reader is a clinician, by name."""
    actor = request.actor
    names = ports.care().site_names(now=now)
    mine = {site: name for site, name in names.items() if Role.CLINICIAN in actor.roles_at(site)}
    return dict(sorted(mine.items(), key=lambda pair: pair[1].casefold()))


def clinicians(ids: Iterable[PractitionerId | None], now: datetime) -> Mapping[PractitionerId, str]:
    known = {each for each in ids if each}
    return ports.care().practitioner_names(practitioner_ids=known, now=now) if known else {}


def refills_waiting(request: portal.PortalRequest) -> int:
    """Refills that wait for the reader's clinics; asked once a request."""
    found: int | None = getattr(request, _KEPT, None)
    if found is None:
        found = count_waiting(actor=request.actor)
        setattr(request, _KEPT, found)
    return found


def clinic_panel(request: portal.PortalRequest) -> portal.Panel | None:
    """Above the clinic's day: refills that wait."""
    waiting = refills_waiting(request)
    if not waiting:
        return None
    return portal.Panel(template="medications/clinic/_panel.html", context={"waiting": waiting})


def patient_panel(request: portal.PortalRequest) -> portal.Panel | None:
    """On a patient's page of staff: the way to their medicines."""
    match = request.resolver_match
    person_id = match.kwargs.get("person_id") if match else None
    if person_id is None:
        return None
    try:
        access.may_read(request.actor, charts.ids_of(PersonId(person_id)))
    except MedicineNotFound:
        return None  # not cared for at a clinic of the reader's: the way would lead nowhere
    return portal.Panel(template="medications/clinic/_patient.html", context={"person_id": person_id})
