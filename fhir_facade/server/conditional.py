"""Writes under a condition: create unless there is one, update or delete the one there is.

Two writers under the same condition would both look, find nothing and both write. So a condition is a row,
and so is each identifier that is written: whoever takes it makes the other wait, who then sees what was made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl

from django.db import connection

from fhir_facade.fhir_json import mappings, text_of
from fhir_facade.server.access import Access
from fhir_facade.server.outcome import failed
from fhir_facade.server.registry import Definition
from fhir_facade.server.search import clauses, matching, running
from fhir_facade.server.wire import Resource

_TAKE = """
INSERT INTO fhir_facade_conditionclaim (type, digest, taken_at)
SELECT kind, digest, %(now)s FROM unnest(%(types)s::text[], %(digests)s::bytea[]) AS d(kind, digest)
ORDER BY kind, digest
ON CONFLICT (type, digest) DO UPDATE SET taken_at = excluded.taken_at
"""
Wish = tuple[str, tuple[tuple[str, str], ...], "Resource | None"]  # type, condition, what is to be written


def pairs_of(text: str) -> tuple[tuple[str, str], ...]:
    """400 for a sign that the database cannot even be asked for."""
    found = tuple(parse_qsl(text.removeprefix("?"), keep_blank_values=True))
    if any("\x00" in part for pair in found for part in pair):
        raise failed(400, "value", "A parameter has a value that cannot be used.")
    return found


def take(access: Access, kind: str, pairs: Iterable[tuple[str, str]], said: Resource | None = None) -> None:
    """In the caller's transaction: from here on, writers of the same wait."""
    take_all(access, [(kind, tuple(pairs), said)])


def take_all(access: Access, wishes: Iterable[Wish]) -> None:
    """Those of several writes at once, in one order, so that no two transactions wait for each other."""
    rows = sorted(
        {
            (kind, _digest(kind, each))
            for kind, pairs, said in wishes
            for each in (*_conditions(pairs), *_identifiers(said))
        }
    )
    if rows:
        types, digests = zip(*rows, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, {"types": list(types), "digests": list(digests), "now": access.now})


def _digest(kind: str, text: str) -> bytes:
    return hashlib.sha256(f"{kind}?{text}".encode()).digest()


def _conditions(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    several = sorted(pairs)
    if len(several) == 1 and several[0][0] == "identifier":
        yield from (f"identifier={matching.plain(each)}" for each in clauses.split(several[0][1]))
    elif several:
        yield "&".join(f"{name}={value}" for name, value in several)


def _identifiers(said: Resource | None) -> Iterator[str]:
    for each in mappings(said.get("identifier")) if said else ():
        if value := text_of(each.get("value")):
            yield f"identifier={text_of(each.get('system'))}|{value}"


def only_match(
    access: Access, definition: Definition, pairs: tuple[tuple[str, str], ...]
) -> running.Found | None:
    """The one resource that matches; None for none. 412 for several, 400 for a condition that says
    nothing.
    """
    if not pairs:
        raise failed(400, "invalid", "A condition names at least one search parameter.")
    query = clauses.read(definition, (*pairs, ("_count", "2")), strict=True)
    if not query.clauses:
        raise failed(400, "invalid", "A condition names at least one search parameter.")
    page = running.search(access, query)
    if len(page.matches) > 1:
        raise failed(412, "multiple-matches", "Several resources match this condition.")
    return page.matches[0] if page.matches else None
