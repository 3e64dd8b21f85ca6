"""Reads, each with its audit row: one query and one insert."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q

from steadwell import prepared
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import NotFound
from steadwell.history.service import as_of
from steadwell.identity import access, records
from steadwell.identity.models import Link, Person, PersonLink, SourceRecord, SourceRecordVersion
from steadwell.identity.types import PersonDetail, PersonSummary, RecordView
from steadwell.ids import PersonId, SourceRecordId

MAX_NAMES = 1000
COLUMNS = ("family_name", "given_name", "birth_date", "sex", "number", "email", "phone", "language")
_SUMMARIES = """
SELECT p.id, EXISTS (SELECT FROM identity_person o WHERE o.id = ANY(%s) AND o.current_id = p.current_id),
c.family_name, c.given_name, c.birth_date, c.sex, c.number, c.email, c.phone, c.language FROM identity_person
p JOIN identity_person c ON c.id = p.current_id WHERE p.id = ANY(%s)
"""
# Two index look-ups; the second is of a partial index that holds merged persons only.
_SAME = """
WITH now AS MATERIALIZED (SELECT current_id AS id FROM identity_person WHERE id = %(id)s)
SELECT id FROM now
UNION ALL
(SELECT p.id FROM identity_person p WHERE p.current_id = (SELECT id FROM now) AND p.current_id <> p.id ORDER
BY p.id)
"""
_SAME_OF_MANY = """
SELECT a.id, a.current_id, ARRAY(
    SELECT p.id FROM identity_person p WHERE p.current_id = a.current_id AND p.current_id <> p.id
    ORDER BY p.id)
FROM identity_person a WHERE a.id = ANY(%s)
"""


def summary(person_id: UUID, row: Collection[object]) -> PersonSummary:
    """From a row whose columns are COLUMNS."""
    values: dict[str, object] = dict(zip(COLUMNS, row, strict=True))
    values["email"] = values["email"] or None
    values["phone"] = values["phone"] or None
    return PersonSummary(person_id=PersonId(person_id), **values)  # type: ignore[arg-type]


def get_person(*, actor: Actor, person_id: PersonId, now: datetime) -> PersonSummary:
    """One person as they are known now. NotFound when there is none or the actor may not see them."""
    found = names(actor=actor, person_ids=[person_id], now=now)
    if person_id not in found:
        raise NotFound
    return found[person_id]


def names(*, actor: Actor, person_ids: Iterable[PersonId], now: datetime) -> dict[PersonId, PersonSummary]:
    """Many at once, by the ids asked for; those unknown, or not for this actor's eyes, are left out.

    One query and one audit statement, with a row per person seen. At most 1,000.
    """
    wanted = list(dict.fromkeys(person_ids))[:MAX_NAMES]
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_SUMMARIES, [access.own_ids(actor), wanted])
        rows = cursor.fetchall()
    found: dict[PersonId, PersonSummary] = {}
    for person_id, is_own, *values in rows:
        if is_own or access.may_see_everyone(actor):
            found[PersonId(person_id)] = summary(person_id, values)
    note_seen(actor, "person.view", found, now)
    return {i: found[i] for i in wanted if i in found}


def note_seen(actor: Actor, action: str, person_ids: Iterable[PersonId], now: datetime) -> None:
    """One statement; each person can find that they were seen."""
    audit.record_many(
        [audit.Entry(action=action, category="demographics", subject_id=i) for i in person_ids],
        actor=actor,
        now=now,
    )


def current_person(person_id: PersonId) -> PersonId:
    """The person this id stands for now. NotFound when there never was one."""
    with prepared.cursor() as cursor:
        cursor.execute("SELECT current_id FROM identity_person WHERE id = %s", [person_id])
        row = cursor.fetchone()
    if row is None:
        raise NotFound
    return PersonId(row[0])


def person_ids_of(person_id: PersonId) -> tuple[PersonId, ...]:
    """Every id that means the same person now, the current one first. Clinical rows may carry any of them."""
    with connection.cursor() as cursor:
        cursor.execute(_SAME, {"id": person_id})
        return tuple(PersonId(pk) for (pk,) in cursor.fetchall())


def ids_of_many(person_ids: Collection[PersonId]) -> dict[PersonId, tuple[PersonId, ...]]:
    """The same for many persons in one statement; those unknown are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_SAME_OF_MANY, [list(person_ids)])
        return {PersonId(asked): (PersonId(now), *others) for asked, now, others in cursor.fetchall()}


def ids_for(actor: Actor, person_id: PersonId) -> tuple[PersonId, ...]:
    """Every id that means this person, in a fixed order; of an id we do not know, itself. Those of whom the
    actor stands for came with the actor; for everybody else one statement.
    """
    return tuple(sorted(actor.ids_of(person_id) or person_ids_of(person_id))) or (person_id,)


def same_sql(person: str) -> str:
    """An SQL array of every id that means the same person as ``person`` (an expression of type uuid), the
    current one first; of an id we do not know, itself. For a statement that must not ask twice.
    """
    return f"""ARRAY(
        WITH now AS MATERIALIZED (
            SELECT coalesce((SELECT i.current_id FROM identity_person i WHERE i.id = {person}), {person})
            AS id
        )
        SELECT id FROM now WHERE id IS NOT NULL UNION ALL
        (SELECT i.id FROM identity_person i, now
         WHERE i.current_id = now.id AND i.current_id <> i.id ORDER BY i.id)
    )"""  # noqa: S608 - the caller's own words


def same_person(one: PersonId, other: PersonId) -> bool:
    return one == other or current_person(one) == current_person(other)


def get_detail(*, actor: Actor, person_id: PersonId, now: datetime) -> PersonDetail:
    """Everything the systems say about a person now, the shown record first."""
    ids = person_ids_of(person_id)
    if not ids or not access.may_see(actor, ids):
        raise NotFound
    person = Person.objects.get(pk=ids[0])
    links = Link.objects.filter(person_id__in=ids, closed_at__isnull=True)
    views = _record_views(links.values_list("record_id", flat=True), now)
    views.sort(key=lambda v: (v.record_id != person.shown_record_id, v.source, v.external_id))
    note_seen(actor, "person.view", [person_id], now)
    return PersonDetail(
        summary=summary(person_id, [getattr(person, name) for name in COLUMNS]),
        person_ids=ids,
        records=tuple(views),
    )


def as_known(
    *, actor: Actor, person_id: PersonId, recorded: datetime, now: datetime
) -> tuple[RecordView, ...]:
    """What was known about a person at an instant: the records then believed theirs, in the words known then.

    Merges and links are taken as they stood at ``recorded``; our own record comes first. Empty when nothing
    was known.
    """
    ids = person_ids_of(person_id)
    if not ids or not access.may_see(actor, ids):
        raise NotFound
    then = _ids_then(person_id, recorded)
    links = Link.objects.filter(
        Q(closed_at__isnull=True) | Q(closed_at__gt=recorded), person_id__in=then, opened_at__lte=recorded
    )
    views = _record_views(links.values_list("record_id", flat=True), recorded)
    views.sort(key=lambda v: (v.source != records.OWN_SOURCE, v.recorded_at, v.record_id))
    note_seen(actor, "person.view-history", [person_id], now)
    return tuple(views)


def _ids_then(person_id: UUID, recorded: datetime) -> set[UUID]:
    """The tree of merges around one person, as it stood: merges are few, so walking it in Python is
    enough.
    """
    alive = PersonLink.objects.filter(
        Q(closed_at__isnull=True) | Q(closed_at__gt=recorded), opened_at__lte=recorded
    )
    root = person_id
    while (up := alive.filter(person_id=root).values_list("replaced_by_id", flat=True).first()) is not None:
        root = up
    found, edge = {root}, {root}
    while edge:
        edge = set(alive.filter(replaced_by_id__in=edge).values_list("person_id", flat=True))
        found |= edge
    return found


def _record_views(record_ids: Iterable[UUID], recorded: datetime) -> list[RecordView]:
    wanted = list(record_ids)
    systems: Mapping[UUID, SourceRecord] = SourceRecord.objects.in_bulk(wanted)
    versions = as_of(SourceRecordVersion.objects.filter(entity_id__in=wanted), recorded=recorded)
    return [
        RecordView(
            record_id=SourceRecordId(row.entity_id),
            source=systems[row.entity_id].source,
            external_id=systems[row.entity_id].external_id,
            version=row.version,
            recorded_at=row.recorded_at,
            demographics=records.demographics_of(row),
            identifiers=records.identifiers_of(row),
        )
        for row in versions
    ]
