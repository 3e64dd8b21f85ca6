"""Reading the trail: for the patient whom it is about, and for staff who look into it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Max

from steadwell.actor import Actor, Role
from steadwell.audit.models import AuditEntry
from steadwell.audit.recording import record
from steadwell.errors import NotFound
from steadwell.ids import PersonId, UserId

MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """A user who saw or changed one thing; ``capacity`` (self, proxy, staff) as it was the last time."""

    user_id: UserId
    capacity: str
    first_at: datetime
    last_at: datetime


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
    rows = AuditEntry.objects.filter(subject_id__in=actor.ids_of(person_id) or [person_id])
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


def viewers_of(*, entity_id: UUID, before: datetime | None = None) -> list[Viewer]:
    """Everybody signed in who saw or changed one thing, first come first: for telling them of a correction.

    ``before`` leaves out what they did at that moment or later. One statement.
    """
    rows = AuditEntry.objects.filter(entity_id=entity_id, user_id__isnull=False)
    if before is not None:
        rows = rows.filter(at__lt=before)
    found: dict[UUID, Viewer] = {}
    for user_id, capacity, at in rows.order_by("id").values_list("user_id", "capacity", "at"):
        if user_id is None:
            continue
        known = found.get(user_id)
        first_at = known.first_at if known else at
        found[user_id] = Viewer(user_id=UserId(user_id), capacity=capacity, first_at=first_at, last_at=at)
    return list(found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientUse:
    """What a connected system last did with one kind of a patient's data."""

    client: str
    category: str
    last_at: datetime


def uses_by_clients(*, actor: Actor, person_id: PersonId) -> list[ClientUse]:
    """Which systems saw which kinds of a patient's data, the latest first: what they asked the API for.

    For the patient and those who act for them; raises NotFound to anybody else. One statement.
    """
    if not actor.stands_for(person_id):
        raise NotFound
    rows = (
        AuditEntry.objects.filter(
            subject_id__in=actor.ids_of(person_id), action__startswith="fhir.", detail__has_key="client"
        )
        .exclude(action="fhir.denied")
        .values_list("detail__client", "category")
        .annotate(last=Max("at"))
        .order_by("-last")[:MOST]
    )
    return [ClientUse(client=client, category=category, last_at=last) for client, category, last in rows]
