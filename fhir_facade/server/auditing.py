"""Every access over the API in the audit trail, denied ones too: who, with which client, whose, what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fhir_facade.server import definitions
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What was done to one resource."""

    act: str
    kind: str
    person_id: UUID | None
    entity: UUID


def record_several(access: Access, acts: Iterable[Act]) -> None:
    """In one statement."""
    audit.record_many(
        [
            audit.Entry(
                action=f"fhir.{each.act}", category=each.kind, entity_id=each.entity,
                subject_id=PersonId(each.person_id) if each.person_id else None,
                detail={"client": access.grant.client_id, "type": each.kind},
            )
            for each in acts
        ],
        actor=access.actor, now=access.now,
    )  # fmt: skip


def denied(access: Access | None, kind: str, status: int, *, now: datetime, entity: str = "") -> None:
    """A request that got nothing: no or a dead token, scopes that do not reach, what is not theirs. Its type
    is noted where it is one: anybody can write anything into an address.
    """
    kind = kind if definitions.is_type(kind) else ""
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
