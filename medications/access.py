"""Who may see and do what: one check per kind of data. "Not yours" answers as "not there"."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from medications import ports
from medications.errors import MedicineNotFound
from medications.models import Refill, Statement
from steadwell.actor import Actor, Role
from steadwell.errors import Forbidden
from steadwell.ids import PersonId, SiteId

_EVERYWHERE = frozenset({Role.ADMINISTRATOR, Role.SYSTEM})


def is_patient_side(actor: Actor, ids: Collection[PersonId]) -> bool:
    """The patient, or somebody who stands for them."""
    return any(actor.stands_for(person_id) for person_id in ids)


def may_file(actor: Actor) -> None:
    """What a source says comes through the platform."""
    if not actor.has(*_EVERYWHERE):
        raise Forbidden


def may_read(actor: Actor, ids: Collection[PersonId]) -> None:
    """A patient's medicines and allergies: their own side, and clinicians of a site that cares for them.

    A list that leaves out what another clinic prescribed is a danger, so it is read whole or not at all.
    The front desk and managers read none of it.
    """
    if not (is_patient_side(actor, ids) or _treats(actor, ids)):
        raise MedicineNotFound


def may_write_own_words(actor: Actor, ids: Collection[PersonId]) -> None:
    """Enter, change and stop what a patient says they take: as may be read."""
    may_read(actor, ids)


def may_decide(actor: Actor, ids: Collection[PersonId]) -> None:
    """Reconcile: a clinician of a site that cares for the patient. The patient's side finds it not there."""
    if not actor.has(Role.CLINICIAN) or not _treats(actor, ids):
        raise MedicineNotFound


def may_prescribe(actor: Actor, site_id: SiteId, ids: Collection[PersonId]) -> None:
    if Role.CLINICIAN not in actor.roles_at(site_id) or not _treats(actor, ids):
        raise MedicineNotFound


def may_ask_refill(actor: Actor, ids: Collection[PersonId]) -> None:
    """The patient's side, or a clinician for them."""
    may_read(actor, ids)


def may_decide_refill(actor: Actor, site_id: SiteId) -> None:
    """A clinician of the refill's own site."""
    if Role.CLINICIAN not in actor.roles_at(site_id):
        raise MedicineNotFound


def may_keep_diary(actor: Actor, ids: Collection[PersonId]) -> None:
    """The patient's side alone writes it; clinicians read it with the list."""
    if not is_patient_side(actor, ids):
        raise MedicineNotFound


def may_see_queue(actor: Actor, site_id: SiteId) -> None:
    """A site's queues hold what patients take: clinicians there."""
    if not (actor.has(*_EVERYWHERE) or Role.CLINICIAN in actor.roles_at(site_id)):
        raise MedicineNotFound


def may_count_alerts(actor: Actor) -> None:
    """Counts of rules, without patients: clinicians and who runs the place."""
    if not actor.has(Role.CLINICIAN, Role.MANAGER, *_EVERYWHERE):
        raise MedicineNotFound


def sees_everybody(actor: Actor) -> bool:
    """Whoever works for every site: the platform, administrators, clinicians of all sites."""
    if actor.has(*_EVERYWHERE):
        return True
    everywhere = any(role is Role.CLINICIAN and site is None for role, site in actor.grants)
    return everywhere and actor.has(Role.CLINICIAN)


def _treats(actor: Actor, ids: Collection[PersonId]) -> bool:
    if sees_everybody(actor):
        return True
    if not actor.has(Role.CLINICIAN):
        return False
    sites = clinician_sites(actor)
    if not sites:
        return False
    if Statement.objects.filter(person_id__in=ids, site_id__in=sites).exists():
        return True
    if Refill.objects.filter(person_id__in=ids, site_id__in=sites).exists():
        return True
    return bool(ports.care().sites_of_patient(person_ids=ids) & sites)


def clinician_sites(actor: Actor) -> frozenset[SiteId]:
    """Where the actor works as a clinician."""
    named = {site for role, site in actor.grants if site is not None and role is Role.CLINICIAN}
    sites: Collection[SiteId | UUID] = named if actor.grants else actor.site_ids
    return frozenset(SiteId(site) for site in sites if Role.CLINICIAN in actor.roles_at(SiteId(site)))
