"""Writing entries: one INSERT in the caller's transaction, and no data without it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import DatabaseError

from steadwell import prepared
from steadwell.actor import Actor, Role
from steadwell.audit.errors import AuditUnavailable
from steadwell.ids import PersonId, SiteId
from steadwell.observability import service as observability

_COLUMNS = (
    "at, user_id, roles, capacity, actor_name, action, category,"
    " subject_id, entity_id, reason, detail, request_id, trace_id"
)
_INSERT = f"INSERT INTO audit_auditentry ({_COLUMNS}) "
_ONE = """VALUES (%(at)s, %(user_id)s, %(roles)s, %(capacity)s, %(actor_name)s, %(action)s, %(category)s,
  %(subject_id)s, %(entity_id)s, %(reason)s, %(detail)s::jsonb, %(request_id)s, %(trace_id)s)"""
# Several travel as JSON, so that they are one text however many.
_SEVERAL = """SELECT %(at)s, %(user_id)s::uuid, roles, capacity, %(actor_name)s, action, category, subject_id,
  entity_id, reason, detail, %(request_id)s, %(trace_id)s
FROM json_to_recordset(%(rows)s::json) AS t(roles text, capacity text, action text, category text,
  subject_id uuid, entity_id uuid, reason text, detail jsonb)"""
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
    try:
        with prepared.cursor() as cursor:
            if len(entries) == 1:
                cursor.execute(_INSERT + _ONE, _values(entries[0], actor, now))
            else:
                cursor.execute(_INSERT + _SEVERAL, _rows(entries, actor, now))
    except DatabaseError as error:
        raise AuditUnavailable from error


def _values(entry: Entry, actor: Actor, now: datetime) -> dict[str, Any]:
    return {
        **_shared(actor, now),
        **_own(entry, actor),
        "detail": orjson.dumps(entry.detail).decode() if entry.detail else "{}",
    }


def _rows(entries: Sequence[Entry], actor: Actor, now: datetime) -> dict[str, Any]:
    rows = [{**_own(entry, actor), "detail": entry.detail} for entry in entries]
    return {**_shared(actor, now), "rows": orjson.dumps(rows).decode()}


def _shared(actor: Actor, now: datetime) -> dict[str, Any]:
    return {
        "at": now,
        "user_id": actor.user_id,
        "actor_name": actor.name,
        "request_id": observability.current_request_id(),
        "trace_id": observability.current_trace_id(),
    }


def _own(entry: Entry, actor: Actor) -> dict[str, Any]:
    acting = actor.acting_roles(subject_id=entry.subject_id, site_ids=entry.site_ids)
    return {
        "roles": ",".join(sorted(acting)),
        "capacity": capacity_of(actor, entry.subject_id),
        "action": entry.action,
        "category": entry.category,
        "subject_id": entry.subject_id,
        "entity_id": entry.entity_id,
        "reason": entry.reason[:_REASON_LENGTH],
    }


def capacity_of(actor: Actor, subject_id: PersonId | None) -> str:
    """For whom the actor acts on this person's data, in the word that the patient reads."""
    if Role.SYSTEM in actor.roles:
        return "system"
    if subject_id is not None and actor.stands_for(subject_id):
        return "self" if actor.known_as(subject_id) == actor.person_id else "proxy"
    if actor.is_staff:
        return "staff"
    return "anonymous" if actor.user_id is None else "user"
