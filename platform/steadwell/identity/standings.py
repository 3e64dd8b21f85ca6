"""Where a source record stands: whose it is, and whether anybody but its own system knows that person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from steadwell import events
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.identity import linking
from steadwell.identity.models import Link, Method
from steadwell.identity.types import RecordStanding
from steadwell.ids import PersonId, SourceRecordId
from steadwell.outbox import service as outbox

# Which systems know the person of a link (``p``, of the record ``r``), besides that record.
SOURCES = """ARRAY(
    SELECT DISTINCT o.source
    FROM (SELECT p.current_id AS id
          UNION ALL
          SELECT m.id FROM identity_person m WHERE m.current_id = p.current_id AND m.current_id <> m.id) same
    JOIN identity_link ol ON ol.person_id = same.id AND ol.closed_at IS NULL
    JOIN identity_sourcerecord o ON o.id = ol.record_id AND o.id <> r.id
)"""
_STANDING = f"""
SELECT r.id, l.person_id, p.current_id, l.method, {SOURCES}
FROM identity_sourcerecord r
JOIN identity_link l ON l.record_id = r.id AND l.closed_at IS NULL
JOIN identity_person p ON p.id = l.person_id
"""  # noqa: S608 - constants only


def find_standing(*, source: str, external_id: str) -> RecordStanding | None:
    """Where a system's record stands; None when it was never registered. One statement."""
    rows = _ask("WHERE r.source = %s AND r.external_id = %s", [source, external_id])
    return rows[0] if rows else None


def list_standings(
    *, record_ids: Iterable[SourceRecordId] = (), person_ids: Iterable[PersonId] = ()
) -> list[RecordStanding]:
    """Of these records, and of those that are linked to these persons. One statement for each."""
    # Two look-ups by index; as one condition with OR it would read every record.
    records, persons = list(record_ids), list(person_ids)
    found = _ask("WHERE r.id = ANY(%s)", [records]) if records else []
    if persons:
        found += _ask("WHERE l.person_id = ANY(%s) AND NOT r.id = ANY(%s)", [persons, records])
    return found


def _ask(where: str, values: list[Any]) -> list[RecordStanding]:
    with connection.cursor() as cursor:
        cursor.execute(f"{_STANDING} {where}", values)
        return [
            RecordStanding(
                record_id=SourceRecordId(record_id), person_id=PersonId(person_id),
                current_id=PersonId(current_id), decided=method == Method.MANUAL, sources=frozenset(sources),
            )
            for record_id, person_id, current_id, method, sources in cursor.fetchall()
        ]  # fmt: skip


def confirm_record(*, actor: Actor, record_id: SourceRecordId, reason: str, now: datetime) -> PersonId:
    """A person says that a record's link is right: the machine no longer asks. Returns the linked person."""
    with transaction.atomic():
        link = linking.link_to_decide(actor, record_id)
        if link.method != Method.MANUAL:
            make_manual(link, actor=actor, reason=reason, now=now)
            audit.record(
                actor=actor, action="person.confirm", category="identity", now=now, entity_id=record_id,
                subject_id=PersonId(link.person_id), reason=reason,
            )  # fmt: skip
            tell([link.person_id], now=now)
    return PersonId(link.person_id)


def make_manual(link: Link, *, actor: Actor, reason: str, now: datetime) -> None:
    """The record's own link is a person's decision from now on."""
    linking.close_link(link, actor=actor, now=now)
    linking.open_link(
        actor=actor, record_id=link.record_id, person_id=PersonId(link.person_id), method=Method.MANUAL,
        evidence={"reasons": ["reviewed"]}, weight=0.0, now=now, reason=reason,
    )  # fmt: skip


def tell(person_ids: Iterable[UUID], *, now: datetime) -> None:
    """Those who keep clinical rows by person hear that it changed whom these ids mean."""
    for person_id in dict.fromkeys(person_ids):
        outbox.publish(events.PersonChanged(person_id=person_id), now=now)
