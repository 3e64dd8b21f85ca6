"""Reading the trail: for the patient whom it is about, and for staff who look into it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from steadwell.actor import Actor, Role
from steadwell.audit.models import AuditEntry
from steadwell.audit.recording import record
from steadwell.errors import NotFound
from steadwell.ids import PersonId

MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One line of "who looked at my record": in what role, when, what and why; ids, never names."""

    id: int
    at: datetime
    user_id: UUID | None
    roles: tuple[str, ...]
    capacity: str
    action: str
    category: str
    entity_id: UUID | None
    reason: str


def list_for_person(
    *, actor: Actor, person_id: PersonId, now: datetime, limit: int = 50, before: int | None = None
) -> list[Access]:
    """What was seen and changed of one patient, newest first, for the patient, a proxy or an administrator.

    ``before`` is the last ``id`` of the page before. Looking is recorded. Raises NotFound to anybody else.
    """
    if not (actor.stands_for(person_id) or actor.has(Role.ADMINISTRATOR)):
        raise NotFound
    rows = AuditEntry.objects.filter(subject_id=person_id)
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = [
        Access(
            id=row["id"], at=row["at"], user_id=row["user_id"],
            roles=tuple(filter(None, row["roles"].split(","))),
            capacity=row["capacity"], action=row["action"], category=row["category"],
            entity_id=row["entity_id"], reason=row["reason"],
        )
        for row in rows.order_by("-id").values(
            "id", "at", "user_id", "roles", "capacity", "action", "category", "entity_id", "reason"
        )[: min(limit, MOST)]
    ]  # fmt: skip
    record(actor=actor, action="audit.read", category="audit", subject_id=person_id, now=now)
    return found
