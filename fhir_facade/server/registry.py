"""What the API knows of each resource: declared once, and everything else is made from it.

Routes, searches, includes, scopes, the patient's compartment, the CapabilityStatement and the OpenAPI
document read these definitions and nothing else. A new type is one file in resources/ and its name in the
list there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from fhir_facade.server import definitions
from fhir_facade.server.wire import Resource
from steadwell.relations import Sql

if TYPE_CHECKING:
    from fhir_facade.server.access import Access
    from fhir_facade.server.search.clauses import Query
    from fhir_facade.server.writers import Writer

Row = Mapping[str, Any]


class Kind(StrEnum):
    """Types of search parameters."""

    TOKEN = "token"  # noqa: S105 - no secret
    STRING = "string"
    DATE = "date"
    REFERENCE = "reference"
    QUANTITY = "quantity"
    URI = "uri"


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """A search parameter. ``paths`` say where a document holds its values, as ``participant.actor`` or
    ``effective[x]``; ``targets`` are the types that a reference may point at.
    """

    name: str
    kind: Kind
    paths: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    url: str = ""  # of its definition; empty: FHIR's own for the type


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Where an origin's rows hold a parameter's values: SQL expressions over its row ``t``, or over the rows
    that ``within`` opens (``t.id IN (SELECT … WHERE {})``).

    Names by kind: ``system`` ``code`` ``text`` of a token; ``folded`` ``exact`` of a string or uri; ``at``,
    or ``low`` and ``high``, of a date; ``type`` ``id`` of a reference; ``number`` ``unit`` of a quantity.
    ``person``: the reference is to a patient, whom several ids may mean. ``uuid``: its id is one.
    """

    exprs: Mapping[str, str]
    within: str = "{}"
    person: bool = False
    uuid: bool = True
    fold: Callable[[str], str] | None = None
    sort: str = ""  # what rows are sorted by, where the values lie in rows of their own
    words: bool = False  # the text holds several words: each may begin with what is sought


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where rows of a type come from: an app's relation, or the documents that others wrote."""

    name: str
    relation: Callable[[Access], Sql]
    columns: Mapping[str, tuple[Column, ...]]
    build: Callable[[Row, Access], Resource]
    person: str = ""  # the expression of the patient in whose compartment the row is; empty: nobody's
    version: str = "t.version"
    updated: str = "t.changed_at"
    key: Callable[[str], Sql | None] | None = None  # finds a row by id where that is no UUID
    listed: str = "true"  # rows that a search shows; a read shows others as well (a merged patient)
    decides: frozenset[str] = frozenset()  # elements of which the app alone has the say, whatever was sent
    seen: Callable[[Access], Collection[UUID] | None] | None = (
        None  # whose rows there are, where they are few
    )
    speaks_of: str = ""  # an expression of the type of which a row tells; '*' where that is not known
    beside: bool = False  # documents keep what its app has no column for
    versions: Callable[[Access, str], list[tuple[int, Any, Resource]]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    type: str
    origins: tuple[Origin, ...]
    params: tuple[Param, ...]
    profiles: tuple[str, ...] = ()
    interactions: frozenset[str] = frozenset({"read", "search-type"})
    compartment: tuple[str, ...] = ()  # parameters that put it into a patient's compartment
    key_kind: str = "uuid"
    rev_includes: tuple[str, ...] = ()  # "Provenance:target"
    operations: tuple[str, ...] = ()
    writer: Writer | None = None
    finder: Callable[[Access, Query], list[Resource]] | None = None  # rows that are worked out, not stored
    getter: Callable[[Access, str], Resource | None] | None = None
    required_any: tuple[tuple[str, ...], ...] = ()  # a search needs one of these combinations
    was_deleted: Callable[[Access, str], bool] | None = None  # where no document knows it
    extensions: Callable[[], list[dict[str, Any]]] | None = None  # of it in the CapabilityStatement

    def param(self, name: str) -> Param | None:
        found = _by_name(self).get(name)
        return found or COMMON.get(name)

    @property
    def of_patients(self) -> bool:
        """Whether its rows are somebody's, so that a patient's token sees those of that patient only."""
        return any(origin.person for origin in self.origins)

    @property
    def includes(self) -> tuple[str, ...]:
        return tuple(f"{self.type}:{p.name}" for p in self.params if p.kind is Kind.REFERENCE)


COMMON: Mapping[str, Param] = {
    p.name: p
    for p in (
        Param(name="_id", kind=Kind.TOKEN),
        Param(name="_lastUpdated", kind=Kind.DATE),
        Param(name="_profile", kind=Kind.URI, paths=("meta.profile",)),
        Param(name="_tag", kind=Kind.TOKEN, paths=("meta.tag",)),
        Param(name="_security", kind=Kind.TOKEN, paths=("meta.security",)),
        Param(name="_source", kind=Kind.URI, paths=("meta.source",)),
    )
}
_names: dict[str, dict[str, Param]] = {}


def _by_name(definition: Definition) -> dict[str, Param]:
    if definition.type not in _names:
        _names[definition.type] = {p.name: p for p in definition.params}
    return _names[definition.type]


@dataclass(frozen=True, slots=True)
class Registry:
    by_type: dict[str, Definition] = field(default_factory=dict)

    def add(self, definition: Definition) -> None:
        unknown = set(definition.compartment) - {p.name for p in definition.params}
        if definition.type in self.by_type or not definitions.is_type(definition.type) or unknown:
            raise ValueError(f"{definition.type} is declared twice, unknown, or names {sorted(unknown)}.")
        self.by_type[definition.type] = definition

    def find(self, name: str) -> Definition | None:
        return self.by_type.get(name)

    def __iter__(self) -> Any:
        return iter(sorted(self.by_type.values(), key=lambda each: each.type))


REGISTRY = Registry()


def registry() -> Registry:
    """With every type in it."""
    if not REGISTRY.by_type:
        from fhir_facade.server import resources

        for definition in resources.definitions():
            REGISTRY.add(definition)
    return REGISTRY
