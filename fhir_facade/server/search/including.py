"""What goes along with matches: only rows that the request may read, found by id or by reference in SQL."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from fhir_facade.server import indexing
from fhir_facade.server.access import Access
from fhir_facade.server.registry import Definition, Kind, Param, registry
from fhir_facade.server.search import compiling, running
from fhir_facade.server.search.clauses import Clause, Include, Query
from fhir_facade.server.search.matching import named
from fhir_facade.server.search.running import Found
from fhir_facade.server.wire import Resource
from steadwell.relations import Sql

MOST = 1_000
ROUNDS = 3


def included(access: Access, query: Query, matches: Iterable[Found]) -> list[Found]:
    """At most 1,000, each once, none that is a match. ``:iterate`` goes three rounds at most."""
    start = {_name(each.resource): each for each in matches}
    found: dict[str, Found] = {}
    fresh = list(start.values())
    for turn in range(ROUNDS):
        brought: dict[str, Found] = {}
        for include in query.includes:
            if turn == 0 or include.iterate:
                brought |= _forward(access, include, fresh)
        for include in query.rev_includes:
            if turn == 0 or include.iterate:
                brought |= _backward(access, include, fresh)
        fresh = [each for name, each in brought.items() if name not in start and name not in found]
        for each in fresh:
            if len(found) < MOST:
                found[_name(each.resource)] = each
        if not fresh:
            break
    return list(found.values())


def _name(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def _forward(access: Access, include: Include, sources: Iterable[Found]) -> dict[str, Found]:
    wanted: dict[str, set[str]] = {}
    params = (
        [include.param] if include.param else [p for p in include.source.params if p.kind is Kind.REFERENCE]
    )
    for each in sources:
        if each.resource["resourceType"] != include.source.type:
            continue
        for param in params:
            for kind, key in _references(each.resource, param, access):
                if not include.target or kind == include.target:
                    wanted.setdefault(kind, set()).add(key)
    found: dict[str, Found] = {}
    for kind, keys in wanted.items():
        definition = registry().find(kind)
        if definition is not None and access.rules(kind, "r"):
            for each in by_ids(access, definition, keys):
                found[_name(each.resource)] = each
    return found


def _references(resource: Resource, param: Param, access: Access) -> Iterable[tuple[str, str]]:
    for path in param.paths:
        for value in indexing.at(resource, path):
            # A canonical is the address itself, and may name a version.
            text = value.partition("|")[0] if isinstance(value, str) else ""
            text = str(value.get("reference", "")) if isinstance(value, dict) else text
            kind, key = named(text.split("/_history/")[0], base=access.base)
            if kind and kind in param.targets:
                yield kind, key


def by_ids(access: Access, definition: Definition, keys: Iterable[str]) -> list[Found]:
    if definition.getter is not None:
        made = ((definition.getter(access, key)) for key in sorted(keys)[:50])
        return [Found(resource=each, person_id=None) for each in made if each is not None]
    ids = [found for key in keys if (found := typed(definition, key)) is not None]
    pairs = [(number, each) for number in range(len(definition.origins)) for each in ids[:MOST]]
    return list(running.load(access, definition, pairs, letter="r").values()) if pairs else []


def typed(definition: Definition, key: str) -> object | None:
    """An id as the column holds it; None for what cannot be one."""
    if definition.key_kind == "text":
        return key
    try:
        return UUID(key) if definition.key_kind == "uuid" else int(key)
    except ValueError:
        return None


def _backward(access: Access, include: Include, targets: Iterable[Found]) -> dict[str, Found]:
    """Rows of the source that point at what is shown."""
    param = include.param
    if param is None or include.source.finder is not None or not access.rules(include.source.type, "s"):
        return {}
    names = tuple(
        _name(each.resource) for each in targets
        if each.resource["resourceType"] in param.targets
        and (not include.target or each.resource["resourceType"] == include.target)
    )  # fmt: skip
    if not names:
        return {}
    clause = Clause(param=param, values=names)
    found: dict[str, Found] = {}
    for number, origin in enumerate(include.source.origins):
        sql = (
            Sql(f"SELECT {number}, t.id ") + compiling.rows(access, include.source, origin, letter="s")
            + Sql(" AND ") + compiling.conditions(access, include.source, origin, [clause])
            + Sql(f" ORDER BY t.id LIMIT {MOST}")
        )  # fmt: skip
        keys = [(row[0], row[1]) for row in running.fetch(sql)]
        for each in running.load(access, include.source, keys, letter="s").values():
            found[_name(each.resource)] = each
    return found
