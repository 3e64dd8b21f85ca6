"""The first load of a trusted source: many people at once, each of them new, by COPY."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import Forbidden
from steadwell.identity import records, spelling
from steadwell.identity.types import NewPerson
from steadwell.ids import new_id

_BATCH = 5_000


def load_people(*, actor: Actor, source: str, people: Iterable[NewPerson], now: datetime) -> int:
    """Load people a source vouches for as distinct: no matching, no reviews, one audit row each. Returns how
    many.

    For an empty house (a master index taken over, a demo, a benchmark); afterwards ``register`` matches
    against them. Each batch of 5,000 is one transaction; a record that is there already fails its batch.
    """
    if not actor.is_system:
        raise Forbidden
    stream, count = iter(people), 0
    while batch := list(islice(stream, _BATCH)):
        with transaction.atomic():
            _load(actor, source, batch, now)
        count += len(batch)
    return count


def _load(actor: Actor, source: str, batch: Sequence[NewPerson], now: datetime) -> None:
    for person in batch:
        records.checked(person.demographics, person.identifiers)
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('identity_person_number') FROM generate_series(1, %s)", [len(batch)])
        numbers = [spelling.with_check_digit(n) for (n,) in cursor.fetchall()]
    rows = [(person, number, new_id()) for person, number in zip(batch, numbers, strict=True)]
    _copy_people(rows, source, now)
    _copy_words(rows, source, ",".join(sorted(actor.roles)), now)
    _copy_search_rows(rows)
    entries = [
        audit.Entry(
            action="person.register", category="demographics", subject_id=p.person_id, entity_id=record_id
        )
        for p, _, record_id in rows
    ]
    audit.record_many(entries, actor=actor, now=now)


Row = tuple[NewPerson, str, UUID]  # who, clinic record number, record


def _copy_people(rows: Sequence[Row], source: str, now: datetime) -> None:
    """Records, persons and the links between them."""
    _copy(
        "identity_sourcerecord (id, source, external_id, created_at)",
        ((record_id, source, person.external_id, now) for person, _, record_id in rows),
    )
    _copy(
        "identity_person (id, number, current_id, shown_record_id, created_at,"
        " family_name, given_name, birth_date, sex, phone, email, language)",
        (
            (p.person_id, number, p.person_id, record_id, now, *(d[c] for c in records.SHOWN_COLUMNS))
            for p, number, record_id in rows
            for d in (records.columns(p.demographics),)
        ),
    )
    _copy(
        "identity_link (record_id, person_id, method, evidence, weight, opened_at, reason)",
        (
            (record_id, person.person_id, "automatic", '{"reasons": ["first-load"]}', 0, now, "")
            for person, _, record_id in rows
        ),
    )


def _copy_words(rows: Sequence[Row], source: str, roles: str, now: datetime) -> None:
    """What was said: versions, and the identifiers by which equal ones are found."""
    _copy(
        "identity_sourcerecordversion (entity_id, version, valid_from, recorded_at, recorded_role, reason,"
        " source, identifiers, family_name, given_name, middle_name, suffix, former_names, birth_date, sex,"
        " phone, email, language, address)",
        (
            (
                record_id,
                1,
                now,
                now,
                roles,
                "",
                source,
                _identifiers(p),
                *_json(records.columns(p.demographics)),
            )
            for p, _, record_id in rows
        ),
    )
    _copy(
        "identity_recordidentifier (record_id, system, type, value, plain, counts)",
        (
            (record_id, i.system, i.type, i.value, plain, not spelling.is_placeholder(i.value))
            for person, _, record_id in rows
            for i in person.identifiers
            for plain in (spelling.identifier_value(i.value),)
        ),
    )


def _copy_search_rows(rows: Sequence[Row]) -> None:
    words: set[str] = set()

    def keys() -> Iterator[tuple[Any, ...]]:
        for person, _, record_id in rows:
            said = person.demographics
            given = f"{said.given_name} {said.middle_name}"
            for family, first in spelling.search_rows(said.family_name, given, said.former_names):
                words.update(family.split(), first.split())
                yield (
                    record_id,
                    person.person_id,
                    family,
                    first,
                    said.birth_date,
                    records.reversed_phone(said.phone),
                )

    _copy("identity_searchkey (record_id, person_id, family, given, birth_date, phone)", keys())
    records.learn_words(words)


def _identifiers(person: NewPerson) -> str:
    return json.dumps([{"system": i.system, "type": i.type, "value": i.value} for i in person.identifiers])


def _json(said: dict[str, Any]) -> list[Any]:
    return [
        json.dumps(v) if name in {"former_names", "address"} and v is not None else v
        for name, v in said.items()
    ]


def _copy(into: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
