"""A consumer that reaches outside for many at once settles each promise by itself, under the fence."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from steadwell import clock
from steadwell.events import AppointmentBooked
from steadwell.ids import new_id
from steadwell.outbox import handover, registry
from steadwell.outbox import service as outbox
from steadwell.outbox.models import OutboxDelivery
from steadwell.outbox.tasks import deliver

pytestmark = pytest.mark.django_db(transaction=True)
SOON = timedelta(seconds=5)


@pytest.fixture(autouse=True)
def only_ours(monkeypatch, now):
    monkeypatch.setattr(registry, "_subscriptions", {})
    monkeypatch.setattr(registry, "_due_kinds", {})
    monkeypatch.setattr(clock, "now", lambda: now)


def hear(handler, attempts=8):
    outbox.subscribe_outside_batch(
        AppointmentBooked, consumer="b", queue="notifications.bulk", handler=handler, attempts=attempts
    )


def book(count, now):
    with transaction.atomic():
        outbox.publish_many(
            [AppointmentBooked(appointment_id=new_id(), person_id=new_id(), version=1) for _ in range(count)],
            now=now,
        )


def run_all(now):
    for message in handover.messages(handover.claim(now=now)):
        deliver(delivery_ids=message.ids, together=message.together)


def rows():
    return list(OutboxDelivery.objects.order_by("id"))


def test_each_of_a_batch_ends_by_itself(now):
    def handler(heard, promises):
        kept, held_back, failed, doubtful = (each.ctx.delivery_id for each in heard)
        promises.done([kept], now=now)
        promises.later(
            {
                held_back: outbox.Later(after=SOON, cause="no-room", counted=False),
                failed: outbox.Later(after=SOON, cause="refused"),
                doubtful: outbox.Later(after=SOON, cause="timeout", unsure=True),
            },
            now=now,
        )

    hear(handler)
    book(4, now)

    run_all(now)

    assert [(row.state, row.attempts, row.called) for row in rows()] == [
        ("done", 1, False), ("waiting", 0, False), ("waiting", 1, False), ("waiting", 1, True),
    ]  # fmt: skip
    assert [row.queue for row in rows()[1:]] == ["notifications.retry"] * 3
    assert {row.available_at for row in rows()[1:]} == {now + SOON}


def test_what_a_handler_leaves_open_when_it_fails_is_noted_for_each(now):
    def handler(heard, promises):
        promises.done([heard[0].ctx.delivery_id], now=now)
        raise ValueError("Maria Garcia")

    hear(handler)
    book(3, now)

    run_all(now)

    assert [(row.state, row.last_error) for row in rows()] == [
        ("done", ""), ("waiting", "ValueError"), ("waiting", "ValueError"),
    ]  # fmt: skip


def test_a_promise_that_is_anothers_by_now_is_not_written(now):
    seen = []

    def handler(heard, promises):
        OutboxDelivery.objects.update(attempts=2)  # the lease ran out, and somebody took it
        ids = [each.ctx.delivery_id for each in heard]
        seen.append(promises.calling(ids) | promises.done(ids, now=now))
        seen.append(promises.later(dict.fromkeys(ids, outbox.Later(after=SOON, cause="late")), now=now))

    hear(handler)
    book(2, now)

    run_all(now)

    assert seen == [set(), set()]
    assert {row.state for row in rows()} == {"running"}


def test_attempts_that_count_come_to_an_end_and_the_others_do_not(now):
    counted = [False] * 5 + [True] * 2

    def handler(heard, promises):
        later = outbox.Later(after=timedelta(0), cause="failed", counted=counted.pop(0))
        promises.later({each.ctx.delivery_id: later for each in heard}, now=now)

    hear(handler, attempts=2)
    book(1, now)

    for _ in range(7):
        run_all(now)

    (row,) = rows()
    assert (row.state, row.attempts, counted) == ("quarantined", 2, [])


def test_a_call_that_was_begun_is_known_to_the_next_attempt(now):
    contexts = []

    def handler(heard, promises):
        contexts.extend(each.ctx.uncertain for each in heard)
        promises.calling([each.ctx.delivery_id for each in heard])
        raise KeyboardInterrupt

    hear(handler)
    book(1, now)

    for hours in (0, 1):
        with pytest.raises(KeyboardInterrupt):
            run_all(now + timedelta(hours=hours))
        handover.reclaim(now=now + timedelta(hours=hours + 1))

    assert contexts == [False, True]
