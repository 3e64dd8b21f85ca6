"""How each call ended, written down: the message, its attempts, the promise and the provider's health."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from notifications import bounces, fallback, metrics
from notifications.carrying import choosing, health
from notifications.carrying.calls import GRACE_SECONDS, Call, Ended, Outcome
from notifications.carrying.rows import Moved, Row, Settling, Step, note, settle
from notifications.models import Attempt, MessageState, PushSubscription
from notifications.types import Receipt
from steadwell import clock
from steadwell.observability import service as observability
from steadwell.outbox import service as outbox

log = observability.get_logger(__name__)

ATTEMPTS: Final = 8  # calls for one message; what a breaker or a full second holds back is none
GRACE: Final = timedelta(seconds=GRACE_SECONDS)
UNCERTAIN: Final = "uncertain"  # the cause of what may be out, and nobody knows
# So long a provider is asked about a message before staff are told that nobody knows.
DOUBT_ENDS: Final[Mapping[str, timedelta]] = {
    "urgent": timedelta(hours=1), "standard": timedelta(hours=24), "bulk": timedelta(hours=24),
}  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Batch:
    """What is going on: the rows by message, the attempt's number by delivery, the promises."""

    rows: Mapping[int, Row]
    attempts: Mapping[int, int]
    promises: outbox.Promises


@dataclass(slots=True)
class _Ledger:
    """What a batch writes when it settles."""

    done: list[int] = field(default_factory=list)
    later: dict[int, outbox.Later] = field(default_factory=dict)
    settling: dict[int, Settling] = field(default_factory=dict)
    steps: dict[int, Step] = field(default_factory=dict)
    gone: list[UUID] = field(default_factory=list)


def settle_outcome(batch: Batch, outcome: Outcome) -> None:
    """All that is known when the batch stops waiting."""
    now, ledger = clock.now(), _Ledger()
    for ended in outcome.ended:
        _end(batch, ended, ledger, now)
    for call in outcome.not_begun:
        spread = choosing.back_off(1, batch.rows[call.delivery_id].urgency, others=True)
        _again(batch, call, ledger, outbox.Later(after=spread, cause="no-room", counted=False))
    _write(batch, ledger, now)
    _note_health(outcome.ended, outcome.under_way, now)


def settle_late(batch: Batch, ended: Ended) -> None:
    """One that ended after its batch."""
    now, ledger = clock.now(), _Ledger()
    _end(batch, ended, ledger, now)
    _write(batch, ledger, now)
    _note_health([ended], (), now)


def _end(batch: Batch, ended: Ended, ledger: _Ledger, now: datetime) -> None:
    call, row = ended.call, batch.rows[ended.call.delivery_id]
    number = batch.attempts[call.delivery_id]
    if call.asks:
        _answered(batch, ended, ledger, now)
    elif ended.receipt is not None:
        _decided(ended, row, number, ledger)
    elif number >= ATTEMPTS and not (ended.unsure and call.account.finds):
        step = Attempt.Step.UNSURE if ended.unsure else Attempt.Step.UNREACHED
        _note_step(call, row, number, step, ended.cause, ledger)
        refused = Receipt(accepted=False, provider=call.account.code, cause=ended.cause)
        _finish(call, row, refused, ledger)
    elif ended.unsure:
        _doubt(ended, row, number, ledger, now)
    else:
        _note_step(call, row, number, Attempt.Step.UNREACHED, ended.cause, ledger)
        others = choosing.has_others(call.account, now=now)
        after = choosing.back_off(number, row.urgency, others=others, asked=ended.after)
        _again(batch, call, ledger, outbox.Later(after=after, cause=ended.cause))


def _decided(ended: Ended, row: Row, number: int, ledger: _Ledger) -> None:
    receipt = ended.receipt
    assert receipt is not None  # noqa: S101 - the caller asked
    step = Attempt.Step.ACCEPTED if receipt.accepted else Attempt.Step.REFUSED
    _note_step(ended.call, row, number, step, receipt.cause, ledger)
    ledger.gone += receipt.gone
    _finish(ended.call, row, receipt, ledger)


def _finish(call: Call, row: Row, receipt: Receipt, ledger: _Ledger) -> None:
    state = MessageState.FAILED
    if receipt.accepted:
        state = MessageState.DELIVERED if receipt.delivered else MessageState.ACCEPTED
    ledger.done.append(call.delivery_id)
    ledger.settling[call.delivery_id] = Settling(
        id=row.id, state=state, provider=call.account.code, cause=receipt.cause, reference=receipt.reference
    )


def _doubt(ended: Ended, row: Row, number: int, ledger: _Ledger, now: datetime) -> None:
    """It may be out. With keys it is said again under the same one, else the provider is asked first."""
    call = ended.call
    _note_step(call, row, number, Attempt.Step.UNSURE, ended.cause, ledger)
    if call.account.honours_keys or call.account.finds:
        ledger.settling[call.delivery_id] = Settling(
            id=row.id, state=MessageState.UNCERTAIN, provider=call.account.code, cause=ended.cause
        )
    after = choosing.back_off(number, row.urgency, others=False)
    counted = not call.account.finds
    ledger.later[call.delivery_id] = outbox.Later(
        after=after, cause=ended.cause, unsure=True, counted=counted
    )


def _answered(batch: Batch, ended: Ended, ledger: _Ledger, now: datetime) -> None:
    """The provider was asked what became of a message."""
    call, row = ended.call, batch.rows[ended.call.delivery_id]
    number, since = batch.attempts[call.delivery_id], row.handed_at or now
    if ended.receipt is not None:
        _note_step(call, row, number, Attempt.Step.ASKED, "taken", ledger)
        _finish(call, row, ended.receipt, ledger)
    elif ended.unknown and now - since >= GRACE:
        _note_step(call, row, number, Attempt.Step.ASKED, "not-taken", ledger)
        _again(batch, call, ledger, outbox.Later(after=timedelta(0), cause="not-taken", counted=False))
    elif not ended.unknown and now - since >= DOUBT_ENDS[row.urgency]:
        _note_step(call, row, number, Attempt.Step.ASKED, "no-answer", ledger)
        unknown = Receipt(accepted=False, provider=call.account.code, cause=UNCERTAIN)
        _finish(call, row, unknown, ledger)
    else:
        after = GRACE if ended.unknown else choosing.back_off(2, row.urgency, others=False)
        ledger.later[call.delivery_id] = outbox.Later(
            after=after, cause=ended.cause or "asked", counted=False, unsure=True
        )


def _again(batch: Batch, call: Call, ledger: _Ledger, later: outbox.Later) -> None:
    """Nothing went out: it is due as before, for any provider."""
    row = batch.rows[call.delivery_id]
    ledger.settling[call.delivery_id] = Settling(id=row.id, state=MessageState.DUE, provider="")
    ledger.later[call.delivery_id] = later


def _note_step(call: Call, row: Row, number: int, step: Attempt.Step, cause: str, ledger: _Ledger) -> None:
    ledger.steps[call.delivery_id] = Step(
        id=row.id, number=number, step=step, provider=call.account.code, cause=cause
    )


def _write(batch: Batch, ledger: _Ledger, now: datetime) -> None:
    """One transaction. Of a promise that is another worker's by now nothing is written."""
    with transaction.atomic():
        ours = batch.promises.done(ledger.done, now=now) | batch.promises.later(ledger.later, now=now)
        moved = settle([each for id_, each in ledger.settling.items() if id_ in ours], now=now)
        note([each for id_, each in ledger.steps.items() if id_ in ours], now=now)
        if ledger.gone:
            PushSubscription.objects.filter(pk__in=ledger.gone, ended_at__isnull=True).update(
                ended_at=now, cause="gone"
            )
        after_failures(moved, now=now)
    count(moved, now)


def after_failures(moved: Collection[Moved], *, now: datetime) -> None:
    """What failed for good goes another way, where its importance asks for it."""
    failed = [each.id for each in moved if each.state == MessageState.FAILED]
    if failed:
        bounces.note(failed, now=now)
        fallback.after_failure(failed, now=now)


def count(moved: Collection[Moved], now: datetime) -> None:
    for each in moved:
        if each.state in {MessageState.DUE, MessageState.UNCERTAIN}:
            continue
        metrics.ended.inc(template=each.template, outcome=each.state)
        if each.state in {MessageState.ACCEPTED, MessageState.DELIVERED}:
            seconds = max(0.0, (now - each.told_at).total_seconds())
            metrics.latency.observe(seconds, template=each.template)


def _note_health(ended: Sequence[Ended], under_way: Sequence[Call], now: datetime) -> None:
    seen: dict[str, health.Seen] = {}
    answering: set[str] = set()
    for each in ended:
        mine = seen.setdefault(each.call.account.code, health.Seen())
        answered = each.receipt is not None or each.unknown
        mine.passed += answered and not each.call.asks
        mine.failed += not answered
        mine.slow += answered and each.seconds > health.SLOW_SECONDS
        mine.milliseconds += int(each.seconds * 1000)
        if answered and each.call.probes:
            answering.add(each.call.account.code)
    for call in under_way:
        seen.setdefault(call.account.code, health.Seen()).slow += 1
    health.note(seen, now=now)
    health.close(answering, now=now)
