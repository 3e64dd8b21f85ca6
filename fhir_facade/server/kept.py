"""Documents as an origin: resources of types that no app of ours owns, as other systems wrote them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from fhir_facade.server import definitions, wire
from fhir_facade.server.access import Access
from fhir_facade.server.registry import COMMON, Column, Kind, Origin, Param, Row
from fhir_facade.server.wire import Resource
from steadwell.relations import FALSE, TRUE, Sql

_ROWS = (
    "SELECT d.id, d.version, d.written_at AS changed_at, d.person_id, d.body, d.client_id"
    " FROM fhir_facade_document d WHERE d.type = %s AND NOT d.deleted AND NOT d.beside AND "
)
_VALUES = (
    "t.id IN (SELECT i.document_id FROM fhir_facade_searchvalue i WHERE i.type = '{}' AND i.param = '{}'"
    " AND ({{}}))"
)
_EXPRESSIONS = {
    Kind.TOKEN: {"system": "i.system", "code": "i.code", "text": "i.folded"},
    Kind.STRING: {"folded": "i.folded", "exact": "i.exact"},
    Kind.URI: {"exact": "i.exact"},
    Kind.DATE: {"low": "i.low", "high": "i.high"},
    Kind.REFERENCE: {"type": "i.target_type", "id": "i.target_id"},
    Kind.QUANTITY: {"number": "i.number", "unit": "i.unit"},
}


def documents(
    kind: str,
    params: Iterable[Param],
    *,
    visible: Callable[[Access], Sql] | None = None,
    roster: bool = False,
) -> Origin:
    """``visible`` decides for who is no clinician; by default patients and proxies see what is theirs, and
    everybody sees what is nobody's by its type. A ``roster`` names several patients: none of them sees it.
    """
    of_patients = bool(definitions.patient_params(kind))

    def relation(access: Access) -> Sql:
        if roster and not access.reads_everybody:
            return Sql(_ROWS, (kind,)) + FALSE
        return Sql(_ROWS, (kind,)) + Sql("(") + _seen(access, of_patients, visible) + Sql(")")

    return Origin(
        name="documents",
        relation=relation,
        columns={p.name: (_column(kind, p),) for p in (*params, *COMMON.values()) if p.paths},
        build=_build,
        person="NULL::uuid" if roster else "t.person_id" if of_patients else "",
    )


_SORTED_BY = {Kind.DATE: "low", Kind.QUANTITY: "number", Kind.TOKEN: "code", Kind.STRING: "folded"}
# Whose it is, its profile and its numbers an app's columns answer for every row.
_APP_ONLY = frozenset({"patient", "subject", "_profile", "identifier"})


def with_said(rows: Sql) -> Sql:
    """An app's rows with ``said``: a client wrote the newest version, whose document stands beside."""
    return (
        Sql("SELECT s.*, b.id IS NOT NULL AS said FROM (")
        + rows
        + Sql(") s LEFT JOIN fhir_facade_document b ON b.id = s.id AND b.beside AND b.version = s.version")
    )


def beside_too(
    kind: str, params: Iterable[Param], own: Mapping[str, tuple[Column, ...]]
) -> dict[str, tuple[Column, ...]]:
    """Columns for rows of ``with_said``: a resource is found by what it shows. Of what the app says itself
    that is the client's word where the client wrote the newest version, else the app's; what only clients say
    is theirs.
    """
    made = dict(own)
    for param in (*params, *COMMON.values()):
        if not param.paths or param.name in _APP_ONLY:
            continue
        said = _column(kind, param)
        if param.name not in own:
            made[param.name] = (said,)
            continue
        only_then = replace(said, within=f"t.said AND {said.within}")
        made[param.name] = (*(_unsaid(kind, param, each) for each in own[param.name]), only_then)
    return made


def words_beside(
    kind: str, params: Iterable[Param], own: Mapping[str, tuple[Column, ...]], names: Iterable[str]
) -> dict[str, tuple[Column, ...]]:
    """Columns for rows of an app, and what clients said beside them of these ``names``, for which the app has
    no word: documents.index_words.
    """
    several = {param.name: param for param in params}
    return {**own, **{name: (_column(kind, several[name]),) for name in names}}


def _unsaid(kind: str, param: Param, column: Column) -> Column:
    exprs = {name: f"CASE WHEN NOT t.said THEN {expr} END" for name, expr in column.exprs.items()}
    names = (each for each in ("at", "low", "number", "code", "folded") if each in exprs)
    first = next(names, None)
    sort = ""
    if first is not None and param.kind in _SORTED_BY:
        theirs = (
            f"(SELECT min(i.{_SORTED_BY[param.kind]}) FROM fhir_facade_searchvalue i"  # noqa: S608 - ours
            f" WHERE i.document_id = t.id AND i.param = '{param.name}')"
        )
        sort = f"CASE WHEN t.said THEN {theirs} ELSE {column.exprs[first]} END"
    return replace(column, exprs=exprs, sort=sort)


def _seen(access: Access, of_patients: bool, visible: Callable[[Access], Sql] | None) -> Sql:
    if access.reads_everybody or not of_patients:
        return TRUE
    own = access.own_ids()
    if not own:
        return FALSE
    mine = Sql("d.person_id = ANY (%s)", (own,))
    return mine if visible is None else mine + Sql(" AND (") + visible(access) + Sql(")")


def _column(kind: str, param: Param) -> Column:
    return Column(
        exprs={**_EXPRESSIONS[param.kind], "param": param.name},
        within=_VALUES.format(kind, param.name),
        uuid=False,
    )


def _build(row: Row, access: Access) -> Resource:
    return wire.read_stored(row["body"])
