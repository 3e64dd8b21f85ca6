"""The trail as a relation: what one actor may read of it (ADR 0150). The caller records the read."""

from __future__ import annotations

from steadwell.actor import Actor, Role
from steadwell.relations import Sql

_ENTRIES = """
SELECT e.id, e.at, e.user_id, e.roles, e.capacity, e.actor_name, e.action, e.category, e.subject_id,
  e.entity_id, e.reason, e.detail FROM audit_auditentry e WHERE """


def describe_entry_rows(*, actor: Actor) -> Sql:
    """An administrator and the platform read all of it; patients and proxies what is about them."""
    if actor.has(Role.ADMINISTRATOR, Role.SYSTEM):
        return Sql(f"{_ENTRIES}true")
    people = {*([actor.person_id] if actor.person_id else []), *actor.proxy_for}
    own = sorted({each for person in people for each in actor.ids_of(person)})
    return Sql(f"{_ENTRIES}e.subject_id = ANY (%s)", (own,))
