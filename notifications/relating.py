"""Notices as a relation: what one actor may read of them (ADR 0150). The caller records the read."""

from __future__ import annotations

from typing import Any

import orjson

from notifications import rendering
from steadwell.actor import Actor, Role
from steadwell.relations import Sql, every, some

_NOTICES = """
SELECT m.id, m.person_id, m.template, m.params, m.state, m.told_at, m.read_at, m.about
FROM notifications_message m
WHERE m.channel = 'in-app' AND m.person_id IS NOT NULL AND m.state <> 'superseded' AND """


def describe_notice_rows(*, actor: Actor) -> Sql:
    """What patients were told in the portal: their own; of those they act for without what is for the patient
    alone; all of it for an administrator and the platform.
    """
    if actor.has(Role.ADMINISTRATOR, Role.SYSTEM):
        return Sql(f"{_NOTICES}true")
    own = sorted(actor.ids_of(actor.person_id)) if actor.person_id else []
    others = sorted({each for person in actor.proxy_for for each in actor.ids_of(person)})
    mine = Sql("m.person_id = ANY (%s)", (own,))
    theirs = every([Sql("m.person_id = ANY (%s)", (others,)), Sql("NOT m.only_patient")])
    return Sql(_NOTICES) + Sql("(") + some([mine, theirs]) + Sql(")")


def describe_notice(*, template: str, params: str, language: str) -> tuple[str, str]:
    """Subject and body of a notice in the words of its reader's language."""
    said: dict[str, Any] = orjson.loads(params)
    words = rendering.words(template, said, language)
    return words.subject, "\n".join(words.lines)
