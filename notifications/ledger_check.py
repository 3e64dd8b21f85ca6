"""The check that no patient action is neither done nor told. It runs every minute and writes what it found.

What is past its deadline is told to its patient as not done, and closed as told, in one transaction each. One
that cannot be told is marked as failed: staff see it, and the public count is not nought until they have
dealt with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import DatabaseError, OperationalError, connection, transaction

from notifications import metrics, routing, telling
from notifications.errors import ReachedNowhere
from notifications.models import Channel, Message, MessageState
from notifications.models.ledger import ActionState, LedgerCheck, PatientAction
from notifications.readers import NOT_CHOSEN
from notifications.types import LedgerStanding
from steadwell.accounts import service as accounts
from steadwell.errors import Refusal
from steadwell.ids import PersonId
from steadwell.observability import service as observability
from steadwell.outbox import service as outbox

log = observability.get_logger(__name__)

KIND = "notifications.ledger-check"
EVERY = timedelta(minutes=1)
BATCH = 200
KEPT = timedelta(days=7)
TEMPLATE = "action.not-done"
NO_ANSWER = "no-end"
# How long the check may be silent before the public page says that it does not run.
STALE = timedelta(minutes=5)

_COUNT = """
SELECT (SELECT count(*) FROM notifications_patientaction WHERE state = 'open' AND deadline > %(now)s),
    count(*), min(deadline)
FROM (
    SELECT deadline FROM notifications_patientaction WHERE state = 'open' AND deadline <= %(now)s
    UNION ALL
    SELECT deadline FROM notifications_patientaction WHERE state = 'failed'
) silent
"""


def run(row: outbox.DueRow, ctx: outbox.DeliveryContext) -> None:
    check(now=ctx.now)


def check(*, now: datetime) -> LedgerStanding:
    """Tell what is late, count what is left, keep the result for the status page."""
    with transaction.atomic():
        told = sum(_give_up(action, now=now) for action in _late(now))
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"now": now})
        under_way, silent, oldest_at = cursor.fetchone()
    LedgerCheck.objects.update_or_create(
        at=now,
        defaults={"under_way": under_way, "told": told, "silent": silent, "oldest_at": oldest_at},
    )
    LedgerCheck.objects.filter(at__lt=now - KEPT).delete()
    if silent:
        log.error("ledger.silent", rows=silent)
    return LedgerStanding(checked_at=now, under_way=under_way, told=told, silent=silent, is_stale=False)


def standing(*, now: datetime) -> LedgerStanding | None:
    """What the last check found; None before the first. Nothing in it is about anybody."""
    row = LedgerCheck.objects.order_by("-at").first()
    if row is None:
        return None
    return LedgerStanding(
        checked_at=row.at,
        under_way=row.under_way,
        told=row.told,
        silent=row.silent,
        is_stale=now - row.at > STALE,
    )


def figures() -> Mapping[str, float]:
    """For whoever scrapes."""
    found = LedgerCheck.objects.order_by("-at").values_list("under_way", "silent").first()
    return {"under-way": found[0], "silent": found[1]} if found else {}


def _late(now: datetime) -> list[PatientAction]:
    """Locked, so that an action that ends at this moment is either ended or told, and not both."""
    late = PatientAction.objects.select_for_update(skip_locked=True).filter(
        state=ActionState.OPEN, deadline__lte=now
    )
    return list(late.order_by("deadline")[:BATCH])


def _give_up(action: PatientAction, *, now: datetime) -> int:
    """1 when the patient was told. What goes wrong with one does not keep the others from being told."""
    state, cause = ActionState.TOLD, NO_ANSWER
    try:
        with transaction.atomic():
            _tell(action, now=now)
    except OperationalError as error:  # somebody was in the way: still open it is counted, and told next time
        log.warning("ledger.later", error=type(error).__name__)
        return 0
    except (Refusal, DatabaseError) as error:
        state, cause = ActionState.FAILED, f"untold-{getattr(error, 'code', 'fault')}"[:60]
        log.error("ledger.untold", error=type(error).__name__)
    PatientAction.objects.filter(pk=action.pk).update(state=state, cause=cause, closed_at=now)
    metrics.missed_actions.inc(kind=action.kind, outcome=state)
    return int(state == ActionState.TOLD)


def _tell(action: PatientAction, *, now: datetime) -> None:
    person_id, key = PersonId(action.person_id), f"action:{action.pk}:{action.replays}"
    contact = accounts.contact_of(person_id)
    telling.tell(
        person_id=person_id,
        template=TEMPLATE,
        params={
            "starts_at": action.opened_at.isoformat(),
            "zone": routing.zone_of(
                contact.time_zone if contact else NOT_CHOSEN, place_zone="", site_id=action.site_id, now=now
            ),
            "path": "/",
        },
        key=key,
        about=None,
        site_id=None,
        urgency="urgent",
        now=now,
    )
    # A patient without an account reads no notice: where no mail goes either, nothing was said.
    mails = Message.objects.filter(key=key).exclude(channel=Channel.IN_APP)
    nowhere = mails.filter(reader_id__isnull=True, state=MessageState.FAILED)
    if nowhere.exists() and not mails.exclude(state=MessageState.FAILED).exists():
        raise ReachedNowhere
