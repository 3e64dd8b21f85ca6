"""What a token allows: plain frozen values, whoever issued it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from steadwell.ids import PersonId, SiteId, UserId


class Level(StrEnum):
    """About whom a scope speaks: the patient in context, whom the user may see, or everybody."""

    PATIENT = "patient"
    USER = "user"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One scope of SMART App Launch 2.2: ``patient/Observation.rs?category=laboratory``.

    ``resource`` is a type or ``*``; ``interactions`` are letters of c r u d s; ``query`` narrows to what
    these search parameters match, all of them.
    """

    level: Level
    resource: str
    interactions: frozenset[str]
    query: tuple[tuple[str, str], ...] = ()

    def covers(self, resource: str, interaction: str) -> bool:
        return self.resource in {"*", resource} and interaction in self.interactions

    def is_within(self, wide: Scope) -> bool:
        """Whether it lets through nothing that the other does not."""
        return (
            self.level == wide.level
            and wide.resource in {"*", self.resource}
            and self.interactions <= wide.interactions
            and set(wide.query) <= set(self.query)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a live token stands for. ``person_id`` is the patient in context; ``fhir_user`` a relative
    reference (``Practitioner/…``) or empty; ``per_minute`` how many requests the client may make.
    ``limited``: there may be patients who keep something back from this client.
    """

    client_id: str
    client_name: str
    user_id: UserId | None
    person_id: PersonId | None
    scopes: tuple[Scope, ...]
    token_id: UUID
    expires_at: datetime
    fhir_user: str = ""
    per_minute: int = 600
    medicine_source: str = "ehr-a"  # whose word medicines are that it sends: medications' Source
    site_id: SiteId | None = None  # where what this client files belongs, unless it says so itself
    limited: bool = True
