"""A Consent's provisions as rules. What could not be honoured here is refused, never kept without effect.

FHIR R4, Consent: provisions within the first one are exceptions to it. What an exception does not say
(period, actor, class, code) it takes from the provision around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product
from typing import Any, Final

from fhir_facade.fhir_json import mapping, mappings, text_of
from fhir_facade.server import definitions
from fhir_facade.server.elements import sid
from fhir_facade.server.outcome import Failed, failed
from fhir_facade.server.search.moments import stretch
from fhir_facade.server.wire import Resource

PRIVACY: Final = "patient-privacy"
TYPES: Final = "http://hl7.org/fhir/resource-types"
MOST_RULES: Final = 500
EVERY: Final = "*"
_NOT_HONOURED = ("securityLabel", "purpose", "dataPeriod", "data")
_DISCLOSING = frozenset({"access", "disclose"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row: what is denied, or permitted as an exception to the denial ``parent``."""

    number: int
    parent: int | None
    client_id: str
    type: str
    system: str
    code: str
    from_at: datetime | None
    until_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scope:
    """Whom and what a provision is about; empty: everybody, everything."""

    clients: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    codes: tuple[tuple[str, str], ...] = ()
    from_at: datetime | None = None
    until_at: datetime | None = None


def client_system() -> str:
    """The system of identifiers that name a client as an actor."""
    return sid("client")


def rules(said: Resource, *, is_client: Callable[[str], bool]) -> list[Rule]:
    """The rules of a consent; none of one that is not active, or about something else than privacy.

    Raises Failed (422) for provisions that cannot be honoured.
    """
    first = mapping(said.get("provision"))
    found = list(_of_first(first, is_client)) if first else []
    if len(found) > MOST_RULES:
        raise _unhonoured("It says too many things at once.", "Consent.provision")
    in_force = text_of(said.get("status")) == "active" and PRIVACY in _codes(said.get("scope"))
    return found if in_force else []


def _of_first(first: dict[str, Any], is_client: Callable[[str], bool]) -> Iterator[Rule]:
    at = "Consent.provision"
    around = _scope(first, _Scope(), at, is_client)
    denies = text_of(first.get("type")) == "deny"
    if denies:
        yield from _rows(around, number=0, parent=None)
    for number, each in enumerate(mappings(first.get("provision")), start=1):
        here = f"{at}.provision[{number - 1}]"
        if each.get("provision"):
            raise _unhonoured("Exceptions to exceptions are not honoured here.", f"{here}.provision")
        if not each.get("type"):
            raise _unhonoured("An exception says whether it permits or denies.", f"{here}.type")
        scope = _scope(each, around, here, is_client)
        if denies != (each["type"] == "deny"):  # the same again is no exception
            yield from _rows(scope, number=number, parent=0 if denies else None)


def _rows(scope: _Scope, *, number: int, parent: int | None) -> Iterator[Rule]:
    codes = scope.codes or (("", ""),)
    for client_id, kind, (system, code) in product(scope.clients or ("",), scope.types or (EVERY,), codes):
        # Whoever may not know a patient may not know anything about them.
        whole = EVERY if kind == "Patient" and parent is None and not code else kind
        yield Rule(
            number=number, parent=parent, client_id=client_id, type=whole, system=system, code=code,
            from_at=scope.from_at, until_at=scope.until_at,
        )  # fmt: skip


def _scope(said: dict[str, Any], around: _Scope, at: str, is_client: Callable[[str], bool]) -> _Scope:
    for name in _NOT_HONOURED:
        if name in said:
            raise _unhonoured(f"{name} is not honoured here.", f"{at}.{name}")
    acts = {code for each in mappings(said.get("action")) for code in _codes(each)}
    if acts and not acts & _DISCLOSING:
        raise _unhonoured("Only access and disclosure are decided here.", f"{at}.action")
    period = mapping(said.get("period"))
    made = _Scope(
        clients=tuple(_client(each, at, is_client) for each in mappings(said.get("actor"))) or around.clients,
        types=tuple(_type(each, at) for each in mappings(said.get("class"))) or around.types,
        codes=tuple(c for each in mappings(said.get("code")) for c in _pairs(each, at)) or around.codes,
    )
    begin, end = _edge(period.get("start")), _edge(period.get("end"), ends=True)
    begins = [each for each in (around.from_at, begin) if each]
    ends = [each for each in (around.until_at, end) if each]
    return replace(made, from_at=max(begins, default=None), until_at=min(ends, default=None))


def _client(actor: dict[str, Any], at: str, is_client: Callable[[str], bool]) -> str:
    identifier = mapping(mapping(actor.get("reference")).get("identifier"))
    value = text_of(identifier.get("value"))
    if text_of(identifier.get("system")) != client_system() or not is_client(value):
        words = f"Name a client by its identifier in {client_system()}: no other actor is known by here."
        raise _unhonoured(words, f"{at}.actor")
    return value


def _type(coding: dict[str, Any], at: str) -> str:
    code = text_of(coding.get("code"))
    if text_of(coding.get("system")) not in {TYPES, ""} or not definitions.is_type(code):
        raise _unhonoured(f"A class is a resource type of {TYPES}.", f"{at}.class")
    return code


def _pairs(concept: dict[str, Any], at: str) -> list[tuple[str, str]]:
    found = [(text_of(c.get("system")), text_of(c.get("code"))) for c in mappings(concept.get("coding"))]
    if not found or not all(code for _, code in found):
        raise _unhonoured("A code that is only words matches nothing.", f"{at}.code")
    return [(system[:300], code[:300]) for system, code in found]


def _codes(concept: Any) -> set[str]:
    return {text_of(each.get("code")) for each in mappings(mapping(concept).get("coding"))}


def _edge(value: Any, *, ends: bool = False) -> datetime | None:
    found = stretch(text_of(value)) if value else None
    if found is None:
        return None
    return found.high if ends else found.low


def _unhonoured(words: str, at: str) -> Failed:
    return failed(422, "not-supported", words, at=at)
