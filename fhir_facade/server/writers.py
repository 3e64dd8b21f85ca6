"""What a type's own writer does: its protocol, apart from what all writes have in common (writing.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from fhir_facade.server.access import Access
from fhir_facade.server.wire import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What a writer made. ``beside``: an app keeps it, and a document what the app has no column for."""

    key: UUID
    beside: bool = False
    existed: bool = False  # an app knew it already (a patient under an identifier of theirs)


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """One to be made. ``key`` is the id that a Bundle has promised it, ``at`` its entry there."""

    said: Resource
    key: UUID | None = None
    at: str = ""


class Writer(Protocol):
    """How a type is written. ``version`` is the one the client saw, None where it did not say."""

    def create(self, access: Access, said: Resource) -> Stored: ...

    def update(self, access: Access, key: UUID, said: Resource, version: int | None) -> Stored: ...

    def delete(self, access: Access, key: UUID, version: int | None) -> None: ...


class Together(Writer, Protocol):
    """One that makes several with as many statements as one. What is wrong with one names its entry.

    Not ``together``: to make one, another of the same Bundle may have to be there.
    """

    together: bool

    def create_several(self, access: Access, several: Sequence[New]) -> list[Stored]: ...
