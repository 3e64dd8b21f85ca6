"""Feeds that repeat the patient with every message: where their records stand, many in one statement."""

from __future__ import annotations

from collections.abc import Sequence

from steadwell.identity import records
from steadwell.identity.models import Method, SourceRecordVersion
from steadwell.identity.standings import SOURCES
from steadwell.identity.types import RecordSaid, RecordStanding
from steadwell.ids import PersonId, SourceRecordId

_NEWEST = f"""
SELECT v.*, asked.place AS place, l.person_id AS linked_to, p.current_id AS current_id, l.method AS method,
       {SOURCES} AS sources
FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS asked (source, external_id, place)
JOIN identity_sourcerecord r ON r.source = asked.source AND r.external_id = asked.external_id
JOIN identity_link l ON l.record_id = r.id AND l.closed_at IS NULL
JOIN identity_person p ON p.id = l.person_id
CROSS JOIN LATERAL (
    SELECT * FROM identity_sourcerecordversion WHERE entity_id = r.id ORDER BY version DESC LIMIT 1
) v
"""  # noqa: S608 - constants only


def standings_of_repeats(said: Sequence[RecordSaid]) -> list[RecordStanding | None]:
    """Of each record that says the same as before where it stands, in the order asked; None for one that is
    new or says something else: ``register`` it. One statement, no lock.
    """
    asked = [[each.source for each in said], [each.external_id for each in said]]
    found: list[RecordStanding | None] = [None] * len(said)
    for row in SourceRecordVersion.objects.raw(_NEWEST, asked) if said else ():
        place = row.place - 1  # type: ignore[attr-defined]  # the query names it and the others
        if records.says_the_same(row, said[place].demographics, said[place].identifiers):
            found[place] = RecordStanding(
                record_id=SourceRecordId(row.entity_id),
                person_id=PersonId(row.linked_to),  # type: ignore[attr-defined]
                current_id=PersonId(row.current_id),  # type: ignore[attr-defined]
                decided=row.method == Method.MANUAL,  # type: ignore[attr-defined]
                sources=frozenset(row.sources),  # type: ignore[attr-defined]
            )
    return found
