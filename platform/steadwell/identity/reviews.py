"""The queue of records whose person is not certain, and the decisions people take on it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import Forbidden, Invalid, NotFound
from steadwell.identity import access, merging, standings
from steadwell.identity.errors import ReviewDecided
from steadwell.identity.models import Link, MatchReview, Person
from steadwell.identity.types import Candidate, Review
from steadwell.ids import PersonId, SourceRecordId


def view(row: MatchReview) -> Review:
    return Review(
        review_id=row.pk,
        record_id=SourceRecordId(row.record_id),
        person_id=PersonId(row.person_id),
        opened_at=row.opened_at,
        candidates=tuple(
            Candidate(
                person_id=PersonId(UUID(c["person_id"])), reasons=tuple(c["reasons"]), weight=c["weight"],
                certain=c["certain"],
            )
            for c in row.candidates
        ),
    )  # fmt: skip


def list_reviews(*, actor: Actor, now: datetime, limit: int = 50) -> list[Review]:
    """What waits, oldest first. Ids and reasons only; whoever shows names asks for them (and is recorded)."""
    access.require_staff(actor)
    rows = MatchReview.objects.filter(state=MatchReview.State.OPEN).order_by("opened_at", "pk")[
        : min(limit, 200)
    ]
    return [view(row) for row in rows]


def decide_review(
    *, actor: Actor, review_id: UUID, same_as: PersonId | None, reason: str, now: datetime
) -> PersonId:
    """Settle one: the record is ``same_as``, or with None a person of its own. Returns the person it is now.

    Whatever was booked meanwhile stays on the provisional id, which from now on means the same person.
    """
    access.require_staff(actor)
    if actor.user_id is None:
        raise Forbidden
    with transaction.atomic():
        review = MatchReview.objects.select_for_update().filter(pk=review_id).first()
        if review is None:
            raise NotFound
        if review.state != MatchReview.State.OPEN:
            raise ReviewDecided
        known = {c["person_id"] for c in review.candidates}
        if same_as is not None and not _is_candidate(same_as, known):
            raise Invalid(fields={"same_as": "Choose one of the people listed."})
        if same_as is not None:
            merging.merge(
                actor=actor,
                survivor_id=same_as,
                duplicate_id=PersonId(review.person_id),
                reason=reason,
                now=now,
            )
        link = Link.objects.get(record_id=review.record_id, closed_at__isnull=True)
        standings.make_manual(link, actor=actor, reason=reason, now=now)
        review.state = MatchReview.State.NEW if same_as is None else MatchReview.State.SAME
        review.decided_at, review.decided_by, review.reason = now, actor.user_id, reason
        review.decided_person_id = same_as
        review.save(update_fields=["state", "decided_at", "decided_by", "decided_person_id", "reason"])
        audit.record(
            actor=actor, action="person.review", category="identity", now=now, entity_id=review.record_id,
            subject_id=PersonId(review.person_id), reason=reason, detail={"decision": review.state},
        )  # fmt: skip
        standings.tell([review.person_id], now=now)
        return PersonId(Person.objects.values_list("current_id", flat=True).get(pk=review.person_id))


def _is_candidate(person_id: PersonId, known: set[str]) -> bool:
    """Also when the candidate was merged since: the person it is now counts."""
    if str(person_id) in known:
        return True
    return Person.objects.filter(pk__in=known, current_id=person_id).exists()
