from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from steadwell.errors import Invalid, RequestKeyReused
from steadwell.events import AppointmentBooked, AppointmentCancelled
from steadwell.ids import new_id
from steadwell.outbox import handover
from steadwell.outbox import service as outbox
from steadwell.outbox.deliveries import deliver
from steadwell.outbox.models import OutboxDelivery, OutboxEvent


def booked() -> AppointmentBooked:
    return AppointmentBooked(appointment_id=new_id(), person_id=new_id(), version=1)


def hand_over(now):
    """What the relay does, without the wire: the ids that it would send."""
    return [each for ids in handover.claim(now=now).ids.values() for each in ids]


@pytest.mark.django_db
def test_publish_makes_one_delivery_per_consumer_in_one_statement(hear, now, django_assert_num_queries):
    hear(AppointmentBooked, consumer="a", queue="notifications.urgent", handler=lambda e, c: None)
    hear(AppointmentBooked, consumer="b", handler=lambda e, c: None)
    hear(AppointmentCancelled, consumer="c", handler=lambda e, c: None)
    connection.ensure_connection()

    with django_assert_num_queries(1):
        event_id = outbox.publish(booked(), now=now)

    made = OutboxDelivery.objects.filter(event_id=event_id).order_by("consumer")
    mine = [(each.consumer, each.queue, each.state) for each in made if each.consumer in "abc"]
    assert mine == [("a", "notifications.urgent", "waiting"), ("b", "default", "waiting")]


@pytest.mark.django_db
def test_publish_many_is_one_statement_too(hear, now, django_assert_num_queries):
    hear(AppointmentBooked, consumer="a", handler=lambda e, c: None)
    hear(AppointmentCancelled, consumer="c", handler=lambda e, c: None)
    cancelled = AppointmentCancelled(appointment_id=new_id(), person_id=new_id(), version=2, by="clinic")
    connection.ensure_connection()

    with django_assert_num_queries(1):
        ids = outbox.publish_many([booked(), cancelled, booked()], now=now)

    heard = {each.event_id: each.consumer for each in OutboxDelivery.objects.filter(consumer__in="ac")}
    assert [heard[each] for each in ids] == ["a", "c", "a"]
    assert outbox.publish_many([], now=now) == []


@pytest.mark.django_db(transaction=True)
def test_publish_outside_a_transaction_is_refused(now):
    with pytest.raises(RuntimeError):
        outbox.publish(booked(), now=now)


@pytest.mark.django_db(transaction=True)
def test_rolled_back_change_tells_nothing(now):
    with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012 - both belong in it
        outbox.publish(booked(), now=now)
        raise ZeroDivisionError

    assert not OutboxEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_commit_rings_the_bell(owner_connection, now):
    owner_connection.execute("LISTEN steadwell_outbox")

    with transaction.atomic():
        outbox.publish(booked(), now=now)

    assert next(owner_connection.notifies(timeout=60, stop_after=1)).channel == "steadwell_outbox"


@pytest.mark.django_db(transaction=True)
def test_deliver_hands_the_same_event_to_its_handler(hear, now):
    heard = []
    hear(AppointmentBooked, consumer="a", handler=lambda e, c: heard.append((e, c.attempt)))
    event = booked()

    with transaction.atomic():
        outbox.publish(event, now=now)
    for delivery_id in hand_over(now):
        deliver(delivery_id=delivery_id, now=now)
        deliver(delivery_id=delivery_id, now=now)  # the message came twice

    assert heard == [(event, 1)]


@pytest.mark.django_db
def test_claim_request_answers_a_repeat_with_the_first_result(clerk, now):
    first, second = new_id(), new_id()

    answers = [
        outbox.claim_request(
            actor=clerk, key="k", operation="book", body={"b": 1, "a": "x"}, result_id=each, now=now
        )
        for each in (first, second)
    ]

    assert answers == [first, first]


@pytest.mark.django_db
def test_claim_request_refuses_another_body(clerk, now):
    outbox.claim_request(actor=clerk, key="k", operation="book", body={"a": 1}, result_id=new_id(), now=now)

    with pytest.raises(RequestKeyReused):
        outbox.claim_request(
            actor=clerk, key="k", operation="book", body={"a": 2}, result_id=new_id(), now=now
        )


@pytest.mark.django_db
def test_claim_request_keeps_users_and_operations_apart(clerk, patient, now):
    mine, theirs, other = new_id(), new_id(), new_id()

    claims = [
        outbox.claim_request(actor=actor, key="k", operation=operation, body={}, result_id=result, now=now)
        for actor, operation, result in (
            (clerk, "book", mine),
            (patient, "book", theirs),
            (clerk, "move", other),
        )
    ]

    assert claims == [mine, theirs, other]


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "k" * 201])
def test_claim_request_refuses_a_useless_key(clerk, now, key):
    with pytest.raises(Invalid):
        outbox.claim_request(actor=clerk, key=key, operation="book", body={}, result_id=new_id(), now=now)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("winner_commits", [True, False])
def test_claim_request_that_waits_for_the_first_gets_its_fate(clerk, now, winner_commits):
    first, second = new_id(), new_id()
    claimed, answers = threading.Event(), []

    def claim(result_id):
        return outbox.claim_request(
            actor=clerk, key="k", operation="book", body={}, result_id=result_id, now=now
        )

    def follow():
        claimed.wait(60)
        try:
            with transaction.atomic():
                answers.append(claim(second))
        finally:
            connection.close()

    follower = threading.Thread(target=follow)
    follower.start()
    try:
        with transaction.atomic():
            claim(first)
            claimed.set()
            _wait_until_blocked()
            if not winner_commits:
                transaction.set_rollback(True)
    finally:
        follower.join(60)

    assert answers == [first if winner_commits else second]


def _wait_until_blocked():
    """Until another session waits for this one's row."""
    for _ in range(6000):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks"
                " WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_sleep(0.01)")
    raise AssertionError("nobody waited")


@pytest.mark.django_db(transaction=True)
def test_schedule_again_moves_the_one_row(when_due, now):
    from steadwell.outbox.models import OutboxDue

    for minutes in (10, 20):
        outbox.schedule(kind="k", key="1", due_at=now + timedelta(minutes=minutes), now=now)

    assert [row.due_at for row in OutboxDue.objects.filter(kind="k")] == [now + timedelta(minutes=20)]
