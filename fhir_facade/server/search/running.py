"""A query as a page of resources: one statement finds, one per origin loads, and no more when it is one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection
from psycopg.rows import dict_row
from psycopg.types.datetime import TimestamptzLoader

from fhir_facade.consents import masking
from fhir_facade.server import beside
from fhir_facade.server.access import Access
from fhir_facade.server.outcome import failed
from fhir_facade.server.registry import Definition, Origin
from fhir_facade.server.search import compiling, cursors
from fhir_facade.server.search.clauses import Query
from fhir_facade.server.wire import Resource
from steadwell import prepared
from steadwell.relations import Sql, every, some

MOST_COUNTED = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """``person_id``: whose it is, for the audit; None for what is nobody's."""

    resource: Resource
    person_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    matches: tuple[Found, ...]
    next: str = ""
    total: int | None = None


def search(access: Access, query: Query) -> Page:
    """The matches of one page. What they include is including.py's."""
    access.need(query.definition.type, "s")
    if query.definition.finder is not None:
        return _worked_out(access, query)
    total = count(access, query) if query.counts_only or query.total != "none" else None
    if query.counts_only:
        return Page(matches=(), total=total)
    return _page(access, query, total)


def _worked_out(access: Access, query: Query) -> Page:
    assert query.definition.finder is not None  # noqa: S101 - asked before
    if any(param.name != "start" for param, _ in query.sort):
        raise failed(400, "not-supported", "It cannot be sorted by this.")
    found = query.definition.finder(access, query)
    latest_first = bool(query.sort) and query.sort[0][1]
    if latest_first:
        found.reverse()
    total = len(found) if query.counts_only or query.total != "none" else None
    if (keys := cursors.read(access, query)) is not None:
        # Times that were taken meanwhile are gone from the list: go on after the last one shown.
        last = (keys[0], keys[1])
        found = [each for each in found if (_order(each) < last if latest_first else _order(each) > last)]
    shown = [] if query.counts_only else found[: query.count]
    more = bool(shown) and len(shown) < len(found)
    following = cursors.write(access, query, list(_order(shown[-1]))) if more else ""
    return Page(
        matches=tuple(Found(resource=each, person_id=None) for each in shown), next=following, total=total
    )


def _order(resource: Resource) -> tuple[str, str]:
    return str(resource.get("start", "")), str(resource["id"])


def count(access: Access, query: Query) -> int:
    """At most 100,000: beyond that nobody counts along."""
    parts = [
        Sql("SELECT 1 ") + _matching(access, query, origin) + Sql(f" LIMIT {MOST_COUNTED}")
        for origin in query.definition.origins
    ]
    counted = Sql("SELECT count(*) FROM (") + _union(parts) + Sql(f" LIMIT {MOST_COUNTED}) c")
    return int(fetch(counted)[0][0])


def _union(parts: Sequence[Sql]) -> Sql:
    made = Sql("SELECT * FROM (")
    for number, part in enumerate(parts):
        made += Sql(" UNION ALL (" if number else "(") + part + Sql(")")
    return made + Sql(") u")


def _matching(access: Access, query: Query, origin: Origin) -> Sql:
    start = compiling.rows(access, query.definition, origin, letter="s")
    conditions = compiling.conditions(access, query.definition, origin, query.clauses)
    return start + Sql(" AND ") + conditions + _from_few(access, query, origin)


def _from_few(access: Access, query: Query, origin: Origin) -> Sql:
    """Of a search of everybody's: whose rows there can be, where these are few. It leaves nothing out, and
    whoever sees few patients does not look through the rows of all.
    """
    if origin.seen is None or _of_one_patient(query):
        return Sql("")
    few = origin.seen(access)
    return Sql("") if few is None else Sql(f" AND {origin.person} = ANY (%s::uuid[])", (sorted(few),))


def _page(access: Access, query: Query, total: int | None) -> Page:
    definition = query.definition
    keys = cursors.read(access, query)
    parts = [_part(access, query, origin, number, keys) for number, origin in enumerate(definition.origins)]
    order = ", ".join(
        [*(f"{n + 3}{' DESC' if down else ''}" for n, (_, down) in enumerate(query.sort)), "2 DESC"]
    )
    if not query.sort:
        order = "2 DESC"
    sql = _union(parts) + Sql(f" ORDER BY {order} LIMIT {query.count + 1}")
    rows = fetch(sql, by_key=_of_one_patient(query))
    shown = rows[: query.count]
    found = load(access, definition, [(row[0], row[1]) for row in shown], letter="s")
    following = ""
    if len(rows) > query.count:
        last = shown[-1]
        following = cursors.write(access, query, [*(str(each) for each in last[2:]), str(last[1])])
    matches = tuple(found[str(row[1])] for row in shown if str(row[1]) in found)
    return Page(matches=matches, next=following, total=total)


def _part(access: Access, query: Query, origin: Origin, number: int, keys: list[str] | None) -> Sql:
    """Origin number, id, then what is sorted by."""
    sorts = [
        (*compiling.sort_key(query.definition, origin, param, descending=down), down)
        for param, down in query.sort
    ]
    columns = "".join(f", {expression}" for expression, _, _ in sorts)
    start = Sql(f"SELECT {number}, t.id{columns} ") + _matching(access, query, origin)
    if keys is not None:
        start += Sql(" AND ") + _after(sorts, keys, query.definition.key_kind)
    order = ", ".join(
        [*(f"{n + 3}{' DESC' if down else ''}" for n, (_, _, down) in enumerate(sorts)), "2 DESC"]
    )
    return start + Sql(f" ORDER BY {order} LIMIT {query.count + 1}")


def _after(sorts: Sequence[tuple[str, str, bool]], keys: list[str], key_kind: str) -> Sql:
    """Rows behind the last one: greater in the first sort value that differs, or the smaller id."""
    if len(keys) != len(sorts) + 1:
        raise failed(400, "value", "This is no page of ours.")
    found: list[Sql] = []
    equal: list[Sql] = []
    for (expression, kind, down), key in zip(sorts, keys, strict=False):
        beyond = Sql(f"{expression} {'<' if down else '>'} %s::{kind}", (key,))
        found.append(every([*equal, beyond]))
        equal.append(Sql(f"{expression} = %s::{kind}", (key,)))
    found.append(every([*equal, Sql(f"t.id < %s::{key_kind}", (keys[-1],))]))
    return some(found)


def load(
    access: Access, definition: Definition, keys: Iterable[tuple[int, Any]], *, letter: str
) -> dict[str, Found]:
    """Resources by id, of (origin number, key) pairs: those that may be read. One statement per origin."""
    by_origin: dict[int, list[Any]] = {}
    for number, key in keys:
        by_origin.setdefault(number, []).append(key)
    found: dict[str, Found] = {}
    for number, several in by_origin.items():
        found |= _load(access, definition, definition.origins[number], several, letter)
    return found


def _load(
    access: Access, definition: Definition, origin: Origin, keys: list[Any], letter: str
) -> dict[str, Found]:
    person = origin.person or "NULL"
    tail = Sql(f" AND t.id = ANY (%s::{definition.key_kind}[])", (keys,))
    return read_rows(access, definition, origin, letter, person, tail, by_key=True)


def read_rows(
    access: Access,
    definition: Definition,
    origin: Origin,
    letter: str,
    person: str,
    tail: Sql,
    *,
    by_key: bool = False,
) -> dict[str, Found]:
    """Rows as resources, by id. ``by_key``: the tail names their ids, so that one plan is right for all."""
    start = compiling.rows(access, definition, origin, letter=letter) + tail
    head = f"SELECT t.*, {person} AS whose "
    sql = beside.joined(head, start) if origin.beside else Sql(head) + start
    found: dict[str, Found] = {}
    for row in fetch_dicts(sql, by_key=by_key):
        resource = origin.build(row, access)
        if origin.beside:
            resource = beside.together(resource, row, origin.decides)
        found[str(row["id"])] = Found(resource=resource, person_id=row["whose"])
    return masking.masked(access, found) if letter in "rs" else found


def read(access: Access, definition: Definition, key: str, *, letter: str = "r") -> Found | None:
    """One resource, if it is there and may be read."""
    if definition.getter is not None:
        resource = definition.getter(access, key)
        return Found(resource=resource, person_id=None) if resource else None
    for origin in definition.origins:
        of_key = compiling._key(origin, key)
        if of_key.text == "false":
            continue
        person = origin.person or "NULL"
        found = read_rows(access, definition, origin, letter, person, Sql(" AND ") + of_key, by_key=True)
        if found:
            return next(iter(found.values()))
    return None


def _of_one_patient(query: Query) -> bool:
    """Whether it starts from the rows of a patient who is named: few, whatever else is asked of them."""
    return any(
        each.param.name in query.definition.compartment
        and len(each.values) == 1
        and not (each.chain or each.has or each.modifier)
        for each in query.clauses
    )


def fetch(sql: Sql, *, by_key: bool = False) -> list[tuple[Any, ...]]:
    with prepared.cursor() if by_key else connection.cursor() as cursor:
        _execute(cursor, sql)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def fetch_dicts(sql: Sql, *, by_key: bool = False) -> list[dict[str, Any]]:
    """``by_key``: a statement that finds its rows by their ids is kept prepared (ADR 0062)."""
    with prepared.cursor() if by_key else connection.cursor() as cursor:
        # psycopg's own, compiled: a page has hundreds of moments, and Django reads each in Python.
        cursor.cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
        cursor.cursor.row_factory = dict_row
        _execute(cursor, sql)
        rows: list[dict[str, Any]] = cursor.fetchall()
    return rows


def _execute(cursor: Any, sql: Sql) -> None:
    try:
        cursor.execute(sql.text, sql.params)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") == "57014":
            raise failed(
                400, "too-costly", "This search takes too long. Narrow it, by a patient or a date."
            ) from error
        raise
