"""The statement that keeps documents: newest words, the version with its author, what they are found by.

One for one document and for all that a Bundle makes at once: rows travel as JSON. As json, not jsonb, which
would read their digits as numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fhir_facade.server import wire
from fhir_facade.server.access import Access
from steadwell import prepared

VALUES_OF = """FROM json_to_recordset(%(values)s::json) AS v(document_id uuid, type text, param text,
  system text, code text, folded text, exact text, low timestamptz, high timestamptz, target_type text,
  target_id text, number numeric, unit text)"""
_VALUES = f"""
INSERT INTO fhir_facade_searchvalue (document_id, type, param, system, code, folded, exact, low, high,
  target_type, target_id, number, unit)
SELECT document_id, type, param, coalesce(system, ''), coalesce(code, ''), coalesce(folded, ''),
  coalesce(exact, ''), low, high, coalesce(target_type, ''), coalesce(target_id, ''), number,
  coalesce(unit, '')
{VALUES_OF}
"""
# Only what stands beside an app's resource is replaced: a document of its own is new here.
_KEEP = f"""
WITH said AS (
  SELECT * FROM json_to_recordset(%(rows)s::json) AS t(id uuid, type text, version int, beside boolean,
    person_id uuid, body text, mapped text, method text, shown text)
), newest AS (
  INSERT INTO fhir_facade_document AS d (id, type, version, deleted, beside, person_id, written_at, client_id,
    body, mapped)
  SELECT id, type, version, false, beside, person_id, %(now)s, %(client)s, body, mapped FROM said
  ON CONFLICT (id) DO UPDATE SET version = excluded.version, person_id = excluded.person_id,
    written_at = excluded.written_at, client_id = excluded.client_id, body = excluded.body,
    mapped = excluded.mapped
  WHERE d.beside
), versions AS (
  INSERT INTO fhir_facade_documentversion (entity_id, version, supersedes, valid_from, valid_to, recorded_at,
    recorded_by, recorded_role, reason, source, type, method, person_id, client_id, body)
  SELECT id, version, nullif(version - 1, 0), %(now)s, NULL, %(now)s, %(by)s::uuid, %(role)s, '', %(source)s,
    type, method, person_id, %(client)s, shown
  FROM said
  ON CONFLICT (entity_id, version) DO NOTHING
), found_by AS ({_VALUES})
SELECT 1
"""  # noqa: S608 - constants only
Value = Mapping[str, Any]  # a row of SearchValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A document's next words. ``body`` is the document, ``shown`` the version as it reads; of one beside an
    app's resource ``mapped`` is what the app made of it.
    """

    key: UUID
    kind: str
    version: int
    method: str
    person_id: UUID | None
    body: str
    shown: str
    beside: bool = False
    mapped: str = ""
    values: Sequence[Value] = ()


def keep(access: Access, several: Sequence[Kept]) -> None:
    """A version that is there already stays: what an app did not count as a new one is none here."""
    rows = [
        {
            "id": each.key, "type": each.kind, "version": each.version, "beside": each.beside,
            "person_id": each.person_id, "body": each.body, "mapped": each.mapped, "method": each.method,
            "shown": each.shown,
        }
        for each in several
    ]  # fmt: skip
    found_by = [value for each in several for value in each.values]
    with prepared.cursor() as cursor:
        cursor.execute(
            _KEEP, {**author(access), "rows": wire.text(rows), "values": wire.text(found_by)}
        )  # fmt: skip


def author(access: Access) -> dict[str, Any]:
    """Who says it, for a version's columns."""
    return {
        "now": access.now,
        "by": access.grant.user_id,
        "role": ",".join(sorted(access.actor.roles))[:64],
        "source": access.grant.client_id[:100],
        "client": access.grant.client_id,
    }


def add_values(values: Sequence[Value], *, unless: str = "") -> int:
    """How many were written. ``unless``: a condition in SQL on a row ``v`` of them."""
    if not values:
        return 0
    with prepared.cursor() as cursor:
        cursor.execute(f"{_VALUES}{unless}", {"values": wire.text(values)})
        return int(cursor.rowcount)
