"""Messages as a relation: what one actor may read of them, for searches (ADR 0150). The caller records the
read.
"""

from __future__ import annotations

from messaging import access
from messaging.types import Step
from steadwell.actor import Actor, Role
from steadwell.relations import TRUE, Sql, every, some

# ``read_at``: the first look of the other side. What was done and not said (assigned to somebody) is no
# message.
_MESSAGES = f"""
SELECT e.id, c.id AS conversation_id, c.person_id, c.site_id, c.subject, e.number, e.side, e.author_id,
    e.practitioner_id, e.role, e.text, e.at, (
        SELECT min(r.at) FROM messaging_reading r
        WHERE r.conversation_id = c.id AND r.side <> e.side AND r.up_to >= e.number
    ) AS read_at
FROM messaging_entry e JOIN messaging_conversation c ON c.id = e.conversation_id
WHERE e.step <> '{Step.ASSIGNED.value}' AND """  # noqa: S608 - constants only


def describe_message_rows(*, actor: Actor) -> Sql:
    """What was written in conversations: the patient's side reads its own, the care team what it answers, the
    platform all of it (access.side_of as a condition on a row).
    """
    if actor.has(Role.SYSTEM):
        return Sql(f"{_MESSAGES}true")
    own = access.own_ids(actor)
    seen = [Sql("c.person_id = ANY (%s)", (own,))] if own else []
    return Sql(_MESSAGES) + Sql("(") + some([*seen, *_answered(actor)]) + Sql(")")


def _answered(actor: Actor) -> list[Sql]:
    found = []
    for site_id, subjects in access.answered_by(actor).items():
        of_site = TRUE if site_id is None else Sql("c.site_id = %s", (site_id,))
        found.append(every([of_site, Sql("c.subject = ANY (%s)", (sorted(subjects),))]))
    return found
