"""Which person a source record is about: links open and close, and a person's decision outranks the
machine's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from steadwell import events
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import Forbidden, NotFound
from steadwell.identity import access, locking, persons, records
from steadwell.identity.errors import AlreadyOne
from steadwell.identity.models import Link, Method, Person, SearchKey, SourceRecordVersion
from steadwell.ids import PersonId, SourceRecordId
from steadwell.outbox import service as outbox


def person_of(record_id: UUID) -> PersonId:
    """The person a record's open link names (not following merges)."""
    return PersonId(
        Link.objects.values_list("person_id", flat=True).get(record_id=record_id, closed_at__isnull=True)
    )


def open_link(
    *,
    actor: Actor,
    record_id: UUID,
    person_id: PersonId,
    method: str,
    evidence: Mapping[str, object],
    weight: float,
    now: datetime,
    reason: str = "",
) -> None:
    Link.objects.create(
        record_id=record_id, person_id=person_id, method=method, evidence=dict(evidence), weight=weight,
        opened_at=now, opened_by=actor.user_id, reason=reason,
    )  # fmt: skip


def close_link(link: Link, *, actor: Actor, now: datetime) -> None:
    """The machine never closes what a person opened."""
    if link.method == Method.MANUAL and actor.is_system:
        raise Forbidden
    link.closed_at, link.closed_by = now, actor.user_id
    link.save(update_fields=["closed_at", "closed_by"])


def link_to_decide(actor: Actor, record_id: SourceRecordId) -> Link:
    """The record's open link, held for the person of the clinic who decides about it. Raises NotFound."""
    access.require_staff(actor)
    if actor.user_id is None:
        raise Forbidden
    locking.lock_words([f"record|{record_id}"])
    link = Link.objects.filter(record_id=record_id, closed_at__isnull=True).first()
    if link is None:
        raise NotFound
    return link


def relink(
    *, actor: Actor, record_id: SourceRecordId, person_id: PersonId | None, reason: str, now: datetime
) -> PersonId:
    """Say by hand that a record is about another person (or about nobody known yet: ``person_id`` None).

    Returns the person it is about now. The other records of both stay where they are.
    """
    with transaction.atomic():
        link = link_to_decide(actor, record_id)
        if person_id is not None and not Person.objects.filter(pk=person_id).exists():
            raise NotFound
        if link.person_id == person_id:
            raise AlreadyOne
        newest = SourceRecordVersion.objects.filter(entity_id=record_id).order_by("-version")[:1].get()
        target = person_id or persons.new_person(record_id, records.demographics_of(newest), now)
        left = PersonId(link.person_id)
        locking.lock_persons([left, target])
        close_link(link, actor=actor, now=now)
        open_link(
            actor=actor, record_id=record_id, person_id=target, method=Method.MANUAL,
            evidence={"reasons": ["decided"]}, weight=0.0, now=now, reason=reason,
        )  # fmt: skip
        SearchKey.objects.filter(record_id=record_id).update(person_id=target)
        persons.show_best_record(left)
        persons.show_best_record(target)
        for subject in (left, target):
            audit.record(
                actor=actor, action="person.relink", category="identity", now=now, subject_id=subject,
                entity_id=record_id, reason=reason,
            )  # fmt: skip
            outbox.publish(events.PersonChanged(person_id=subject), now=now)
    return target
