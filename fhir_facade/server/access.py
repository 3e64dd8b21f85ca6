"""What a request may touch: scopes and compartment, as conditions on rows.

Nothing is filtered after it was read. The rows of a type are an app's relation for the token's actor (who may
see what), narrowed here to what the scopes say: to the patient in context, and to what a granular scope's
query matches. Searches, totals, includes, chains, histories and operations all start from these rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction

from fhir_facade.server.outcome import failed
from fhir_facade.smart.types import Grant, Level
from steadwell.actor import Actor, Role
from steadwell.identity import service as identity
from steadwell.ids import PersonId
from steadwell.relations import Sql

# Who reads what others wrote about patients.
READERS = frozenset({Role.CLINICIAN, Role.ADMINISTRATOR, Role.SYSTEM})


@dataclass(frozen=True, slots=True)
class Rule:
    """One way in: rows of the patient in context only, and those that the query matches."""

    in_context: bool
    query: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True, kw_only=True)
class Access:
    """One request's rights. ``base`` is the public address of the API, without a slash at its end."""

    grant: Grant
    actor: Actor
    now: datetime
    base: str
    request_id: str = ""
    key_for_next: UUID | None = None  # the id that a Bundle has promised to the document made next
    _joined: bool = False
    _relations: dict[str, Sql] = field(default_factory=dict)
    _own: list[PersonId] | None = None

    def rules(self, resource: str, letter: str) -> tuple[Rule, ...]:
        """Empty: not allowed at all."""
        return tuple(
            Rule(in_context=scope.level is Level.PATIENT, query=scope.query)
            for scope in self.grant.scopes
            if scope.covers(resource, letter)
        )

    def need(self, resource: str, letter: str) -> tuple[Rule, ...]:
        found = self.rules(resource, letter)
        if not found:
            words = {"c": "create", "r": "read", "u": "update", "d": "delete", "s": "search for"}
            raise failed(
                403, "forbidden", f"The token's scopes do not let it {words[letter]} {resource} resources."
            )
        return found

    def in_context_only(self, resource: str, letter: str) -> bool:
        return all(rule.in_context for rule in self.rules(resource, letter))

    def own_ids(self) -> list[PersonId]:
        """Every id of the patients whom the actor stands for."""
        if self._own is None:
            people = {*([self.actor.person_id] if self.actor.person_id else []), *self.actor.proxy_for}
            self._own = sorted({each for person in people for each in self.actor.ids_of(person)})
        return self._own

    def context_ids(self) -> list[PersonId]:
        """Every id of the patient in context."""
        if self.grant.person_id is None:
            return []
        return list(identity.ids_for(self.actor, self.grant.person_id))

    def relation(self, name: str, make: object) -> Sql:
        if name not in self._relations:
            self._relations[name] = make(self)  # type: ignore[operator]
        return self._relations[name]

    @contextmanager
    def one_transaction(self) -> Iterator[None]:
        """What is done within is done as a whole or not at all. One within another joins it, without a
        savepoint: whatever fails ends them all.
        """
        if self._joined:
            yield
            return
        with transaction.atomic():
            self._joined = True
            try:
                yield
            finally:
                self._joined = False

    @property
    def reads_everybody(self) -> bool:
        return self.actor.has(*READERS)
