"""Search words that were not known yet when documents were written: filled in, beside live writes (ADR 0192).

Which those are is asked of the registry: every parameter that an origin looks for in documents. Only what is
missing is written, so a second run finds nothing to do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from fhir_facade.server import documents, indexing, storing, wire
from fhir_facade.server.models import Document
from fhir_facade.server.registry import Param, registry

MOST_AT_ONCE = 100  # documents that are looked at in one statement: each may have 4 MB
_NONE_YET = """ WHERE NOT EXISTS (SELECT FROM fhir_facade_searchvalue s WHERE s.document_id = v.document_id
  AND s.param = v.param AND s.system = coalesce(v.system, '') AND s.code = coalesce(v.code, '')
  AND s.folded = coalesce(v.folded, '') AND s.exact = coalesce(v.exact, '')
  AND s.low IS NOT DISTINCT FROM v.low AND s.high IS NOT DISTINCT FROM v.high
  AND s.target_type = coalesce(v.target_type, '') AND s.target_id = coalesce(v.target_id, '')
  AND s.number IS NOT DISTINCT FROM v.number::numeric(60, 30) AND s.unit = coalesce(v.unit, ''))"""
Row = tuple[UUID, str, bool, str]  # id, type, beside, body


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """``last``: the id up to which it went; None at the end. ``added``: values that were written."""

    last: UUID | None
    looked_at: int
    added: int


def fill(*, after: UUID | None, kinds: Collection[str] = (), now: datetime) -> Filled:
    """The next documents by their ids. Each that lacks something is a transaction of its own: whoever writes
    one of them waits for that one at most.
    """
    rows = _rows(after, kinds)
    added = sum(_complete(key, kind, now) for key, kind in sorted(_lacking(rows)))
    return Filled(last=rows[-1][0] if len(rows) == MOST_AT_ONCE else None, looked_at=len(rows), added=added)


def _rows(after: UUID | None, kinds: Collection[str]) -> list[Row]:
    found = Document.objects.filter(deleted=False)
    if kinds:
        found = found.filter(type__in=kinds)
    if after is not None:
        found = found.filter(pk__gt=after)
    return list(found.order_by("pk").values_list("id", "type", "beside", "body")[:MOST_AT_ONCE])


def _lacking(rows: Sequence[Row]) -> set[tuple[UUID, str]]:
    kinds = {key: kind for key, kind, _, _ in rows}
    values = [value for row in rows for value in _values(row)]
    if not values:
        return set()
    lacking = f"SELECT DISTINCT v.document_id {storing.VALUES_OF}{_NONE_YET}"
    with connection.cursor() as cursor:
        cursor.execute(lacking, {"values": wire.text(values)})
        return {(key, kinds[key]) for (key,) in cursor.fetchall()}


def _complete(key: UUID, kind: str, now: datetime) -> int:
    """As it reads now, under the locks of its writers, in their order."""
    with transaction.atomic():
        documents.lock(kind, key, now=now)
        found = Document.objects.select_for_update(no_key=True).filter(pk=key, type=kind, deleted=False)
        row = found.values_list("id", "type", "beside", "body").first()
        values = list(_values(row)) if row else []
        return storing.add_values(values, unless=_NONE_YET) if values else 0


def _values(row: Row) -> Iterator[dict[str, Any]]:
    key, kind, beside, body = row
    params = _params(kind, beside=beside)
    if params:
        names = {param.name for param in params}
        found = indexing.values(params, wire.read_stored(body), key, base=_base())
        yield from (each for each in found if each["param"] in names)


def _params(kind: str, *, beside: bool) -> list[Param]:
    """Those that are looked for in documents of this kind."""
    definition = registry().find(kind)
    if definition is None:
        return []
    names = {
        column.exprs["param"]
        for origin in definition.origins
        if origin.beside == beside
        for columns in origin.columns.values()
        for column in columns
        if "param" in column.exprs
    }
    return [param for name in sorted(names) if (param := definition.param(name)) is not None]


def _base() -> str:
    """What is not the public address is nobody's: then a reference is found by no absolute spelling, and
    nothing that is there is taken away.
    """
    return str(settings.FHIR_BASE_URL or f"{settings.PUBLIC_URL}/fhir")
