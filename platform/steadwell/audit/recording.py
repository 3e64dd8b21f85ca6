"""Writing entries: one INSERT in the caller's transaction, and no data without it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import DatabaseError, connection

from steadwell import prepared
from steadwell.actor import Actor, Role
from steadwell.audit.errors import AuditUnavailable
from steadwell.ids import PersonId, SiteId
from steadwell.observability import service as observability

_COLUMNS = (
    "at, user_id, roles, capacity, actor_name, action, category,"
    " subject_id, entity_id, reason, detail, request_id, trace_id"
)
_ROW = "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s)"
_INSERT = f"INSERT INTO audit_auditentry ({_COLUMNS}) VALUES "  # noqa: S608 - constants only
_REASON_LENGTH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing to record, for ``record_many``. ``detail`` holds ids and codes, never clinical content."""

    action: str
    category: str
    subject_id: PersonId | None = None
    entity_id: UUID | None = None
    reason: str = ""
    detail: Mapping[str, str] = field(default_factory=dict)
    site_ids: Collection[SiteId] = ()  # where it was done: names the roles that hold there; not kept itself


def record(
    *,
    actor: Actor,
    action: str,
    category: str,
    now: datetime,
    subject_id: PersonId | None = None,
    entity_id: UUID | None = None,
    reason: str = "",
    detail: Mapping[str, str] | None = None,
    site_id: SiteId | None = None,
    site_ids: Collection[SiteId] = (),
) -> None:
    """Record one act: ``action`` as "appointment.book", ``category`` as the kind of data, "appointment".

    The roles kept are those in which it was done (`Actor.acting_roles`): give ``site_id`` where it is known,
    ``site_ids`` for what belongs to several, as a clinician's leave.

    Call it inside the transaction of a write, or before the body of a read leaves. Raises AuditUnavailable,
    after which the caller's transaction cannot commit: a write that cannot be recorded does not happen.
    """
    entry = Entry(
        action=action,
        category=category,
        subject_id=subject_id,
        entity_id=entity_id,
        reason=reason,
        detail=detail or {},
        site_ids=site_ids if site_id is None else (site_id,),
    )
    record_many([entry], actor=actor, now=now)


def record_many(entries: Sequence[Entry], *, actor: Actor, now: datetime) -> None:
    """Record several acts of one actor in one statement."""
    if not entries:
        return
    request_id, trace_id = observability.current_request_id(), observability.current_trace_id()
    values: list[Any] = []
    for entry in entries:
        acting = actor.acting_roles(subject_id=entry.subject_id, site_ids=entry.site_ids)
        values += (
            now, actor.user_id, ",".join(sorted(acting)), capacity_of(actor, entry.subject_id), actor.name,
            entry.action, entry.category, entry.subject_id, entry.entity_id, entry.reason[:_REASON_LENGTH],
            orjson.dumps(entry.detail).decode() if entry.detail else "{}", request_id, trace_id,
        )  # fmt: skip
    try:
        # One entry is the common case, with one text; several are as many texts as there are counts.
        with prepared.cursor() if len(entries) == 1 else connection.cursor() as cursor:
            cursor.execute(_INSERT + ", ".join([_ROW] * len(entries)), values)
    except DatabaseError as error:
        raise AuditUnavailable from error


def capacity_of(actor: Actor, subject_id: PersonId | None) -> str:
    """For whom the actor acts on this person's data, in the word that the patient reads."""
    if Role.SYSTEM in actor.roles:
        return "system"
    if subject_id is not None and actor.stands_for(subject_id):
        return "self" if actor.known_as(subject_id) == actor.person_id else "proxy"
    if actor.is_staff:
        return "staff"
    return "anonymous" if actor.user_id is None else "user"
