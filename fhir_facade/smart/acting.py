"""For whom a token acts: the actor that services see."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from fhir_facade.smart.types import Grant, Level
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, Role
from steadwell.identity import service as identity
from steadwell.ids import PersonId


def actor_of(grant: Grant, *, now: datetime) -> Actor | None:
    """None when the user is there no more.

    A user's token acts as the user, however far their rights reach today. A token of a patient without a
    user, such as an operator gave out for one record, acts as that patient. A token with scopes of the system
    only acts as the platform, under its client's name.
    """
    if grant.user_id is not None:
        try:
            actor = accounts.actor_for_user(user_id=grant.user_id, now=now)
        except accounts.UserNotFound:
            return None
        return _within(grant, actor)
    if any(scope.level is Level.SYSTEM for scope in grant.scopes):
        return Actor(roles=frozenset({Role.SYSTEM}), name=f"fhir:{grant.client_id}"[:60])
    if grant.person_id is None:
        return Actor(name=f"fhir:{grant.client_id}"[:60])
    others = identity.person_ids_of(grant.person_id)
    return Actor(
        roles=frozenset({Role.PATIENT}), person_id=grant.person_id, name=f"fhir:{grant.client_id}"[:60],
        same=frozenset((each, grant.person_id) for each in others if each != grant.person_id),
    )  # fmt: skip


def _within(grant: Grant, actor: Actor) -> Actor:
    """Of those a user acts for, a token for one patient acts for that one only."""
    if grant.person_id is None or actor.is_staff or any(s.level is Level.USER for s in grant.scopes):
        return actor
    own = actor.known_as(grant.person_id)
    if own is None:
        return replace(actor, person_id=None, proxy_for=frozenset(), same=frozenset())
    if own == actor.person_id:
        return replace(actor, proxy_for=frozenset(), same=_same(actor, own))
    return replace(actor, person_id=None, proxy_for=frozenset({own}), same=_same(actor, own))


def _same(actor: Actor, own: PersonId) -> frozenset[tuple[PersonId, PersonId]]:
    return frozenset(pair for pair in actor.same if pair[1] == own)
