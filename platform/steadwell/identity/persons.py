"""The person rows: a new one, and whose words it shows."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection

from steadwell.identity import records, spelling
from steadwell.identity.models import Link, Person, SourceRecordVersion
from steadwell.identity.types import Demographics
from steadwell.ids import PersonId, new_id


def new_person(record_id: UUID, demographics: Demographics, now: datetime) -> PersonId:
    person = Person(pk=new_id(), number=_next_number(), created_at=now)
    person.current_id = person.pk
    records.show(person, record_id, demographics)
    person.save(force_insert=True)
    return PersonId(person.pk)


def _next_number() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('identity_person_number')")
        return spelling.with_check_digit(cursor.fetchone()[0])


def show_best_record(person_id: PersonId) -> None:
    """Whose words a person's row shows: our own record first, then the one linked longest.

    A person all of whose records went elsewhere keeps the words they had: old rows that name them stay
    readable.
    """
    person = Person.objects.get(pk=person_id)
    links = Link.objects.filter(person_id=person_id, closed_at__isnull=True).select_related("record")
    best = min(
        links,
        key=lambda link: (link.record.source != records.OWN_SOURCE, link.opened_at, link.pk),
        default=None,
    )
    if best is None:
        return
    newest = SourceRecordVersion.objects.filter(entity_id=best.record_id).order_by("-version")[:1].get()
    records.show(person, best.record_id, records.demographics_of(newest))
    person.save(update_fields=records.SHOWN)
