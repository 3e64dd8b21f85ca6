"""What our own staff and the patient say about them: the next version of our own record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from steadwell.actor import Actor
from steadwell.errors import NotFound
from steadwell.identity import access, linking, locking, persons, queries, records, registering
from steadwell.identity.errors import StaleDemographics
from steadwell.identity.models import Link, Method, SourceRecord, SourceRecordVersion
from steadwell.identity.types import Demographics, Identifier
from steadwell.ids import PersonId


def update_demographics(
    *,
    actor: Actor,
    person_id: PersonId,
    demographics: Demographics,
    identifiers: Sequence[Identifier] | None = None,
    expected_version: int,
    reason: str,
    now: datetime,
) -> int:
    """Say what is right about a person from now on; nothing that was said before is lost.

    ``expected_version`` is the version of the shown record (``get_detail(...).shown.version``) the writer
    looked at; another one is refused as stale. What other systems said stays theirs: the words go to our own
    record of the person, which is made when there is none and is the one shown. Identifiers stay when None.
    Returns the version.
    """
    records.checked(demographics, identifiers or ())
    with transaction.atomic():
        ids = queries.person_ids_of(person_id)
        if not ids or not access.may_see(actor, ids):
            raise NotFound
        person = locking.lock_persons(ids)[ids[0]]
        shown = (
            SourceRecordVersion.objects.filter(entity_id=person.shown_record_id)
            .order_by("-version")[:1]
            .get()
        )
        if shown.version != expected_version:
            raise StaleDemographics
        own = SourceRecord.objects.filter(pk=person.shown_record_id, source=records.OWN_SOURCE).first()
        said = records.identifiers_of(shown) if identifiers is None else tuple(identifiers)
        if own is None:
            return _first_words(actor, ids[0], demographics, said if identifiers else (), reason, now)
        link_person = linking.person_of(own.pk)
        version = registering.file_version(
            actor=actor, record=own, person_id=link_person, newest=shown, demographics=demographics,
            identifiers=said, reason=reason, now=now,
        )  # fmt: skip
        return version.version


def _first_words(
    actor: Actor,
    person_id: PersonId,
    demographics: Demographics,
    identifiers: Sequence[Identifier],
    reason: str,
    now: datetime,
) -> int:
    """Our own record, linked by the one who speaks, or by the platform for an import."""
    record, _ = SourceRecord.objects.get_or_create(
        source=records.OWN_SOURCE, external_id=str(person_id), defaults={"created_at": now}
    )
    newest = SourceRecordVersion.objects.filter(entity_id=record.pk).order_by("-version").first()
    version = records.add_version(
        actor=actor, record_id=record.pk, source=record.source, supersedes=newest.version if newest else None,
        demographics=demographics, identifiers=identifiers, reason=reason, now=now,
    )  # fmt: skip
    if not Link.objects.filter(record=record, closed_at__isnull=True).exists():
        method = Method.MANUAL if actor.user_id else Method.AUTOMATIC
        linking.open_link(
            actor=actor, record_id=record.pk, person_id=person_id, method=method,
            evidence={"reasons": ["own-words"]}, weight=0.0, now=now, reason=reason,
        )  # fmt: skip
    records.replace_identifiers(record.pk, identifiers, is_new=newest is None)
    records.replace_search_rows(record.pk, person_id, demographics, is_new=newest is None)
    persons.show_best_record(person_id)
    queries.note_seen(actor, "person.update", [person_id], now)
    return version.version
