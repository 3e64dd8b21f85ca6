"""Who may see and do what: one check per kind of data. "Not yours" answers as "not there"."""

from __future__ import annotations

from scheduling.errors import AppointmentNotFound
from scheduling.status import Move, Status, allowed
from steadwell.actor import Actor, Role
from steadwell.errors import NotFound
from steadwell.identity import service as identity
from steadwell.ids import PersonId, PractitionerId, SiteId


def is_patient_side(actor: Actor, person_id: PersonId) -> bool:
    """The patient themself or somebody who stands for them: lead times and caps are for them."""
    return actor.stands_for(person_id)


def ids_of(actor: Actor, person_id: PersonId) -> list[PersonId]:
    """Every id that means this patient now, in a fixed order. Those of whom the actor stands for came
    with the actor; for staff one statement.
    """
    return list(identity.ids_for(actor, person_id))


def ids_now(person_id: PersonId) -> list[PersonId]:
    """The same, asked afresh: an actor was read when the request began."""
    return sorted(identity.person_ids_of(person_id)) or [person_id]


def staff_roles_at(actor: Actor, site_id: SiteId) -> frozenset[Role]:
    """The roles that count at a site, and no role held at another one."""
    return actor.roles_at(site_id)


def may_book(actor: Actor, *, person_id: PersonId, site_id: SiteId) -> None:
    """Book, hold or search for a patient at a site."""
    if not books_for(actor, person_id=person_id, site_id=site_id):
        raise NotFound


def books_for(actor: Actor, *, person_id: PersonId, site_id: SiteId) -> bool:
    return actor.stands_for(person_id) or actor.works_at(site_id)


def may_see_visit(
    actor: Actor, *, person_id: PersonId, site_id: SiteId, practitioner_id: PractitionerId
) -> None:
    if not sees_visit(actor, person_id=person_id, site_id=site_id, practitioner_id=practitioner_id):
        raise AppointmentNotFound


def sees_visit(
    actor: Actor, *, person_id: PersonId, site_id: SiteId, practitioner_id: PractitionerId
) -> bool:
    """The patient, who stands for them, the clinician, and staff of the site."""
    if actor.stands_for(person_id) or actor.works_at(site_id):
        return True
    return actor.practitioner_id is not None and actor.practitioner_id == practitioner_id


def may_move(actor: Actor, move: Move, *, status: Status, person_id: PersonId, site_id: SiteId) -> bool:
    """Whether the status table lets this actor make a move on a visit they see."""
    return allowed(
        move,
        status=status,
        roles=staff_roles_at(actor, site_id),
        patient_side=is_patient_side(actor, person_id),
    )


def may_see_patients_visits(actor: Actor, person_id: PersonId) -> None:
    """A patient's list. Staff see the visits of their own sites in it (queries.py narrows)."""
    if not (actor.stands_for(person_id) or actor.is_staff or actor.is_system):
        raise NotFound


def may_run_site(actor: Actor, site_id: SiteId) -> None:
    """A site's calendar and requests."""
    if not actor.works_at(site_id):
        raise NotFound


def may_see_clinician(
    actor: Actor, practitioner_id: PractitionerId, site_ids: frozenset[SiteId]
) -> frozenset[SiteId]:
    """The sites at which the actor may see this clinician's time; NotFound when there are none."""
    if actor.practitioner_id == practitioner_id:
        return site_ids
    seen = frozenset(site for site in site_ids if actor.works_at(site))
    if not seen:
        raise NotFound
    return seen


def may_plan_clinician(actor: Actor, practitioner_id: PractitionerId, site_ids: frozenset[SiteId]) -> None:
    """Block time and leave: the clinician themself and staff of a site they work at."""
    may_see_clinician(actor, practitioner_id, site_ids)
    if not (actor.is_staff or actor.is_system):
        raise NotFound


def ids_of_any(actor: Actor, person_id: PersonId | None) -> tuple[PersonId, ...]:
    return tuple(ids_of(actor, person_id)) if person_id else ()


def searches_as_patient(actor: Actor, person_id: PersonId | None) -> bool:
    """Whether the patients' rules hold for this search. A patient whom the actor does not book for is not
    there.
    """
    staff = actor.is_staff or actor.is_system
    if person_id is None:
        return not staff
    if not (staff or is_patient_side(actor, person_id)):
        raise NotFound
    return is_patient_side(actor, person_id)
