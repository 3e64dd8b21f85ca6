"""Where forms stand in the header and on the first pages of patients and of staff."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from fhir_facade.forms import access, filling, settling
from scheduling import service as scheduling
from steadwell import clock
from steadwell.ids import PersonId
from steadwell.portal import service as portal


def register() -> None:
    patients = frozenset(portal.READERS)
    portal.register_nav(
        key="forms", label=_("Forms"), url_name="forms:own", area=portal.Area.ACCOUNT, roles=patients,
        icon="clipboard", order=15,
    )  # fmt: skip
    portal.register_panel(key="forms.own", place="home", build=own_panel, roles=patients, order=6)
    portal.register_nav(
        key="clinic-forms", label=_("Forms"), url_name="forms:waiting", area=portal.Area.CLINIC,
        roles=access.READERS, icon="clipboard", order=5, prefix="/clinic/forms/",
    )  # fmt: skip
    portal.register_panel(
        key="forms.waiting", place="clinic", build=waiting_panel, roles=access.READERS, order=125
    )
    portal.register_panel(
        key="forms.patient", place="patient", build=patient_panel, roles=access.ASKERS, order=110
    )


def own_panel(request: portal.PortalRequest) -> portal.Panel | None:
    """Nothing where nothing is to be filled in."""
    waiting = filling.count_to_fill(actor=request.actor)
    return (
        portal.Panel(template="fhir_facade/forms/_own.html", context={"waiting": waiting})
        if waiting
        else None
    )


def waiting_panel(request: portal.PortalRequest) -> portal.Panel | None:
    """Above the clinic's day: what waits to be read. In the header each page would have to count it."""
    actor = request.actor
    now = clock.now()
    sites = [s.site_id for s in scheduling.list_sites(now=now) if actor.roles_at(s.site_id) & access.READERS]
    waiting = settling.count_waiting(site_ids=sites) if sites else 0
    return (
        portal.Panel(template="fhir_facade/forms/_waiting.html", context={"waiting": waiting})
        if waiting
        else None
    )


def patient_panel(request: portal.PortalRequest) -> portal.Panel | None:
    """On a patient's page of staff: the way to their forms, for a clinic that cares for them."""
    match = request.resolver_match
    person_id = match.kwargs.get("person_id") if match else None
    if person_id is None:
        return None
    sites = scheduling.list_sites_of_patient(person_ids=access.ids_of(PersonId(person_id)))
    if not any(access.asks_at(request.actor, site) for site in sites):
        return None
    return portal.Panel(template="fhir_facade/forms/_patient.html", context={"person_id": person_id})
