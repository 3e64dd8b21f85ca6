"""Clauses to SQL. Every piece starts from the rows that the request may touch (access.py)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from fhir_facade.consents import deciding, masking
from fhir_facade.server.access import Access, Rule
from fhir_facade.server.registry import Column, Definition, Kind, Origin, Param
from fhir_facade.server.search import matching
from fhir_facade.server.search.clauses import Clause, clause_of
from steadwell.relations import FALSE, TRUE, Sql, every, some


def rows(access: Access, definition: Definition, origin: Origin, *, letter: str) -> Sql:
    """``FROM`` and ``WHERE`` of the rows of an origin that this request may read (r) or find (s), as
    ``t``.
    """
    relation = access.relation(f"{definition.type}:{origin.name}", origin.relation)
    start = Sql("FROM (") + relation + Sql(") t WHERE ") + _allowed(access, definition, origin, letter)
    if not access.grant.limited or letter == "c":  # what was just written is looked at by the writer
        return start
    return start + Sql(" AND ") + deciding.shown(access, definition, origin)


def _allowed(access: Access, definition: Definition, origin: Origin, letter: str) -> Sql:
    ways = []
    for rule in access.rules(definition.type, letter):
        ways.append(every(_of_rule(access, definition, origin, rule)))
    return Sql("(") + some(ways) + Sql(")")


def _of_rule(access: Access, definition: Definition, origin: Origin, rule: Rule) -> Iterable[Sql]:
    if rule.in_context and definition.of_patients:
        ids = access.context_ids()
        yield Sql(f"{origin.person} = ANY (%s)", (ids,)) if origin.person and ids else FALSE
    for name, value in rule.query:
        clause = clause_of(definition, name, value)
        # A scope that narrows by something that is not known here opens nothing.
        yield condition(access, definition, origin, clause) if clause is not None else FALSE


def conditions(access: Access, definition: Definition, origin: Origin, clauses: Sequence[Clause]) -> Sql:
    found = [condition(access, definition, origin, clause) for clause in clauses]
    return every([Sql(origin.listed), *found])


def condition(access: Access, definition: Definition, origin: Origin, clause: Clause) -> Sql:
    if clause.has is not None:
        return _has(access, definition, origin, clause)
    columns = _columns(definition, origin, clause.param)
    if clause.chain:
        return some([_chained(access, column, clause) for column in columns])
    if clause.modifier == "missing":
        there = TRUE if clause.param.name == "_id" else some([_there(column) for column in columns])
        return there if clause.values == ("false",) else Sql("NOT (") + there + Sql(")")
    if clause.param.name == "_id":
        keys = some([_key(origin, value) for value in clause.values])
        return Sql("NOT (") + keys + Sql(")") if clause.modifier == "not" else keys
    values = clause.values
    if access.grant.limited and clause.param.kind is Kind.REFERENCE:
        values = tuple(masking.askable(access, definition, clause.param.name, values))
    found = [
        _within(column, matching.match(clause.param, clause.modifier, value, column, base=access.base))
        for column in columns
        for value in values
    ]
    matched = some(found)
    return Sql("NOT coalesce(") + matched + Sql(", false)") if clause.modifier == "not" else matched


def _within(column: Column, found: Sql) -> Sql:
    before, _, after = column.within.partition("{}")
    return Sql(before) + found + Sql(after) if before or after else found


def _key(origin: Origin, value: str) -> Sql:
    if origin.key is not None:
        return origin.key(value) or FALSE
    try:
        return Sql("t.id = %s", (UUID(value),))
    except ValueError:
        return FALSE


def _columns(definition: Definition, origin: Origin, param: Param) -> tuple[Column, ...]:
    """None where this origin has no such values: then nothing of it matches."""
    if param.name == "_lastUpdated":
        return (Column(exprs={"at": origin.updated}),)
    return origin.columns.get(param.name, ())


def _there(column: Column) -> Sql:
    if column.within != "{}":
        return _within(column, TRUE)
    first = next(each for name, each in column.exprs.items() if name not in {"system", "type"})
    return Sql(f"coalesce(({first})::text, '') <> ''")


def _chained(access: Access, column: Column, clause: Clause) -> Sql:
    """The reference is among the ids of what holds the rest, of the rows that may be found."""
    links = []
    for target, inner in clause.chain:
        found = [
            Sql(f"{column.exprs['id']} IN (SELECT {_id(column)} ")
            + rows(access, target, origin, letter="s")
            + Sql(" AND ")
            + conditions(access, target, origin, [inner])
            + Sql(")")
            for origin in target.origins
        ]
        of_type = Sql(f"{column.exprs['type']} = %s", (target.type,))
        links.append(every([of_type, some(found)]))
    return _within(column, some(links))


def _id(column: Column) -> str:
    return "t.id" if column.uuid else "t.id::text"


def _has(access: Access, definition: Definition, origin: Origin, clause: Clause) -> Sql:
    """Among the ids at which something points that holds the rest."""
    found = []
    for source, inner in clause.chain:
        for other in source.origins:
            held = conditions(access, source, other, [inner])
            for column in _columns(source, other, clause.param):
                found.append(_pointed_at(access, definition, source, other, column, held))
    return some(found)


def _pointed_at(
    access: Access, definition: Definition, source: Definition, other: Origin, column: Column, held: Sql
) -> Sql:
    own = "t.id" if column.uuid else "t.id::text"
    of_type = Sql(f"{column.exprs['type']} = %s", (definition.type,))
    start = rows(access, source, other, letter="s") + Sql(" AND ") + held
    if column.within == "{}":
        head = Sql(f"{own} IN (SELECT {column.exprs['id']} ")
        return head + start + Sql(" AND ") + of_type + Sql(")")
    # The values lie in rows of their own: those of the documents that hold the rest.
    head = Sql(
        f"{own} IN (SELECT i.target_id FROM fhir_facade_searchvalue i WHERE i.type = %s"  # noqa: S608
        " AND i.target_type = %s AND i.param = ANY (%s) AND i.document_id IN (SELECT t.id ",
        (source.type, definition.type, [column.exprs["param"]]),
    )
    return head + start + Sql("))")


def sort_key(definition: Definition, origin: Origin, param: Param, *, descending: bool) -> tuple[str, str]:
    """An expression without nulls to sort and page by, and its SQL type."""
    columns = _columns(definition, origin, param)
    value = "t.id::text" if param.name == "_id" else _sorted(columns, param, descending)
    if param.kind is Kind.DATE:  # the ends of what a datetime of Python can hold
        last = "0001-01-01" if descending else "9999-12-31"
        return f"coalesce(({value})::timestamptz, '{last} 00:00+00')", "timestamptz"
    if param.kind is Kind.QUANTITY:
        return f"coalesce(({value})::numeric, '{'-' if descending else ''}Infinity')", "numeric"
    return f"coalesce(({value})::text, '') COLLATE \"C\"", "text"


def _sorted(columns: Sequence[Column], param: Param, descending: bool) -> str:
    """Where an origin has nothing to sort by, its rows come last."""
    for column in columns:
        if column.sort or column.within == "{}":
            names = ("at", "low", "number", "code", "folded")
            return column.sort or next(column.exprs[name] for name in names if name in column.exprs)
    if not columns or "param" not in columns[0].exprs:
        return "NULL"
    column, pick = columns[0], "max" if descending else "min"
    by_kind = {Kind.DATE: "low", Kind.QUANTITY: "number", Kind.TOKEN: "code"}
    expression = column.exprs[by_kind.get(param.kind, "folded")]
    return (
        f"(SELECT {pick}({expression}) FROM fhir_facade_searchvalue i"  # noqa: S608 - our own names
        f" WHERE i.document_id = t.id AND i.param = '{column.exprs['param']}')"
    )
