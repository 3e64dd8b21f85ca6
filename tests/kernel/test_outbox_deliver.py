"""Keeping promises in one process: failures, retries, quarantine, outside calls, due rows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction

from steadwell.actor import Actor, Role
from steadwell.audit.models import AuditEntry
from steadwell.errors import Busy, Invalid, NotFound
from steadwell.events import AppointmentBooked
from steadwell.ids import UserId, new_id
from steadwell.outbox import attempts, deliveries, handover, housekeeping, poller
from steadwell.outbox import service as outbox
from steadwell.outbox.deliveries import deliver
from steadwell.outbox.models import OutboxDelivery, OutboxDue, OutboxEvent, RequestKey

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def only_ours(monkeypatch):
    """Only the consumers of the test hear: the apps' own have tests of their own."""
    from steadwell.outbox import registry

    monkeypatch.setattr(registry, "_subscriptions", {})


@pytest.fixture
def administrator():
    return Actor(user_id=UserId(new_id()), roles=frozenset({Role.ADMINISTRATOR}))


@pytest.fixture(autouse=True)
def at(monkeypatch, now):
    """``at(moment)`` sets the clock that the ledger's own processes read."""
    from steadwell import clock

    def set_clock(moment):
        monkeypatch.setattr(clock, "now", lambda: moment)

    set_clock(now)
    return set_clock


def book(now):
    event = AppointmentBooked(appointment_id=new_id(), person_id=new_id(), version=1)
    with transaction.atomic():
        outbox.publish(event, now=now)
    return event


def run_all(now):
    for ids in handover.claim(now=now).ids.values():
        for delivery_id in ids:
            deliver(delivery_id=delivery_id, now=now)


def raising(error):
    def handler(event, ctx):
        raise error

    return handler


def test_failed_handler_undoes_its_effect_and_runs_again_later(hear, now):
    seen = []

    def handler(event, ctx):
        seen.append(ctx.attempt)
        outbox.schedule(kind="effect", key=str(ctx.attempt), due_at=now, now=now)
        if ctx.attempt == 1:
            raise ValueError("Maria Garcia")

    hear(AppointmentBooked, consumer="a", handler=handler)
    book(now)
    run_all(now)
    failed = OutboxDelivery.objects.get()
    run_all(now)  # not yet: it backs off
    run_all(now + timedelta(minutes=1))

    assert (failed.state, failed.attempts, failed.last_error) == ("waiting", 1, "ValueError")
    assert failed.available_at > now
    assert seen == [1, 2]
    assert list(OutboxDue.objects.values_list("key", flat=True)) == ["2"]
    assert OutboxDelivery.objects.get().state == "done"


def test_retries_move_to_the_retry_queue(hear, now):
    hear(AppointmentBooked, consumer="a", queue="notifications.standard", handler=raising(Busy()))
    hear(AppointmentBooked, consumer="b", queue="labs.critical", handler=raising(Busy()))
    book(now)

    run_all(now)

    queues = dict(OutboxDelivery.objects.values_list("consumer", "queue"))
    assert queues == {"a": "notifications.retry", "b": "labs.critical"}


def test_delivery_is_set_aside_after_the_allowed_attempts(hear, now, at):
    hear(AppointmentBooked, consumer="a", handler=raising(Busy()), attempts=3)
    book(now)

    for day in range(5):
        at(now + timedelta(days=day))
        run_all(now + timedelta(days=day))

    aside = OutboxDelivery.objects.get()
    assert (aside.state, aside.attempts, aside.last_error) == ("quarantined", 3, "busy: Busy")


@pytest.mark.parametrize("error", [outbox.Impossible("address-gone"), NotFound(), Invalid()])
def test_hopeless_failure_is_set_aside_at_once(hear, now, error):
    hear(AppointmentBooked, consumer="a", handler=raising(error))
    book(now)

    run_all(now)

    assert (OutboxDelivery.objects.get().state, OutboxDelivery.objects.get().attempts) == ("quarantined", 1)


def test_one_consumer_that_fails_stops_no_other(hear, now):
    heard = []
    hear(AppointmentBooked, consumer="a", handler=raising(ValueError()))
    hear(AppointmentBooked, consumer="b", handler=lambda e, c: heard.append(e))
    events = [book(now) for _ in range(5)]

    run_all(now)

    assert heard == events


def test_retry_is_as_late_as_its_handler_asks(hear, now):
    hear(AppointmentBooked, consumer="a", handler=raising(outbox.Retry("closed", after=timedelta(hours=2))))
    book(now)

    run_all(now)

    assert OutboxDelivery.objects.get().available_at == now + timedelta(hours=2)


def test_attempt_that_lost_its_lease_has_no_effect(hear, now, settings):
    def slow(event, ctx):
        outbox.schedule(kind="effect", key=str(ctx.attempt), due_at=now, now=now)

    hear(AppointmentBooked, consumer="a", handler=slow)
    book(now)
    taken = FrozenAttempt(now)
    later = now + timedelta(seconds=settings.OUTBOX_RUN_LEASE_SECONDS + 1)
    handover.reclaim(now=later)
    run_all(later)

    taken.run()

    assert list(OutboxDue.objects.values_list("key", flat=True)) == ["2"]


class FrozenAttempt:
    """An attempt that was counted, and then its process froze."""

    def __init__(self, now):
        (self.id,) = next(iter(handover.claim(now=now).ids.values()))
        self._now, self._taken = now, attempts.take(self.id, now)

    def run(self):
        with pytest.raises(attempts.LeaseLost):
            deliveries._run(self._taken, self._now)


class Channel:
    """An outside channel that fails as told, and remembers what it saw."""

    def __init__(self, *failures):
        self.failures, self.uncertain, self.settled, self.connected = list(failures), [], [], []

    def prepare(self, event, ctx):
        self.uncertain.append(ctx.uncertain)
        return "call"

    def call(self, call):
        self.connected.append(connection.connection is not None)
        if self.failures and (failure := self.failures.pop(0)):
            raise failure
        return "sent"

    def settle(self, event, ctx, outcome):
        self.settled.append(outcome)


def test_outside_call_holds_no_connection(hear, now):
    channel = Channel()
    hear(AppointmentBooked, consumer="a", handler=channel)
    book(now)

    run_all(now)

    assert (channel.connected, channel.settled, channel.uncertain) == ([False], ["sent"], [False])
    assert OutboxDelivery.objects.get().state == "done"


def test_outside_call_whose_end_is_not_known_is_told_to_the_next_attempt(hear, now):
    channel = Channel(TimeoutError())
    hear(AppointmentBooked, consumer="a", handler=channel)
    book(now)

    run_all(now)
    run_all(now + timedelta(minutes=1))

    assert (channel.uncertain, channel.settled) == ([False, True], ["sent"])


def test_outside_call_that_surely_did_nothing_is_certain(hear, now):
    channel = Channel(outbox.Retry("refused"))
    hear(AppointmentBooked, consumer="a", handler=channel)
    book(now)

    run_all(now)
    run_all(now + timedelta(minutes=1))

    assert channel.uncertain == [False, False]


def test_outside_call_with_nothing_to_send_is_done(hear, now):
    channel = Channel()
    channel.prepare = lambda event, ctx: None
    hear(AppointmentBooked, consumer="a", handler=channel)
    book(now)

    run_all(now)

    assert (OutboxDelivery.objects.get().state, channel.connected) == ("done", [])


def set_one_aside(hear, now, handler=None):
    hear(AppointmentBooked, consumer="a", handler=handler or raising(outbox.Impossible("gone")))
    book(now)
    run_all(now)
    return OutboxDelivery.objects.get(state="quarantined").pk


def test_replay_runs_again_and_is_audited(hear, now, administrator):
    broken, heard = [True], []

    def handler(event, ctx):
        if broken:
            raise outbox.Impossible("gone")
        heard.append(ctx.attempt)

    aside = set_one_aside(hear, now, handler)
    broken.clear()
    outbox.replay(actor=administrator, delivery_id=aside, now=now)
    run_all(now)

    assert heard == [1]
    entry = AuditEntry.objects.get(action="delivery.replay")
    assert (entry.user_id, entry.detail) == (administrator.user_id, {"delivery": str(aside)})
    with pytest.raises(outbox.NotQuarantined):
        outbox.replay(actor=administrator, delivery_id=aside, now=now)


def test_settle_needs_a_reason_and_runs_nothing(hear, now, administrator):
    aside = set_one_aside(hear, now)

    with pytest.raises(Invalid):
        outbox.settle(actor=administrator, delivery_id=aside, reason=" ", now=now)
    outbox.settle(actor=administrator, delivery_id=aside, reason="told by phone", now=now)

    assert OutboxDelivery.objects.get().state == "done"
    assert AuditEntry.objects.get(action="delivery.settle").reason == "told by phone"


def test_only_an_administrator_replays(hear, now, clerk):
    aside = set_one_aside(hear, now)

    with pytest.raises(NotFound):
        outbox.replay(actor=clerk, delivery_id=aside, now=now)


def promise(now, minutes=0, key="1", **fields):
    outbox.schedule(kind="test.due", key=key, due_at=now + timedelta(minutes=minutes), now=now, **fields)


def test_due_row_runs_once_when_its_time_has_come(when_due, now):
    kept = []
    when_due("test.due", handler=lambda row, ctx: kept.append((row.key, dict(row.payload), ctx.late)))
    promise(now, 10, payload={"visit": "v1"})

    for minutes in (5, 10, 11):
        poller.fire(now=now + timedelta(minutes=minutes))
        run_all(now + timedelta(minutes=minutes))

    assert kept == [("1", {"visit": "v1"}, False)]


def test_poller_that_was_down_for_three_hours_catches_up_once(when_due, now):
    kept = []
    when_due("test.due", handler=lambda row, ctx: kept.append((row.key, ctx.late)))
    promise(now, 10, key="late")
    promise(now, 10, key="useless", expires_at=now + timedelta(hours=1))
    promise(now, 179, key="fresh")
    later = now + timedelta(hours=3)

    for _ in range(3):
        poller.fire(now=later)
        run_all(later)

    assert sorted(kept) == [("fresh", False), ("late", True)]
    assert OutboxDue.objects.get(key="useless").state == "expired"


@pytest.mark.parametrize(("minutes", "state", "runs"), [(69, "fired", 1), (70, "expired", 0)])
def test_work_that_waited_for_a_worker_past_its_use_is_not_done(when_due, now, minutes, state, runs):
    kept = []
    when_due("test.due", handler=lambda row, ctx: kept.append(row.key))
    promise(now, 10, expires_at=now + timedelta(minutes=70))
    poller.fire(now=now + timedelta(minutes=10))

    for _ in range(2):
        run_all(now + timedelta(minutes=minutes))

    assert len(kept) == runs
    assert OutboxDue.objects.get().state == state
    assert OutboxDelivery.objects.get().state == "done"
    assert OutboxDelivery.objects.get().last_error == ("" if runs else "expired")


def test_failing_due_row_stops_no_other(when_due, now):
    kept = []

    def handler(row, ctx):
        if row.key == "3":
            raise ValueError
        kept.append(row.key)

    when_due("test.due", handler=handler)
    for key in "12345":
        promise(now, key=key)

    poller.fire(now=now)
    run_all(now)

    assert sorted(kept) == ["1", "2", "4", "5"]


@pytest.mark.parametrize("fired", [False, True])
def test_cancelled_promise_is_not_kept_even_when_it_was_on_its_way(when_due, now, fired):
    kept, visit = [], new_id()
    when_due("test.due", handler=lambda row, ctx: kept.append(row.key))
    promise(now, about=visit)
    promise(now, key="other", about=new_id())
    if fired:
        poller.fire(now=now)

    assert outbox.cancel_due(kind_prefix="test.", about=visit) == 1
    poller.fire(now=now)
    run_all(now)

    assert kept == ["other"]


def test_promise_that_was_taken_back_may_be_made_again(when_due, now):
    kept, visit = [], new_id()
    when_due("test.due", handler=lambda row, ctx: kept.append(row.key))
    promise(now, about=visit)
    outbox.cancel_due(kind_prefix="test.due", about=visit)

    promise(now, about=visit)
    poller.fire(now=now)
    run_all(now)

    assert kept == ["1"]


def test_kept_promise_is_not_made_again(when_due, now):
    kept = []
    when_due("test.due", handler=lambda row, ctx: kept.append(row.key))
    for _ in range(2):
        promise(now)
        poller.fire(now=now)
        run_all(now)

    assert kept == ["1"]


def test_repeating_work_is_promised_once_per_slot(now, monkeypatch):
    from steadwell.outbox import registry

    monkeypatch.setattr(registry, "_repeating", {})
    runs = []
    outbox.repeat(
        "test.repeat", every=timedelta(minutes=1), queue="default", handler=lambda r, c: runs.append(c)
    )
    try:
        for seconds in (0, 10, 50, 60, 7200):
            moment = now + timedelta(seconds=seconds)
            poller.keep_repeating(now=moment)
            poller.fire(now=moment)
            run_all(moment)
    finally:
        outbox.forget(kind="test.repeat")

    assert len(runs) == 3


def test_housekeeping_deletes_what_ended_long_ago_and_nothing_else(hear, now, clerk):
    hear(AppointmentBooked, consumer="a", handler=lambda e, c: None)
    book(now)
    run_all(now)
    book(now)  # never delivered
    outbox.claim_request(actor=clerk, key="k", operation="o", body={}, result_id=new_id(), now=now)
    recent = now + timedelta(days=40)
    book(recent)
    run_all_but_the_second = OutboxDelivery.objects.filter(created_at=recent)
    run_all_but_the_second.update(state="done", settled_at=recent)

    housekeeping.prune(now=now + housekeeping.KEPT + timedelta(days=1))

    assert (OutboxDelivery.objects.count(), OutboxEvent.objects.count(), RequestKey.objects.count()) == (
        2,
        2,
        0,
    )


def test_lost_hand_over_waits_again_but_not_while_its_queue_holds_messages(hear, now, settings):
    hear(AppointmentBooked, consumer="a", handler=lambda e, c: None)
    book(now)
    handover.claim(now=now)
    lease = timedelta(seconds=settings.OUTBOX_LEASE_SECONDS + 1)

    assert handover.reclaim(now=now) == {}
    assert handover.reclaim(now=now + lease, busy=["default"]) == {"handed": 1}
    assert handover.reclaim(now=now + 2 * lease, busy=[]) == {"waiting": 1}


def test_claim_keeps_each_queue_within_its_cap(hear, now, settings):
    settings.OUTBOX_QUEUE_CAP = 3
    hear(AppointmentBooked, consumer="a", handler=lambda e, c: None)
    for _ in range(5):
        book(now)

    first, second = handover.claim(now=now), handover.claim(now=now)

    assert (len(first.ids["default"]), second.ids, second.full) == (3, {}, True)
