"""The ledger of what patients asked for: no action ends in silence.

An app opens a row in the transaction of the act itself and closes it in the transaction in which the patient
learns how it ended. What is still open at its deadline is told to the patient as not done, and to staff
(``ledger_check``). A later word about the same thing ends what was open about it before, so a handler that
leaves the telling to a later event needs to do nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from notifications.errors import ActionNotMissed
from notifications.models.ledger import ActionState, PatientAction
from notifications.types import MissedAction
from steadwell.actor import Actor, Role
from steadwell.audit import service as audit
from steadwell.errors import Forbidden, Invalid, NotFound
from steadwell.ids import PersonId, SiteId, new_id

REASON_LENGTH = 200
AGAIN = timedelta(minutes=15)  # how long a replayed action has to end


class ActionKind(StrEnum):
    """What a patient may ask for."""

    BOOK = "book"
    CANCEL = "cancel"
    MOVE = "move"
    REQUEST = "request"
    MOVE_REQUEST = "move-request"
    MESSAGE = "message"
    REFILL = "refill"
    FORM = "form"


class Ending(StrEnum):
    """How an action ended. Either way the patient was told in the transaction that says so."""

    DONE = "done"
    NOT_DONE = "told"


Replay = Callable[[UUID, int, datetime], None]
_replays: dict[str, Replay] = {}

# What was tried again keeps its row; the same act twice, or by two, is one row.
_OPEN = """
INSERT INTO notifications_patientaction
    (id, kind, about, sequence, person_id, site_id, state, opened_at, deadline, cause, replays, reason)
VALUES (%(id)s, %(kind)s, %(about)s, %(sequence)s, %(person)s, %(site)s, 'open', %(now)s, %(deadline)s, '', 0,
        '')
ON CONFLICT (about, sequence, kind) DO NOTHING
"""
# Also what the check gave up before: a late end is an end, and the patient has now heard of it.
_CLOSE = """
UPDATE notifications_patientaction SET state = %(state)s, closed_at = %(now)s, cause = %(cause)s
WHERE about = %(about)s AND sequence <= %(up_to)s AND kind = ANY(%(kinds)s)
  AND state IN ('open', 'told', 'failed')
"""


def open_action(
    *,
    kind: ActionKind,
    about: UUID,
    person_id: PersonId,
    deadline: datetime,
    now: datetime,
    sequence: int = 0,
    site_id: SiteId | None = None,
) -> None:
    """Note, in the transaction of the act itself, that a patient is owed the end of it by ``deadline``.

    ``about`` is the thing acted upon (a visit, a refill request, a conversation) and ``sequence`` what
    happened to it how many-eth (its version); the three together are one action, and repeating it changes
    nothing. ``site_id``: the clinic whose staff deal with it when it does not end. One statement. Close it
    with ``close_actions`` in the transaction in which you tell the patient (``tell``) how it ended.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("open_action() belongs into the transaction of the act.")
    values: dict[str, Any] = {
        "id": new_id(), "kind": ActionKind(kind).value, "about": about, "sequence": sequence,
        "person": person_id, "site": site_id, "now": now, "deadline": deadline,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, values)


def close_actions(
    *,
    about: UUID,
    now: datetime,
    up_to: int = 0,
    kinds: Collection[ActionKind] = frozenset(ActionKind),
    ending: Ending = Ending.DONE,
    cause: str = "",
) -> int:
    """Whatever of these kinds is open about a thing, up to a sequence, has ended: in the transaction in which
    its patient was told, or in which it was done before their eyes. ``cause`` is a code for an ending that is
    NOT_DONE. Answers how many; repeating it changes nothing. One statement.
    """
    values: dict[str, Any] = {
        "about": about, "up_to": up_to, "kinds": [kind.value for kind in kinds], "now": now,
        "state": Ending(ending).value, "cause": cause,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE, values)
        return int(cursor.rowcount)


def register_replay(kinds: Collection[ActionKind], replay: Replay) -> None:
    """How an app tries again what did not end: ``replay(about, sequence, now)`` in the transaction that opens
    the action anew. It publishes; it does not call out.
    """
    for kind in kinds:
        _replays[kind.value] = replay


def list_missed(*, actor: Actor, now: datetime, limit: int = 50) -> list[MissedAction]:
    """What did not happen and nobody has dealt with, latest first; each person's look is audited. Staff see
    their own sites'. Raises Forbidden.
    """
    rows = seen_by(actor).filter(state__in=[ActionState.TOLD, ActionState.FAILED], settled_at=None)
    found = [_missed(row) for row in rows.order_by("-closed_at")[: min(limit, 200)]]
    audit.record_many(
        [
            audit.Entry(
                action="action.view-missed", category="message", subject_id=each.person_id,
                entity_id=each.about,
            )
            for each in found
        ],
        actor=actor,
        now=now,
    )  # fmt: skip
    return found


def replay_action(*, actor: Actor, action_id: UUID, now: datetime) -> None:
    """Try again what did not end. Raises NotFound, and ActionNotMissed when it ended meanwhile or a colleague
    was first.
    """
    with transaction.atomic():
        row = _lock(actor, action_id)
        again = _replays.get(row.kind)
        if again is None:
            raise ActionNotMissed
        _move(row, state=ActionState.OPEN, closed_at=None, deadline=now + AGAIN, replays=row.replays + 1)
        again(row.about, row.sequence, now)
        _record(actor, "action.replay", row, "", now)


def settle_action(*, actor: Actor, action_id: UUID, reason: str, now: datetime) -> None:
    """Staff dealt with it in another way, and say how. Raises Invalid without a reason, NotFound,
    ActionNotMissed.
    """
    said = reason.strip()[:REASON_LENGTH]
    if not said:
        raise Invalid(fields={"reason": "Say how it was settled."})
    with transaction.atomic():
        row = _lock(actor, action_id)
        _move(row, state=ActionState.SETTLED, settled_at=now, settled_by=actor.user_id, reason=said)
        _record(actor, "action.settle", row, said, now)


def replayable() -> frozenset[str]:
    return frozenset(_replays)


def _lock(actor: Actor, action_id: UUID) -> PatientAction:
    row = seen_by(actor).select_for_update().filter(pk=action_id).first()
    if row is None:
        raise NotFound
    return row


def _move(row: PatientAction, **values: object) -> None:
    missed = PatientAction.objects.filter(pk=row.pk, state__in=[ActionState.TOLD, ActionState.FAILED])
    if not missed.update(**values):
        raise ActionNotMissed


def _record(actor: Actor, action: str, row: PatientAction, reason: str, now: datetime) -> None:
    detail: Mapping[str, str] = {"kind": row.kind, "state": row.state}
    audit.record(
        actor=actor, action=action, category="message", now=now, subject_id=PersonId(row.person_id),
        entity_id=row.pk, reason=reason, detail=detail,
    )  # fmt: skip


def seen_by(actor: Actor) -> QuerySet[PatientAction]:
    """Of the sites where the actor works; what belongs to no site is for managers and administrators."""
    if not actor.has(Role.FRONT_DESK, Role.MANAGER, Role.ADMINISTRATOR):
        raise Forbidden
    rows = PatientAction.objects.all()
    if actor.has(Role.ADMINISTRATOR):
        return rows
    theirs = Q(site_id__in=actor.site_ids)
    return rows.filter(theirs | Q(site_id__isnull=True) if actor.has(Role.MANAGER) else theirs)


def _missed(row: PatientAction) -> MissedAction:
    return MissedAction(
        action_id=row.pk,
        kind=row.kind,
        about=row.about,
        person_id=PersonId(row.person_id),
        opened_at=row.opened_at,
        deadline=row.deadline,
        was_told=row.state == ActionState.TOLD,
        cause=row.cause,
        replays=row.replays,
        can_replay=row.kind in _replays,
    )
