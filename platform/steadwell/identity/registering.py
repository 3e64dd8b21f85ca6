"""A system says who somebody is: record it, and say which person that is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import Invalid
from steadwell.identity import access, candidates, linking, locking, persons, records, standings
from steadwell.identity.models import MatchReview, Method, SourceRecord, SourceRecordVersion
from steadwell.identity.types import Candidate, Demographics, Identifier
from steadwell.ids import PersonId


def register(
    *,
    actor: Actor,
    source: str,
    external_id: str,
    demographics: Demographics,
    identifiers: Sequence[Identifier] = (),
    now: datetime,
) -> PersonId:
    """File what ``source`` says about its record ``external_id`` and return the person it is about.

    The first time, an identifier that exactly one known person carries links the record to that person,
    unless birth date or given name contradict. Otherwise the record stands for a new person; if it may be
    somebody known, it also waits in the review queue for a person's decision, and the id returned here stays
    good whatever is decided. Later calls with the same ``source`` and ``external_id`` add a version when
    something changed, and nothing when not.
    """
    access.require_staff(actor)
    records.checked(demographics, identifiers)
    if not source or not external_id or len(source) > 60 or len(external_id) > 200:
        raise Invalid(fields={"external_id": "A record needs a system and an id there."})
    unchanged = _said_before(source, external_id, demographics, identifiers)
    if unchanged is not None:
        return unchanged
    with transaction.atomic():
        locking.lock_words([f"{source}|{external_id}", *candidates.words_to_lock(demographics, identifiers)])
        known = SourceRecord.objects.filter(source=source, external_id=external_id).first()
        if known is None:
            return _first_time(actor, source, external_id, demographics, identifiers, now)
        return _again(actor, known, demographics, identifiers, now)


_NEWEST = """
SELECT v.*, l.person_id AS linked_to FROM identity_sourcerecord r
JOIN identity_link l ON l.record_id = r.id AND l.closed_at IS NULL
CROSS JOIN LATERAL (
    SELECT * FROM identity_sourcerecordversion WHERE entity_id = r.id ORDER BY version DESC LIMIT 1
) v
WHERE r.source = %s AND r.external_id = %s
"""


def _said_before(
    source: str, external_id: str, demographics: Demographics, identifiers: Sequence[Identifier]
) -> PersonId | None:
    """The person, when the record says the same already: one statement and no lock, for feeds that repeat
    the patient with every message.
    """
    newest = next(iter(SourceRecordVersion.objects.raw(_NEWEST, [source, external_id])), None)
    if newest is None or not records.says_the_same(newest, demographics, identifiers):
        return None
    return PersonId(newest.linked_to)  # type: ignore[attr-defined]  # the query names it


def _first_time(
    actor: Actor,
    source: str,
    external_id: str,
    demographics: Demographics,
    identifiers: Sequence[Identifier],
    now: datetime,
) -> PersonId:
    found = candidates.find(demographics=demographics, identifiers=identifiers, now=now)
    certain = [candidate for candidate in found if candidate.certain]
    record = SourceRecord.objects.create(source=source, external_id=external_id, created_at=now)
    records.add_version(
        actor=actor, record_id=record.pk, source=source, supersedes=None, demographics=demographics,
        identifiers=identifiers, reason="", now=now,
    )  # fmt: skip
    # Two certain candidates contradict each other: none of them is.
    one = certain[0] if len(certain) == 1 else None
    person_id = one.person_id if one else persons.new_person(record.pk, demographics, now)
    linking.open_link(
        actor=actor, record_id=record.pk, person_id=person_id, method=Method.AUTOMATIC,
        evidence={"reasons": list(one.reasons) if one else ["first-record"]},
        weight=one.weight if one else 0.0, now=now,
    )  # fmt: skip
    records.replace_identifiers(record.pk, identifiers, is_new=True)
    records.replace_search_rows(record.pk, person_id, demographics, is_new=True)
    if found and one is None:
        _wait_for_review(record.pk, person_id, found, now)
    audit.record(
        actor=actor, action="person.register", category="demographics", now=now, subject_id=person_id,
        entity_id=record.pk,
        detail={"linked": one.reasons[0] if one else "new", "review": str(bool(found and not one))},
    )  # fmt: skip
    if one is not None:
        standings.tell([person_id], now=now)
    return person_id


def _wait_for_review(record_id: UUID, person_id: PersonId, found: Sequence[Candidate], now: datetime) -> None:
    MatchReview.objects.create(
        record_id=record_id,
        person_id=person_id,
        opened_at=now,
        candidates=[
            {
                "person_id": str(c.person_id),
                "reasons": list(c.reasons),
                "weight": c.weight,
                "certain": c.certain,
            }
            for c in found[:10]
        ],
    )


def _again(
    actor: Actor,
    record: SourceRecord,
    demographics: Demographics,
    identifiers: Sequence[Identifier],
    now: datetime,
) -> PersonId:
    newest = SourceRecordVersion.objects.filter(entity_id=record.pk).order_by("-version")[:1].get()
    person_id = linking.person_of(record.pk)
    if not records.says_the_same(newest, demographics, identifiers):
        file_version(
            actor=actor, record=record, person_id=person_id, newest=newest, demographics=demographics,
            identifiers=identifiers, reason="", now=now,
        )  # fmt: skip
    return person_id


def file_version(
    *,
    actor: Actor,
    record: SourceRecord,
    person_id: PersonId,
    newest: SourceRecordVersion,
    demographics: Demographics,
    identifiers: Sequence[Identifier],
    reason: str,
    now: datetime,
) -> SourceRecordVersion:
    """The next version of a record, and all that is made from it, in the caller's transaction."""
    person = locking.lock_persons([person_id])[person_id]
    version = records.add_version(
        actor=actor, record_id=record.pk, source=record.source, supersedes=newest.version,
        demographics=demographics, identifiers=identifiers, reason=reason, now=now,
    )  # fmt: skip
    if set(identifiers) != set(records.identifiers_of(newest)):
        records.replace_identifiers(record.pk, identifiers, is_new=False)
    records.replace_search_rows(record.pk, person_id, demographics, is_new=False)
    if person.shown_record_id == record.pk:
        records.show(person, record.pk, demographics)
        person.save(update_fields=records.SHOWN)
    audit.record(
        actor=actor, action="person.update", category="demographics", now=now, subject_id=person_id,
        entity_id=record.pk, reason=reason, detail={"version": str(version.version)},
    )  # fmt: skip
    return version
