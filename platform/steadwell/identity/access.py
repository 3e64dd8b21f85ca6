"""Who may see which person: the one check."""

from __future__ import annotations

from collections.abc import Iterable

from steadwell.actor import Actor
from steadwell.errors import Forbidden
from steadwell.ids import PersonId


def may_see_everyone(actor: Actor) -> bool:
    """Staff of any clinic find any patient of the organisation (and are seen doing so); so does the
    platform.
    """
    return actor.is_staff or actor.is_system


def own_ids(actor: Actor) -> list[PersonId]:
    """Whom the actor stands for, by the ids their account was made with."""
    return [*([actor.person_id] if actor.person_id else []), *sorted(actor.proxy_for)]


def may_see(actor: Actor, person_ids: Iterable[PersonId]) -> bool:
    """``person_ids``: all ids of one person. A patient keeps access through the id their account was made
    with.
    """
    return may_see_everyone(actor) or any(actor.stands_for(person_id) for person_id in person_ids)


def require_staff(actor: Actor) -> None:
    if not may_see_everyone(actor):
        raise Forbidden
