"""A query string as clauses: what each parameter means for the type that is searched, or 400 with words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fhir_facade.server.outcome import Failed, Issue, failed
from fhir_facade.server.registry import Definition, Kind, Param, registry

DEFAULT_COUNT, MOST_COUNT = 50, 500
MOST_VALUES, MOST_CLAUSES, DEEPEST_CHAIN, MOST_SORTS = 100, 30, 3, 3
_MODIFIERS: Mapping[Kind, frozenset[str]] = {
    Kind.TOKEN: frozenset({"not", "text", "missing"}),
    Kind.STRING: frozenset({"exact", "contains", "missing"}),
    Kind.DATE: frozenset({"missing"}),
    Kind.REFERENCE: frozenset({"identifier", "missing"}),
    Kind.QUANTITY: frozenset({"missing"}),
    Kind.URI: frozenset({"missing"}),
}
RESULT_PARAMS = frozenset(
    {
        "_count", "_sort", "_include", "_revinclude", "_include:iterate", "_revinclude:iterate", "_total",
        "_summary", "_elements", "_cursor", "_format", "_pretty", "_type",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One parameter: any of ``values`` must match. ``chain``: of the resources it points at, of these types,
    the clause must hold. ``has``: a resource of that type must point here and hold the clause.
    """

    param: Param
    modifier: str = ""
    values: tuple[str, ...] = ()
    chain: tuple[tuple[Definition, Clause], ...] = ()
    has: Definition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Include:
    """``iterate``: also from what other includes brought. ``param`` None: every reference."""

    source: Definition
    param: Param | None
    target: str = ""
    iterate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    definition: Definition
    clauses: tuple[Clause, ...] = ()
    sort: tuple[tuple[Param, bool], ...] = ()  # with whether it descends
    includes: tuple[Include, ...] = ()
    rev_includes: tuple[Include, ...] = ()
    count: int = DEFAULT_COUNT
    total: str = "none"
    summary: str = "false"
    elements: tuple[str, ...] = ()
    cursor: str = ""
    used: tuple[tuple[str, str], ...] = ()  # what was really processed, for the self link
    ignored: tuple[str, ...] = ()

    @property
    def counts_only(self) -> bool:
        return self.count == 0 or self.summary == "count"

    def first(self, name: str) -> Clause | None:
        return next((c for c in self.clauses if c.param.name == name and not c.chain and not c.has), None)


@dataclass(slots=True)
class _Reading:
    definition: Definition
    strict: bool
    clauses: list[Clause] = field(default_factory=list)
    used: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    result: dict[str, Any] = field(default_factory=dict)


def read(definition: Definition, pairs: Iterable[tuple[str, str]], *, strict: bool = False) -> Query:
    """The query for a type. Unknown parameters are left out, or with ``strict`` refused (400)."""
    reading = _Reading(definition, strict)
    for name, value in pairs:
        if name in RESULT_PARAMS or name.split(":")[0] in {"_include", "_revinclude"}:
            _result(reading, name, value)
        else:
            _clause(reading, name, value)
    if len(reading.clauses) > MOST_CLAUSES:
        raise failed(400, "too-costly", f"A search takes at most {MOST_CLAUSES} parameters.")
    query = Query(
        definition=definition, clauses=tuple(reading.clauses), used=tuple(reading.used),
        ignored=tuple(reading.ignored), **reading.result,
    )  # fmt: skip
    _companions(query)
    return query


def _companions(query: Query) -> None:
    wanted = query.definition.required_any
    if not wanted:
        return
    named = {clause.param.name for clause in query.clauses}
    if not any(set(each) <= named for each in wanted):
        words = ", or ".join(" with ".join(each) for each in wanted)
        raise failed(400, "required", f"A search for {query.definition.type} needs {words}.")


def _clause(reading: _Reading, name: str, value: str) -> None:
    try:
        clause = clause_of(reading.definition, name, value)
    except Failed:
        raise
    if clause is None:
        if reading.strict:
            raise failed(
                400, "not-supported", f"{reading.definition.type} has no search parameter of this name."
            )
        reading.ignored.append(name)
        return
    reading.clauses.append(clause)
    reading.used.append((name, value))


def clause_of(definition: Definition, name: str, value: str, *, depth: int = 0) -> Clause | None:
    """None for a parameter that the type does not have."""
    if depth > DEEPEST_CHAIN:
        raise failed(400, "too-costly", f"A chain has at most {DEEPEST_CHAIN} links.")
    if name.startswith("_has:"):
        return _has(name, value, depth)
    head, dot, rest = name.partition(".")
    plain, _, modifier = head.partition(":")
    param = definition.param(plain)
    if param is None:
        return None
    if dot:
        return _chain(param, modifier, rest, value, depth)
    if param.kind is Kind.REFERENCE and modifier and modifier[0].isupper():
        if modifier not in param.targets:
            raise failed(400, "invalid", f"{plain} does not point at that type.")
        values = tuple(v if "/" in v else f"{modifier}/{v}" for v in split(value))
        return Clause(param=param, values=_checked(plain, values))
    if modifier and (modifier not in _MODIFIERS[param.kind] or (plain == "_id" and modifier == "text")):
        raise failed(400, "not-supported", f"{plain} does not have this modifier.")
    if modifier == "missing" and value not in {"true", "false"}:
        raise failed(400, "value", f"{plain}:missing is true or false.")
    if modifier == "identifier":
        return _chain(param, "", "identifier", value, depth)
    return Clause(param=param, modifier=modifier, values=_checked(plain, split(value)))


def _chain(param: Param, target: str, rest: str, value: str, depth: int) -> Clause:
    if param.kind is not Kind.REFERENCE:
        raise failed(400, "invalid", f"{param.name} is no reference, so nothing can be chained to it.")
    links = []
    for name in param.targets if not target else (target,):
        found = registry().find(name)
        if found is None or name not in param.targets or found.finder is not None:
            continue
        inner = clause_of(found, rest, value, depth=depth + 1)
        if inner is not None:
            links.append((found, inner))
    if not links:
        raise failed(400, "not-supported", f"Nothing that {param.name} points at has this parameter.")
    return Clause(param=param, chain=tuple(links))


def _has(name: str, value: str, depth: int) -> Clause:
    parts = name.split(":", 3)
    source = registry().find(parts[1]) if len(parts) == 4 else None
    param = source.param(parts[2]) if source else None
    if source is None or source.finder is not None or param is None or param.kind is not Kind.REFERENCE:
        raise failed(400, "not-supported", "_has is written _has:Type:reference:parameter=value.")
    inner = clause_of(source, parts[3], value, depth=depth + 1)
    if inner is None:
        raise failed(400, "not-supported", f"{source.type} has no search parameter of this name.")
    return Clause(param=param, has=source, chain=((source, inner),))


def split(value: str) -> tuple[str, ...]:
    """At commas that are not escaped. A bar stays escaped: it is told apart where bars mean something."""
    found, current, escaped = [], [], False
    for sign in value:
        if escaped:
            current.append(sign if sign in ",$\\" else "\\" + sign)
            escaped = False
        elif sign == "\\":
            escaped = True
        elif sign == ",":
            found.append("".join(current))
            current = []
        else:
            current.append(sign)
    found.append("".join(current) + "\\" * escaped)
    return tuple(found)


def _checked(name: str, values: tuple[str, ...]) -> tuple[str, ...]:
    if any(not value for value in values):
        raise failed(400, "value", f"{name} has an empty value.")
    if len(values) > MOST_VALUES:
        raise failed(400, "too-costly", f"{name} takes at most {MOST_VALUES} values.")
    if any("\x00" in value for value in values):
        raise failed(400, "value", f"{name} has a value that cannot be used.")
    return values


def _result(reading: _Reading, name: str, value: str) -> None:
    plain, _, iterate = name.partition(":")
    if plain in {"_include", "_revinclude"}:
        key = "includes" if plain == "_include" else "rev_includes"
        made = _include(reading, plain, value, iterate=iterate in {"iterate", "recurse"})
        if made is not None:
            reading.result[key] = (*reading.result.get(key, ()), made)
            reading.used.append((name, value))
        return
    if plain == "_cursor":
        reading.result["cursor"] = value
        return
    if plain in {"_format", "_pretty", "_type"}:
        return
    reading.result[plain[1:]] = _SETTERS[plain](reading, value)
    reading.used.append((plain, str(reading.result["count"]) if plain == "_count" else value))


def _include(reading: _Reading, name: str, value: str, *, iterate: bool) -> Include | None:
    kind, _, rest = value.partition(":")
    param_name, _, target = rest.partition(":")
    source = registry().find(kind)
    if value == "*" and name == "_include":
        return Include(source=reading.definition, param=None)
    param = source.param(param_name) if source else None
    if source is not None and param is None and param_name == "*" and name == "_include":
        return Include(source=source, param=None, iterate=iterate)
    if (
        source is None
        or param is None
        or param.kind is not Kind.REFERENCE
        or (target and target not in param.targets)
    ):
        if reading.strict:
            raise failed(400, "not-supported", f"{name} names no reference of a type that is served here.")
        reading.ignored.append(name)
        return None
    return Include(source=source, param=param, target=target, iterate=iterate)


def _count(reading: _Reading, value: str) -> int:
    if not value.isdecimal():
        raise failed(400, "value", "_count is a whole number.")
    return min(int(value[:9]), MOST_COUNT)


def _one_of(name: str, *allowed: str) -> Any:
    def read_one(reading: _Reading, value: str) -> str:
        if value not in allowed:
            raise failed(400, "value", f"{name} is one of {', '.join(allowed)}.")
        return value

    return read_one


def _sort(reading: _Reading, value: str) -> tuple[tuple[Param, bool], ...]:
    found = []
    several = value.split(",")
    if len(several) > MOST_SORTS:
        raise failed(400, "too-costly", f"A search is sorted by at most {MOST_SORTS} parameters.")
    for each in several:
        param = reading.definition.param(each.lstrip("-"))
        if param is None or param.kind in {Kind.REFERENCE, Kind.URI}:
            raise failed(400, "not-supported", "It cannot be sorted by this.")
        found.append((param, each.startswith("-")))
    return tuple(found)


def _elements(reading: _Reading, value: str) -> tuple[str, ...]:
    return tuple(each.strip().split(".")[-1] for each in value.split(",") if each.strip())


_SETTERS = {
    "_count": _count,
    "_sort": _sort,
    "_elements": _elements,
    "_total": _one_of("_total", "none", "estimate", "accurate"),
    "_summary": _one_of("_summary", "true", "text", "data", "count", "false"),
}


def ignored_issues(query: Query) -> list[Issue]:
    return [
        Issue("not-supported", f"{query.definition.type} does not have this parameter: it was ignored.", name
              if name.replace("-", "").replace("_", "").replace(":", "").isalnum() else "", "warning")
        for name in query.ignored
    ]  # fmt: skip


def narrowed(query: Query, *more: Clause) -> Query:
    return replace(query, clauses=(*query.clauses, *more))
