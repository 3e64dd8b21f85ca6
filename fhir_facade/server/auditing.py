"""Every access over the API in the audit trail, denied ones too: who, with which client, whose, what."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from fhir_facade.server.access import Access
from steadwell.actor import ANONYMOUS
from steadwell.audit import service as audit
from steadwell.ids import PersonId

MOST = 200


def record(
    access: Access, act: str, kind: str, persons: Iterable[UUID | None], *, entity: str = "", reason: str = ""
) -> None:
    """One entry per patient concerned, in one statement; one without a patient where there is none."""
    concerned: list[UUID | None] = [*sorted({each for each in persons if each is not None})[:MOST]] or [None]
    detail = {"client": access.grant.client_id, "type": kind}
    audit.record_many(
        [
            audit.Entry(
                action=f"fhir.{act}", category=kind, subject_id=PersonId(each) if each else None,
                entity_id=_uuid(entity), detail=detail, reason=reason,
            )
            for each in concerned
        ],
        actor=access.actor, now=access.now,
    )  # fmt: skip


def denied(access: Access | None, kind: str, status: int, *, now: datetime, entity: str = "") -> None:
    """A request that got nothing: no or a dead token, scopes that do not reach, or what is not theirs."""
    audit.record(
        actor=access.actor if access else ANONYMOUS, action="fhir.denied", category=kind or "fhir", now=now,
        subject_id=access.grant.person_id if access else None, entity_id=_uuid(entity),
        detail={"client": access.grant.client_id if access else "", "status": str(status), "type": kind},
    )  # fmt: skip


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
