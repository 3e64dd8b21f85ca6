"""References to what a patient keeps back: that it is there is told by them as well.

A masked reference is FHIR's own: an extension that says "masked", where the standard wants a reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fhir_facade.server import indexing
from fhir_facade.server.access import Access
from fhir_facade.server.elements import absent
from fhir_facade.server.registry import Definition, registry
from fhir_facade.server.search.matching import named
from fhir_facade.server.wire import Resource
from steadwell.relations import Sql

if TYPE_CHECKING:
    from fhir_facade.server.search.running import Found

MASKED = absent("masked")
Name = tuple[str, str]  # type and id


def masked(access: Access, found: dict[str, Found]) -> dict[str, Found]:
    """The same resources, without references to what this client may not see."""
    if not access.grant.limited:
        return found
    shown = bodies(access, [each.resource for each in found.values()])
    return {
        key: replace(each, resource=body)
        for (key, each), body in zip(found.items(), shown, strict=True)
        if body is not None
    }


def bodies(access: Access, said: Sequence[Resource | None]) -> Sequence[Resource | None]:
    """The same for resources by themselves; None stays None. Whose a resource is stays in it: a fact without
    its patient would be worse than none.
    """
    own = [_own(each, access) for each in said]
    named_there = (set(_names(each, access)) - whose for each, whose in zip(said, own, strict=True))
    gone = _hidden(access, frozenset[Name]().union(*named_there))
    if not gone:
        return said
    return [_without(each, gone - whose, access) for each, whose in zip(said, own, strict=True)]


def _own(said: Resource | None, access: Access) -> frozenset[Name]:
    """The patient in whose compartment it says that it is."""
    definition = registry().find(said["resourceType"]) if said else None
    params = (definition.param(name) for name in definition.compartment) if definition else ()
    found = (
        _name(value, access)
        for param in params if param is not None
        for path in param.paths or (param.name, "subject")
        for value in indexing.at(said, path) if isinstance(value, dict)
    )  # fmt: skip
    return frozenset(each for each in found if each is not None and each[0] == "Patient")


def askable(access: Access, definition: Definition, param: str, values: Sequence[str]) -> Sequence[str]:
    """Values of a reference parameter that may be compared: who may not see something is not told what
    points at it. Whose a resource is may always be asked.
    """
    if param in definition.compartment:
        return values
    names = {value: _name({"reference": value}, access) for value in values}
    gone = _hidden(access, {each for each in names.values() if each is not None})
    return [value for value in values if names[value] not in gone]


def is_masked(said: Any) -> bool:
    """Whether a reference in it is one of ours that tells nothing."""
    if isinstance(said, list):
        return any(is_masked(each) for each in said)
    if isinstance(said, dict):
        return said.get("extension") == MASKED["extension"] or any(is_masked(each) for each in said.values())
    return False


def _names(said: Any, access: Access) -> Iterator[Name]:
    if isinstance(said, list):
        for each in said:
            yield from _names(each, access)
    elif isinstance(said, dict):
        name = _name(said, access)
        if name is not None:
            yield name
        for each in said.values():
            yield from _names(each, access)


def _name(said: dict[str, Any], access: Access) -> Name | None:
    text = said.get("reference")
    if not isinstance(text, str):
        return None
    kind, key = named(text.split("/_history/")[0], base=access.base)
    definition = registry().find(kind) if kind else None
    return (str(kind), key) if definition is not None and definition.of_patients else None


def _hidden(access: Access, names: Iterable[Name]) -> frozenset[Name]:
    """Those that are there and kept back. One statement per origin of a type that is named."""
    by_type: dict[str, list[str]] = {}
    for kind, key in names:
        by_type.setdefault(kind, []).append(key)
    return frozenset(
        (kind, key)
        for kind, keys in by_type.items()
        for key in _hidden_of(access, registry().by_type[kind], keys)
    )


def _hidden_of(access: Access, definition: Definition, keys: list[str]) -> Iterator[str]:
    from fhir_facade.consents import deciding
    from fhir_facade.server.search import including, running

    ids = [each for key in keys if (each := including.typed(definition, key)) is not None]
    if not ids:
        return
    for origin in definition.origins:
        relation = access.relation(f"{definition.type}:{origin.name}", origin.relation)
        own = Sql(f" WHERE t.id = ANY (%s::{definition.key_kind}[]) AND NOT (", (ids,))
        shown = deciding.shown(access, definition, origin) + Sql(")")
        for row in running.fetch(Sql("SELECT t.id FROM (") + relation + Sql(") t") + own + shown):
            yield str(row[0])


def _without(said: Any, gone: frozenset[Name], access: Access) -> Any:
    if isinstance(said, list):
        return [_without(each, gone, access) for each in said]
    if not isinstance(said, dict):
        return said
    if _name(said, access) in gone:
        return dict(MASKED)
    return {name: _without(value, gone, access) for name, value in said.items()}


def own_words(access: Access, definition: Definition, found: Found) -> Resource | None:
    """What a client that wrote something is told of it: nothing where it may not read it."""
    from fhir_facade.consents import deciding

    if not access.grant.limited:
        return found.resource
    tokens = deciding.tokens_of(definition, found.resource)
    if deciding.hidden(access, definition.type, [deciding.Seen(person_id=found.person_id, tokens=tokens)]):
        return None
    return masked(access, {"": found})[""].resource
