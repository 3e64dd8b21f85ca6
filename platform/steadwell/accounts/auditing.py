"""Writes what happened to accounts into the audit: ids and codes, never an address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.ids import PersonId


def record(
    *,
    actor: Actor,
    action: str,
    now: datetime,
    user_id: UUID | None = None,
    person_id: UUID | None = None,
    detail: Mapping[str, str] | None = None,
) -> None:
    """``user_id`` is the account it happened to, ``person_id`` the patient it concerns."""
    audit.record(
        actor=actor,
        action=f"account.{action}",
        category="account",
        now=now,
        subject_id=PersonId(person_id) if person_id else None,
        entity_id=user_id,
        detail=detail,
    )
