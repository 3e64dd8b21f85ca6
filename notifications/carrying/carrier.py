"""Carrying a batch of messages: claim, choose, say in words, hand over, call with no connection held, settle.

In the demonstration the mailbox is a table of ours, written in the transaction that keeps the promise:
exactly once. So is the list of calls that staff make.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction

from notifications import addresses, contact_points, declining, deferring, fallback, quiet, routing
from notifications.campaigns import rechecking
from notifications.carrying import calls, choosing, inside, letters, settling
from notifications.carrying.accounts import CALL_LIST, DEMO, all_accounts
from notifications.carrying.calls import Call, Ended
from notifications.carrying.plan import Plan
from notifications.carrying.rows import Handing, Row, Step, claim, hand, note, settle
from notifications.models import Attempt, Channel, MessageState
from notifications.status import MAY_BE_OUT
from notifications.types import Urgency
from steadwell import clock
from steadwell.events import MessageDue
from steadwell.observability import service as observability
from steadwell.outbox import service as outbox

log = observability.get_logger(__name__)

# Deliveries of a message whose worker dies are repeated; one that kills its workers is set aside after this.
DELIVERIES = 20
# So long a message waits for any provider before staff are told that it did not go.
GIVE_UP: Final[Mapping[str, timedelta]] = {
    Urgency.URGENT: timedelta(hours=1), Urgency.STANDARD: timedelta(hours=24),
    Urgency.BULK: timedelta(hours=72),
}  # fmt: skip
# Seconds; what is urgent comes back by itself, spread.
RESTS: Final[Mapping[str, float]] = {Urgency.URGENT: 0.0, Urgency.STANDARD: 0.5, Urgency.BULK: 1.0}
HELD: Final = timedelta(minutes=2)  # how soon a message asks again whether its campaign goes on
QUIET: Final = "quiet-hours"
_OWN_TIME = frozenset({rechecking.PAUSED, QUIET})  # causes to wait that are no provider's
_ON_ITS_WAY = frozenset({MessageState.DUE, MessageState.CLAIMED, MessageState.HANDED, MessageState.UNCERTAIN})


def carry(heard: Sequence[outbox.Heard[MessageDue]], promises: outbox.Promises) -> None:
    """Bring several messages of one lane on their way."""
    now, plan = heard[0].ctx.now, Plan()
    by_message = {each.event.message_id: each.ctx for each in heard}
    rows = {by_message[row.id].delivery_id: row for row in claim(by_message.keys(), now=now)}
    attempts = {each.ctx.delivery_id: each.ctx.attempt for each in heard}
    # Promised twice, or not there (any more): nothing to do.
    plan.done = set(attempts) - set(rows)
    open_rows = {
        delivery_id: row for delivery_id, row in rows.items() if _is_open(delivery_id, row, plan, now)
    }
    _choose(_recheck(open_rows, plan, now), attempts, plan, now)
    handed = _hand_over(promises, rows, attempts, plan, now)
    if not handed:
        _rest(plan, rows)
        return
    connection.close()  # back to the pool: nothing holds a connection while the outside takes its time
    batch = settling.Batch(rows=rows, attempts=attempts, promises=promises)

    def late(ended: Ended) -> None:
        try:
            settling.settle_late(batch, ended)
        except Exception as error:  # noqa: BLE001 - nobody hears it here; the lease of the promise runs out
            log.error("message.not_settled", error=type(error).__name__)
        finally:
            connection.close()  # a thread of a pool: it may not be needed again for long

    about = {"count": len(handed)}
    with observability.span("notifications.call", attributes=about, kind=observability.SpanKind.CLIENT):
        outcome = calls.run(handed, late=late)
    settling.settle_outcome(batch, outcome)


def _rest(plan: Plan, rows: Mapping[int, Row]) -> None:
    """Nobody had room for any of them. Without a pause a worker would carry its whole lane in circles."""
    waiting = [id_ for id_, later in plan.later.items() if later.cause not in _OWN_TIME]
    if waiting and len(waiting) == len(rows):
        pause = max(RESTS[rows[id_].urgency] for id_ in waiting)
        if pause:
            connection.close()
            time.sleep(pause)


def _is_open(delivery_id: int, row: Row, plan: Plan, now: datetime) -> bool:
    """Whether it may go now; else the plan says what becomes of it."""
    if row.state not in _ON_ITS_WAY:
        plan.done.add(delivery_id)  # superseded meanwhile, or settled by an attempt that lost its lease
        return False
    if row.state in MAY_BE_OUT:
        return True  # it may be out already: what happened is found out whatever the hour
    if row.expires_at is not None and now >= row.expires_at:
        plan.end(delivery_id, row, MessageState.EXPIRED, "too-late")
        return False
    if row.not_before is not None and now < row.not_before:
        plan.later[delivery_id] = outbox.Later(after=row.not_before - now, cause="not-before", counted=False)
        return False
    return True


def _recheck(rows: Mapping[int, Row], plan: Plan, now: datetime) -> dict[int, Row]:
    """Those that may go also by what their campaign says now, and by what their reader chose while they
    waited; what may be out already is found out anyway.
    """
    asked = [row for row in rows.values() if row.state not in MAY_BE_OUT]
    verdict = rechecking.look(asked, now=now)
    waited = (each for each in asked if each.not_before is not None and each.id not in verdict.ended)
    declined = declining.declined(waited)
    plan.by_mail = {message_id for message_id, wanted in declined.items() if wanted.email}
    verdict.ended.update(dict.fromkeys(declined, declining.DECLINED))
    going = {}
    for delivery_id, row in rows.items():
        if row.id in verdict.ended:
            plan.end(delivery_id, row, MessageState.SUPERSEDED, verdict.ended[row.id])
        elif row.id in verdict.held:
            plan.wait(delivery_id, row, outbox.Later(after=HELD, cause=rechecking.PAUSED, counted=False))
        else:
            going[delivery_id] = row
    return going


def _choose(rows: Mapping[int, Row], attempts: Mapping[int, int], plan: Plan, now: datetime) -> None:
    where = addresses.resolve(
        [
            addresses.Wanted(
                message_id=row.id,
                channel=row.channel,
                person_id=row.person_id,
                reader_id=row.reader_id,
                is_code=row.template == contact_points.CODE,
                about=row.about,
                key=row.key,
            )
            for row in rows.values()
        ],
        now=now,
    )
    going = {}
    for delivery_id, row in rows.items():
        account = all_accounts().get(row.provider)
        if row.state in MAY_BE_OUT and (account is None or not (row.id in where or account.finds)):
            # Nobody to ask any more; or it could only be said again, to one who may not hear it any more.
            plan.end(delivery_id, row, MessageState.FAILED, settling.UNCERTAIN)
        elif row.state not in MAY_BE_OUT and row.id in where and (rest := _rest_of(row, where[row.id], now)):
            plan.wait(delivery_id, row, outbox.Later(after=rest, cause=QUIET, counted=False))
        elif row.id in where or row.state in MAY_BE_OUT:
            going[delivery_id] = row
        else:
            plan.end(delivery_id, row, MessageState.FAILED, "no-address")
    wishes = [_wish(row) for row in going.values()]
    chosen = choosing.choose(wishes, now=clock.now())
    for delivery_id, row in going.items():
        if row.id in chosen.later:
            _wait(delivery_id, row, chosen.later[row.id], plan, now)
            continue
        account = chosen.accounts[row.id]
        reached = where.get(row.id, addresses.Where(text=row.address))
        # The same key to another address is another message: then too it is asked for first.
        may_repeat = account.honours_keys and row.id in where and reached.text == row.address
        asks = row.state in MAY_BE_OUT and account.finds and not may_repeat
        try:
            letter = letters.write(row, account, reached, attempts[delivery_id], asks=asks)
        except Exception as error:  # noqa: BLE001 - one that cannot be said must not stop the others
            log.error("message.not_written", error=type(error).__name__, template=row.template)
            plan.end(delivery_id, row, MessageState.FAILED, "not-written")
            continue
        plan.calls[delivery_id] = Call(
            delivery_id=delivery_id, account=account, letter=letter, asks=asks,
            probes=account.code in chosen.probing,
        )  # fmt: skip


def _rest_of(row: Row, where: addresses.Where, now: datetime) -> timedelta | None:
    """How long its reader's clock wants it to wait: it may have been day when it was told, or elsewhere."""
    came_at_its_hour = row.channel == Channel.EMAIL and (row.not_before or row.template == deferring.TEMPLATE)
    if row.urgency == Urgency.URGENT or where.hours is None or came_at_its_hour:
        return None
    place_zone = row.params.get("zone", "")
    zone = routing.zone_of(where.zone, place_zone=place_zone, site_id=row.site_id, now=now)
    at = quiet.next_loud(now, zone=zone, hours=where.hours)
    return at - now if at > now and (row.expires_at is None or at < row.expires_at) else None


def _wish(row: Row) -> choosing.Wish:
    account = all_accounts().get(row.provider) if row.state in MAY_BE_OUT else None
    bound = account is not None and (account.honours_keys or account.finds)
    return choosing.Wish(
        message_id=row.id, channel=row.channel, lane=row.urgency, bound_to=row.provider if bound else ""
    )


def _wait(delivery_id: int, row: Row, later: outbox.Later, plan: Plan, now: datetime) -> None:
    """For a provider or for room; not for ever, and what is in doubt stays so."""
    if row.state in MAY_BE_OUT:
        # Its provider is left alone or switched off: nobody is asked, and that has an end as well.
        if now - (row.handed_at or now) >= settling.DOUBT_ENDS[row.urgency]:
            plan.end(delivery_id, row, MessageState.FAILED, settling.UNCERTAIN)
            return
        plan.later[delivery_id] = outbox.Later(
            after=later.after, cause=later.cause, counted=False, unsure=True
        )
        return
    since = max(row.told_at, row.not_before or row.told_at)
    if later.cause == choosing.NO_PROVIDER and now - since >= GIVE_UP[row.urgency]:
        plan.end(delivery_id, row, MessageState.FAILED, choosing.NO_PROVIDER)
        return
    plan.wait(delivery_id, row, later)


def _hand_over(
    promises: outbox.Promises,
    rows: Mapping[int, Row],
    attempts: Mapping[int, int],
    plan: Plan,
    now: datetime,
) -> list[Call]:
    """One transaction: what has ended ends, what waits waits, what goes is handed over. Answers what goes."""
    with transaction.atomic():
        going = promises.calling(plan.calls)
        handing = [
            Handing(
                id=rows[id_].id, provider=call.account.code, address=call.letter.address,
                language=call.letter.language,
                uncertain=rows[id_].state in MAY_BE_OUT and not call.account.honours_keys,
            )
            for id_, call in plan.calls.items()
            if id_ in going and not call.asks
        ]  # fmt: skip
        may = hand(handing, now=now)
        going = {id_ for id_ in going if plan.calls[id_].asks or rows[id_].id in may}
        within = [plan.calls[id_] for id_ in going if plan.calls[id_].account.kind in {DEMO, CALL_LIST}]
        inside.keep(within, rows, attempts, plan, now)
        superseded = set(plan.calls) & set(promises.ids) - going
        ours = promises.done(plan.done | superseded, now=now) | promises.later(plan.later, now=now)
        moved = settle([each for id_, each in plan.ends.items() if id_ in ours], now=now)
        note(_began(going, rows, attempts, plan) + list(plan.steps.values()), now=now)
        settling.after_failures(moved, now=now)
        fallback.go_by_mail([each.id for each in moved if each.id in plan.by_mail], now=now)
    settling.count(moved, clock.now())
    return [call for id_, call in plan.calls.items() if id_ in going and call not in within]


def _began(going: set[int], rows: Mapping[int, Row], attempts: Mapping[int, int], plan: Plan) -> list[Step]:
    return [
        Step(
            id=rows[id_].id, number=attempts[id_], step=Attempt.Step.BEGAN,
            provider=plan.calls[id_].account.code, uncertain=rows[id_].state in MAY_BE_OUT,
        )
        for id_ in plan.calls
        if id_ in going and not plan.calls[id_].asks
    ]  # fmt: skip
