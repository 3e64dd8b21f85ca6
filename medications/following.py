"""What medications hears of identity: who somebody is, as far as a list goes by it.

Statements stay with the id they came with, or move with their source record; only the lines, which are made
of them, are settled again for everybody an id meant before and means now.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from medications import charts, lines, recording
from medications.models import Allergy, Chart, Statement
from steadwell import events
from steadwell.identity import service as identity
from steadwell.ids import PersonId, SourceRecordId
from steadwell.outbox import service as outbox


def follow_person(event: events.PersonChanged, ctx: outbox.DeliveryContext) -> None:
    person_changed(PersonId(event.person_id), now=ctx.now)


def person_changed(person_id: PersonId, *, now: datetime) -> None:
    """Within the caller's transaction. The charts of all ids, in their order, then each one's lines anew."""
    ids = charts.ids_of(person_id)
    _move_with_records(ids)
    for each in sorted(ids):
        if each == ids[0] or Chart.objects.filter(pk=each).exists():
            _settle(each, now)


def _settle(person_id: PersonId, now: datetime) -> None:
    """Of an id that means another person now, no line is left: its statements are on that person's list."""
    current = charts.ids_of(person_id)[0]
    chart = charts.take(person_id, now)
    found = recording.look(chart).found if current == person_id else ()
    lines.write(chart, found)


def _move_with_records(ids: tuple[PersonId, ...]) -> None:
    """A record that is somebody else's from now on takes what came with it along; its versions stay."""
    held: set[UUID] = set()
    for model in (Statement, Allergy):
        found = model.objects.filter(person_id__in=ids, record_id__isnull=False)
        held |= {pk for pk in found.values_list("record_id", flat=True) if pk}
    standings = [*identity.list_standings(person_ids=ids)]
    if held:
        standings += identity.list_standings(record_ids=[SourceRecordId(each) for each in sorted(held)])
    for standing in {each.record_id: each for each in standings}.values():
        for model in (Statement, Allergy):
            moved = model.objects.filter(record_id=standing.record_id).exclude(
                person_id__in=charts.ids_of(standing.person_id)
            )
            moved.update(person_id=standing.person_id)
