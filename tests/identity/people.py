"""People of the tests: a clinic's desk, a system, and how to register somebody."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from steadwell.actor import Actor, Role, system
from steadwell.identity import service as identity
from steadwell.ids import PersonId, UserId, new_id

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
IMPORT = system("import")
DESK = Actor(user_id=UserId(new_id()), roles=frozenset({Role.FRONT_DESK}))
_serial = count(1)


def said(
    family: str = "Okafor", given: str = "Ada", born: date | None = date(1980, 3, 12), **more: Any
) -> Any:
    return identity.Demographics(family_name=family, given_name=given, birth_date=born, **more)


def number(value: str, *, system_name: str = "north", kind: str = "MR") -> identity.Identifier:
    return identity.Identifier(system=system_name, type=kind, value=value)


def enter(
    demographics: identity.Demographics | None = None,
    *identifiers: identity.Identifier,
    source: str = "north",
    external_id: str | None = None,
    now: datetime = NOW,
    actor: Actor = IMPORT,
) -> PersonId:
    return identity.register(
        actor=actor,
        source=source,
        external_id=external_id or f"x{next(_serial)}",
        demographics=demographics or said(),
        identifiers=identifiers,
        now=now,
    )
