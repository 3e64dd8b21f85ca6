"""Many people by what is known of them: for invitations of the clinic, never for looking at one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db import connection

from steadwell.identity.types import Selected
from steadwell.ids import PersonId

MOST = 1000
_SELECT = """
SELECT p.id, p.language,
    ARRAY(SELECT m.id FROM identity_person m WHERE m.current_id = p.id AND m.current_id <> m.id)
FROM identity_person p
WHERE p.current_id = p.id AND (%(after)s::uuid IS NULL OR p.id > %(after)s)
  AND (%(from)s::date IS NULL OR p.birth_date >= %(from)s)
  AND (%(until)s::date IS NULL OR p.birth_date <= %(until)s)
  AND (%(sex)s = '' OR p.sex = %(sex)s) AND (%(language)s = '' OR p.language = %(language)s)
"""
_AMONG = "AND p.id IN (SELECT a.current_id FROM identity_person a WHERE a.id = ANY(%(among)s)) "
_IN_ORDER = "ORDER BY p.id LIMIT %(limit)s"


def select_people(
    *,
    born_from: date | None = None,
    born_until: date | None = None,
    sex: str = "",
    language: str = "",
    after: PersonId | None = None,
    limit: int = MOST,
    among: Collection[PersonId] | None = None,
) -> list[Selected]:
    """People as they are now, each once however many records were merged, in the order of their ids from
    ``after`` on; at most 1000. Both days count in. One whose birth date nobody knows has no age. ``among``:
    none but these, by any id that means them. One statement.
    """
    values: dict[str, Any] = {
        "after": after, "from": born_from, "until": born_until, "sex": sex, "language": language,
        "limit": min(limit, MOST), "among": list(among or ()),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_SELECT + ("" if among is None else _AMONG) + _IN_ORDER, values)
        return [
            Selected(
                person_id=PersonId(person_id),
                language=spoken,
                person_ids=(PersonId(person_id), *(PersonId(each) for each in merged)),
            )
            for person_id, spoken, merged in cursor.fetchall()
        ]
