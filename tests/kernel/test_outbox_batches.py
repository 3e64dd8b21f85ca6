"""Several deliveries of one consumer in one transaction: all or, where one fails, each by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from steadwell import clock
from steadwell.events import AppointmentBooked, AppointmentRequested
from steadwell.ids import new_id
from steadwell.outbox import attempts, batches, deliveries, handover, poller, registry
from steadwell.outbox import service as outbox
from steadwell.outbox.models import OutboxDelivery, OutboxDue, OutboxEvent
from steadwell.outbox.tasks import deliver

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def only_ours(monkeypatch, now):
    """Only the consumers of the test hear, at the test's moment."""
    monkeypatch.setattr(registry, "_subscriptions", {})
    monkeypatch.setattr(registry, "_due_kinds", {})
    monkeypatch.setattr(clock, "now", lambda: now)


@pytest.fixture
def heard():
    """What the batch consumer was given, call by call; ids in ``spoiled`` make it raise."""
    return Heard()


class Heard:
    def __init__(self) -> None:
        self.calls: list[list[tuple]] = []
        self.spoiled: set = set()

    def __call__(self, batch):
        self.calls.append([(each.event.appointment_id, each.ctx.attempt) for each in batch])
        for each in batch:
            outbox.schedule(kind="effect", key=str(each.event.appointment_id), due_at=NEVER, now=each.ctx.now)
        if any(each.event.appointment_id in self.spoiled for each in batch):
            raise ValueError("Maria Garcia")


NEVER = clock.now() + timedelta(days=3650)


def book(count, now, event_type=AppointmentBooked):
    ids = [new_id() for _ in range(count)]
    for each in ids:
        with transaction.atomic():
            outbox.publish(event_type(appointment_id=each, person_id=new_id(), version=1), now=now)
    return ids


def run_all(now):
    """As relay and workers do."""
    for message in handover.messages(handover.claim(now=now)):
        deliver(delivery_ids=message.ids, together=message.together)


def effects():
    return {row.key for row in OutboxDue.objects.filter(kind="effect")}


def states(**which):
    return list(OutboxDelivery.objects.filter(**which).order_by("id").values_list("state", "attempts"))


def test_batch_consumer_gets_all_at_once_in_the_order_told(heard, now):
    outbox.subscribe_batch(AppointmentBooked, consumer="b", queue="default", handler=heard)
    ids = book(5, now)

    run_all(now)

    assert heard.calls == [[(each, 1) for each in ids]]
    assert states() == [("done", 1)] * 5
    assert effects() == {str(each) for each in ids}


def test_batch_costs_no_more_statements_than_one(now):
    outbox.subscribe_batch(AppointmentBooked, consumer="b", queue="default", handler=lambda batch: None)

    def statements(count):
        book(count, now)
        (message,) = handover.messages(handover.claim(now=now))
        with CaptureQueriesContext(connection) as asked:
            deliver(delivery_ids=message.ids, together=message.together)
        return len(asked)

    assert statements(2) == statements(40) == 4  # take, begin, mark, commit


def test_one_that_fails_spoils_no_other(heard, now):
    outbox.subscribe_batch(AppointmentBooked, consumer="b", queue="default", handler=heard)
    ids = book(4, now)
    heard.spoiled = {ids[2]}

    run_all(now)

    assert [len(call) for call in heard.calls] == [4, 1, 1, 1, 1]
    assert states() == [("done", 1), ("done", 1), ("waiting", 1), ("done", 1)]
    assert effects() == {str(ids[0]), str(ids[1]), str(ids[3])}


def test_what_failed_once_runs_alone_from_then_on(heard, now):
    outbox.subscribe_batch(AppointmentBooked, consumer="b", queue="default", handler=heard)
    (spoiled,) = heard.spoiled = set(book(1, now))
    run_all(now)
    later = now + timedelta(hours=2)
    others = book(2, now)

    heard.calls.clear()
    run_all(later)

    assert sorted(map(len, heard.calls)) == [1, 2]
    assert [(spoiled, 2)] in heard.calls
    assert [(each, 1) for each in others] in heard.calls


def test_batches_hold_one_event_of_one_consumer(heard, now):
    seen = []
    outbox.subscribe_batch(AppointmentBooked, consumer="b", queue="default", handler=heard)
    outbox.subscribe_batch(AppointmentRequested, consumer="b", queue="default", handler=heard)
    outbox.subscribe(
        AppointmentBooked, consumer="alone", queue="default", handler=lambda event, ctx: seen.append(event)
    )
    booked, cancelled = book(2, now), book(2, now, AppointmentRequested)

    run_all(now)

    calls = [[appointment_id for appointment_id, _ in call] for call in heard.calls]
    assert calls == [booked, cancelled]
    assert [event.appointment_id for event in seen] == booked
    assert states() == [("done", 1)] * 6


def test_message_that_comes_twice_has_one_effect(heard, now):
    outbox.subscribe_batch(AppointmentBooked, consumer="b", queue="default", handler=heard)
    book(3, now)
    (message,) = handover.messages(handover.claim(now=now))

    deliver(delivery_ids=message.ids, together=True)
    deliver(delivery_ids=message.ids, together=True)
    deliver(delivery_ids=message.ids)

    assert [len(call) for call in heard.calls] == [3]


def test_one_that_is_another_process_s_by_now_is_not_done_here(heard, now):
    outbox.subscribe_batch(AppointmentBooked, consumer="b", queue="default", handler=heard)
    ids = book(2, now)
    (message,) = handover.messages(handover.claim(now=now))
    first = attempts.take_first(message.ids, consumers=["b"], now=now)
    OutboxDelivery.objects.filter(pk=first[0].id).update(attempts=2)

    assert not batches.run_together(first, now)
    for each in first:
        deliveries.attempt(each, now)

    assert effects() == {str(ids[1])}
    assert states() == [("running", 2), ("done", 1)]


def test_event_whose_consumer_is_unknown_here_is_left_to_another_release(heard, now):
    outbox.subscribe_batch(AppointmentBooked, consumer="b", queue="default", handler=heard)
    book(2, now)
    (message,) = handover.messages(handover.claim(now=now))
    registry.forget(consumer="b")

    deliver(delivery_ids=message.ids, together=True)

    assert heard.calls == []
    assert states() == [("waiting", 1)] * 2


def test_due_rows_run_as_a_batch_without_those_past_their_use_or_taken_back(now, monkeypatch):
    calls = []

    def handler(batch):
        calls.append([each.row.key for each in batch])

    outbox.handle_due_batch("b.due", queue="default", handler=handler)
    about, late = new_id(), now + timedelta(minutes=1)
    with transaction.atomic():
        outbox.schedule_many(
            [
                outbox.NewDueRow(kind="b.due", key="one", due_at=now),
                outbox.NewDueRow(kind="b.due", key="two", due_at=now),
                outbox.NewDueRow(kind="b.due", key="useless", due_at=now, expires_at=late),
                outbox.NewDueRow(kind="b.due", key="taken back", due_at=now, about=about),
            ],
            now=now,
        )
    poller.fire(now=now)
    (message,) = handover.messages(handover.claim(now=now))
    outbox.cancel_due(kind_prefix="b.", about=about)
    monkeypatch.setattr(clock, "now", lambda: late)
    deliver(delivery_ids=message.ids, together=message.together)

    assert [sorted(call) for call in calls] == [["one", "two"]]
    assert dict(OutboxDue.objects.values_list("key", "state")) == {
        "one": "fired", "two": "fired", "useless": "expired", "taken back": "cancelled",
    }  # fmt: skip
    assert states() == [("done", 1)] * 4


def test_what_a_batch_tells_belongs_to_the_trace_of_its_cause(now):
    traces = ["00-" + f"{n:032x}-{n:016x}-01" for n in (1, 2)]

    def handler(batch):
        outbox.publish_many(
            [
                AppointmentRequested(appointment_id=new_id(), person_id=new_id(), version=1)
                for _ in batch
            ],
            now=now, traceparents=[each.ctx.traceparent for each in batch],
        )  # fmt: skip

    outbox.subscribe_batch(AppointmentBooked, consumer="b", queue="default", handler=handler)
    for each, trace in zip(book(2, now), traces, strict=True):
        OutboxEvent.objects.filter(payload__appointment_id=str(each)).update(traceparent=trace)

    run_all(now)

    told = OutboxEvent.objects.filter(name=AppointmentRequested.name)
    assert sorted(told.values_list("traceparent", flat=True)) == traces
