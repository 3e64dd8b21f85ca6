"""The lock of a patient's medicines: every write takes it first, so that what is recorded has one order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from medications.models import Chart
from steadwell.actor import Actor
from steadwell.identity import service as identity
from steadwell.ids import PersonId
from steadwell.transactions import LostRace

# One statement: there from now on, locked until the transaction ends, and one revision further.
_TAKE = """
INSERT INTO medications_chart AS c (person_id, revision, recorded_at) VALUES (%(id)s, 1, %(now)s)
ON CONFLICT (person_id) DO UPDATE SET revision = c.revision + 1,
    recorded_at = greatest(%(now)s, c.recorded_at + interval '1 microsecond')
RETURNING revision, recorded_at
"""
TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A patient's chart, held. ``person_id`` is whom the id means now, ``ids`` all that mean them;
    ``recorded_at`` is the recorded time of what this transaction writes: later than all before.
    """

    person_id: PersonId
    ids: tuple[PersonId, ...]
    revision: int
    recorded_at: datetime


def ids_of(person_id: PersonId) -> tuple[PersonId, ...]:
    """Every id of a patient, the current one first; of an id we do not know, itself."""
    return identity.person_ids_of(person_id) or (person_id,)


def lock(person_id: PersonId, now: datetime) -> Locked:
    """Three statements. Who somebody is, is asked again under the lock."""
    current = ids_of(person_id)[0]
    locked = take(current, now)
    if locked.ids[0] != current:
        raise LostRace
    return locked


def take(person_id: PersonId, now: datetime) -> Locked:
    """The chart of just this id, whomever it means. Two statements."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"id": person_id, "now": now})
        revision, recorded_at = cursor.fetchone()
    return Locked(person_id=person_id, ids=ids_of(person_id), revision=revision, recorded_at=recorded_at)


def revision_of(person_id: PersonId) -> int:
    return Chart.objects.filter(pk=person_id).values_list("revision", flat=True).first() or 0


def stamp(actor: Actor, at: datetime, *, subject_id: PersonId, source: str, reason: str) -> dict[str, Any]:
    """The columns of history that say who, why and when."""
    return {
        "recorded_at": at, "recorded_by": actor.user_id, "reason": reason[:500], "source": source[:100],
        "recorded_role": ",".join(sorted(actor.acting_roles(subject_id=subject_id)))[:64],
    }  # fmt: skip
