"""Two persons turn out to be one, or turn out not to be: a PersonLink opens, or closes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import Forbidden, NotFound
from steadwell.identity import access, locking, standings
from steadwell.identity.errors import AlreadyOne, NotMerged
from steadwell.identity.models import Person, PersonLink
from steadwell.ids import PersonId

_BRANCH = """
WITH RECURSIVE branch(id) AS (
    SELECT %(top)s::uuid
    UNION ALL
    SELECT l.person_id FROM identity_personlink l JOIN branch b ON l.replaced_by_id = b.id WHERE l.closed_at
    IS NULL
)
UPDATE identity_person SET current_id = %(current)s WHERE id IN (SELECT id FROM branch)
"""


def merge(*, actor: Actor, survivor_id: PersonId, duplicate_id: PersonId, reason: str, now: datetime) -> UUID:
    """From now on the duplicate is the survivor. Ids, records, links and clinical rows of both stay as they
    are.

    Either id may itself have been merged before: the persons they are now become one. Returns the merge's id.
    """
    _require_a_person(actor)
    with transaction.atomic():
        survivor, duplicate = _locked_current(survivor_id, duplicate_id)
        if survivor.pk == duplicate.pk:
            raise AlreadyOne
        link = PersonLink.objects.create(
            person=duplicate, replaced_by=survivor, reason=reason, opened_at=now, opened_by=actor.user_id
        )
        _point(duplicate.pk, survivor.pk)
        _note(actor, "person.merge", survivor.pk, duplicate.pk, link.pk, reason, now)
        standings.tell([survivor.pk, duplicate.pk], now=now)
    return link.pk


def unmerge(*, actor: Actor, duplicate_id: PersonId, reason: str, now: datetime) -> None:
    """Undo the merge that replaced this person: everything is as if it had not been.

    Persons that had been merged into the duplicate go with it; merges made above it stay. What arrived in
    between stays on the record and the id it arrived with, and so with the right person. Any order of
    un-merges is allowed.
    """
    _require_a_person(actor)
    with transaction.atomic():
        _locked_current(duplicate_id, duplicate_id)
        link = PersonLink.objects.filter(person_id=duplicate_id, closed_at__isnull=True).first()
        if link is None:
            raise NotMerged
        link.closed_at, link.closed_by, link.close_reason = now, actor.user_id, reason
        link.save(update_fields=["closed_at", "closed_by", "close_reason"])
        _point(duplicate_id, duplicate_id)
        _note(actor, "person.unmerge", link.replaced_by_id, duplicate_id, link.pk, reason, now)
        standings.tell([link.replaced_by_id, duplicate_id], now=now)


def _require_a_person(actor: Actor) -> None:
    """A merge is somebody's decision; the machine proposes, and never takes it."""
    access.require_staff(actor)
    if actor.user_id is None:
        raise Forbidden


def _locked_current(first: UUID, second: UUID) -> tuple[Person, Person]:
    """Lock the two trees by their roots, in order, and once more if a merge moved a root meanwhile."""
    while True:
        roots = dict(Person.objects.filter(pk__in={first, second}).values_list("pk", "current_id"))
        if len(roots) != len({first, second}):
            raise NotFound
        locked = locking.lock_persons(roots.values())
        if dict(Person.objects.filter(pk__in={first, second}).values_list("pk", "current_id")) == roots:
            return locked[roots[first]], locked[roots[second]]


def _point(top: UUID, current: UUID) -> None:
    """Everybody in the branch below (and with) ``top`` is ``current`` now."""
    with connection.cursor() as cursor:
        cursor.execute(_BRANCH, {"top": top, "current": current})


def _note(
    actor: Actor, action: str, survivor: UUID, duplicate: UUID, link_id: UUID, reason: str, now: datetime
) -> None:
    audit.record_many(
        [
            audit.Entry(
                action=action, category="identity", subject_id=PersonId(subject), entity_id=link_id,
                reason=reason,
                detail={"survivor": str(survivor), "duplicate": str(duplicate)},
            )
            for subject in (survivor, duplicate)
        ],
        actor=actor,
        now=now,
    )  # fmt: skip
