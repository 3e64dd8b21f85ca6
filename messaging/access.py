"""Who may read and write which conversation: one check. "Not yours" answers as "not there"."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from messaging.errors import ConversationNotFound
from messaging.types import Side, Subject
from steadwell.actor import Actor, Role
from steadwell.ids import PersonId, SiteId

# Who of a site's staff answers what. What is about medicines and results is for clinicians; managers and
# administrators see in the ledger that an answer is late, and no words.
ANSWERED_BY: Mapping[Subject, frozenset[Role]] = {
    Subject.APPOINTMENT: frozenset({Role.CLINICIAN, Role.FRONT_DESK}),
    Subject.MEDICINES: frozenset({Role.CLINICIAN}),
    Subject.RESULTS: frozenset({Role.CLINICIAN}),
    Subject.OTHER: frozenset({Role.CLINICIAN, Role.FRONT_DESK}),
}
CARE_TEAM = frozenset({Role.CLINICIAN, Role.FRONT_DESK})


def side_of(actor: Actor, *, person_id: UUID, site_id: UUID, subject: str) -> Side:
    """On which side of a conversation the actor stands: whoever stands on none finds it not there.

    A member of staff who is the patient, or acts for them, is on the patient's side and never answers
    themself.
    """
    if actor.stands_for(PersonId(person_id)):
        return Side.PATIENT
    if answering_roles(actor, SiteId(site_id)) & ANSWERED_BY[Subject(subject)]:
        return Side.CARE_TEAM
    raise ConversationNotFound


def may_act(actor: Actor, side: Side, *, person_id: UUID, site_id: UUID, subject: str) -> None:
    """Write on a side. For staff of the site the patient's own form is not there, and the other way round."""
    if side_of(actor, person_id=person_id, site_id=site_id, subject=subject) is not side:
        raise ConversationNotFound


def subjects_at(actor: Actor, site_id: SiteId) -> frozenset[Subject]:
    """What the actor answers at a site. ConversationNotFound where that is nothing."""
    if not (found := subjects_of(answering_roles(actor, site_id))):
        raise ConversationNotFound
    return found


def answering_roles(actor: Actor, site_id: SiteId) -> frozenset[Role]:
    return actor.roles_at(site_id) & CARE_TEAM


def answered_by(actor: Actor) -> Mapping[SiteId | None, frozenset[Subject]]:
    """What the actor answers, by site; None is every site."""
    pairs = actor.grants or {(role, site) for role in actor.roles for site in actor.site_ids}
    found: dict[SiteId | None, frozenset[Subject]] = {}
    for role, site in pairs:
        if role in CARE_TEAM:
            found[site] = found.get(site, frozenset()) | subjects_of({role})
    return found


def subjects_of(roles: Collection[Role]) -> frozenset[Subject]:
    return frozenset(subject for subject, by in ANSWERED_BY.items() if not by.isdisjoint(roles))


def own_ids(actor: Actor) -> list[PersonId]:
    """Every id of the patients on whose side the actor is."""
    people = {*([actor.person_id] if actor.person_id else []), *actor.proxy_for}
    return sorted({each for person in people for each in actor.ids_of(person)})


def may_write_for(actor: Actor, person_id: PersonId) -> None:
    """Start a conversation: the patient, and who acts for them."""
    if not actor.stands_for(person_id):
        raise ConversationNotFound
