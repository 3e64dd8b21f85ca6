"""Item 80: nothing that happened is lost, doubled or out of order, whatever receivers or processes do."""

from __future__ import annotations

import socket
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import override_settings
from fhir_house import clinic
from killing import House as Processes
from killing import wait_until
from receiving import DRIP, HANG, asked, later, receiving, run, state_of, subscribed

from fhir_facade.server import wire
from fhir_facade.subscriptions import hearing, locking, places, sending, standing
from fhir_facade.subscriptions.models import ReceiverPlace, Subscription, SubscriptionEvent
from steadwell import clock
from steadwell.outbox import handover
from steadwell.outbox.deliveries import deliver
from steadwell.outbox.models import OutboxDelivery

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house(house):
    house.open_clinic()
    return house


def test_item_80_retries_over_days_and_then_gives_up(house, receiver):
    key = subscribed(house.ehr, receiver)
    receiver.answers = lambda got: 500
    house.visit(house.ada)
    moment, tries = clock.now(), []
    run(moment)
    for pause in standing.PAUSES:
        tries.append((len(receiver.events), state_of(house.ehr, key)))
        run(moment + pause * 0.75)
        assert len(receiver.events) == tries[-1][0]  # not before its time
        moment += pause * 1.25
        run(moment)

    assert tries == [(n, "active") for n in range(1, len(standing.PAUSES) + 1)]
    assert moment - clock.now() > timedelta(days=2.5)
    assert len(receiver.events) == len(standing.PAUSES) + 1
    assert {(each.number, each.json["id"]) for each in receiver.events} == {
        (1, receiver.events[0].json["id"])
    }
    now = house.ehr.get(f"Subscription/{key}").json
    assert (now["status"], now["error"]) == ("error", "The receiver answered with the status 500.")
    run(moment + timedelta(days=9))
    assert len(receiver.events) == len(standing.PAUSES) + 1


def test_item_80_receiver_that_comes_back_gets_all_in_order(house, receiver):
    key = subscribed(house.ehr, receiver)
    receiver.answers = lambda got: 503
    now = clock.now()
    for hours in range(3):
        house.visit(house.ada, hours=hours)
        run(now)
    assert receiver.numbers == [1]
    assert "503" in house.ehr.get(f"Subscription/{key}").json["error"]

    receiver.answers = lambda got: 200
    run(later(seconds=13))

    assert receiver.numbers == [1, 1, 2, 3]
    assert "error" not in house.ehr.get(f"Subscription/{key}").json
    assert len({each.json["id"] for each in receiver.events}) == 3


def test_item_80_given_up_and_asked_for_again_loses_nothing(house, receiver):
    key = subscribed(house.ehr, receiver)
    receiver.answers = lambda got: 500
    house.visit(house.ada)
    moment = clock.now()
    run(moment)
    for pause in standing.PAUSES:
        moment += pause * 1.25
        run(moment)
    assert state_of(house.ehr, key) == "error"
    receiver.got.clear()
    receiver.answers = lambda got: 200

    house.ehr.put(f"Subscription/{key}", asked(receiver, id=key))
    run()

    assert [each.kind for each in receiver.got] == ["handshake", "event-notification"]
    assert receiver.numbers == [1]


def test_receiver_that_says_gone_is_left_alone(house, receiver):
    key = subscribed(house.ehr, receiver)
    receiver.answers = lambda got: 410
    house.visit(house.ada)
    run()
    house.visit(house.bo, hours=2)
    run(later(days=9))

    assert len(receiver.events) == 1
    assert state_of(house.ehr, key) == "off"


@pytest.mark.parametrize("silence", [HANG, DRIP])
def test_receiver_that_keeps_us_waiting_is_cut_off(house, receiver, silence):
    key = subscribed(house.ehr, receiver)
    _impatient(key)
    receiver.answers = lambda got: silence
    house.visit(house.ada)

    begun = time.monotonic()
    run()

    assert time.monotonic() - begun < 40
    assert "in time" in house.ehr.get(f"Subscription/{key}").json["error"]
    assert state_of(house.ehr, key) == "active"


def _impatient(*keys):
    """From now on they wait no longer than so many seconds; the greeting had all its time."""
    Subscription.objects.filter(pk__in=keys).update(timeout=5)


def test_slow_receiver_is_waited_for(house, receiver):
    subscribed(house.ehr, receiver)
    receiver.answers = lambda got: time.sleep(1) or 204
    house.visit(house.ada)
    run()

    assert receiver.numbers == [1]
    assert not SubscriptionEvent.objects.filter(sent_at__isnull=True).exists()


def test_redirect_to_a_private_address_is_not_followed(house, receiver):
    subscribed(house.ehr, receiver)
    with receiving() as inside:
        receiver.answers, receiver.location = (lambda got: 307), inside.url
        house.visit(house.ada)
        run()

        assert receiver.numbers == [1]
        assert inside.got == []


def test_name_that_leads_inside_by_now_is_not_called(house, receiver):
    key = subscribed(house.ehr, receiver)
    house.visit(house.ada)

    with override_settings(OUTBOUND_NETWORKS=[]):
        run()

    assert receiver.events == []
    assert SubscriptionEvent.objects.get().number == 1
    assert "not public" in house.ehr.get(f"Subscription/{key}").json["error"]


def test_no_connection_is_held_while_the_receiver_thinks(house, receiver):
    """Seen from the receiver: nobody is in a transaction, and the row can be locked."""
    key = subscribed(house.ehr, receiver)
    seen = []

    def look(got):
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%%'"
                )
                seen.append(cursor.fetchone()[0])
            with transaction.atomic():
                assert locking.lock(key) is not None
        finally:
            connection.close()
        return 200

    receiver.answers = look
    house.visit(house.ada)
    run()

    assert seen == [0]
    assert receiver.numbers == [1]


def test_hanging_receiver_holds_two_hands_and_no_more(house, receiver):
    """Four subscriptions of one receiver that hangs: two are called, two wait without a call."""
    keys = [subscribed(house.ehr, receiver) for _ in range(4)]
    _impatient(*keys)
    with receiving() as well:
        subscribed(house.ehr, well)
        receiver.answers = lambda got: HANG
        house.visit(house.ada)
        _hear()
        _at_once(5)

        wait_until(lambda: len(receiver.events) >= places.MOST, seconds=60, what="what was sent is read")
        assert len(receiver.events) == places.MOST
        assert well.numbers == [1]
    assert {state_of(house.ehr, key) for key in keys} == {"active"}
    assert ReceiverPlace.objects.filter(receiver=_origin(receiver)).count() == places.MOST

    receiver.answers = lambda got: 200
    run(later(seconds=45))
    run(later(seconds=60))
    assert len({each.said("subscription") for each in receiver.events}) == 4


def _origin(receiver):
    return receiver.url.rpartition("/")[0]


def _hear():
    """What the apps told becomes events; nothing is sent yet."""
    heard = [each for each in _waiting() if each.consumer != "fhir.subscription-send"]
    for each in heard:
        _hand(each.pk)
        deliver(delivery_id=each.pk, now=clock.now())


def _waiting():
    return list(OutboxDelivery.objects.filter(state="waiting", queue=hearing.QUEUE))


def _hand(number):
    OutboxDelivery.objects.filter(pk=number).update(state="handed", handed_at=clock.now())


def _at_once(threads):
    """What waits in the queue, by so many hands."""
    ids = [each.pk for each in _waiting()]
    for each in ids:
        _hand(each)
    taken = iter(ids)
    guard = threading.Lock()

    def work():
        try:
            while True:
                with guard:
                    number = next(taken, None)
                if number is None:
                    return
                deliver(delivery_id=number, now=clock.now())
        finally:
            connection.close()

    hands = [threading.Thread(target=work) for _ in range(threads)]
    for each in hands:
        each.start()
    for each in hands:
        each.join(60)
        assert not each.is_alive()


def test_item_80_fifty_events_at_once_have_fifty_numbers(house, receiver):
    """Heard, numbered and sent by six hands at the same time, until nothing waits."""
    key = subscribed(house.ehr, receiver)
    quiet = subscribed(house.ehr, receiver, filters=[f"Appointment?patient=Patient/{house.bo}"])
    visits = [house.visit(house.ada, hours=number / 2) for number in range(25)]
    house.clinician, cyd = (
        clinic.clinician(house.site, hours=((0, 24),), name="Dr Two"),
        house.person("Third", "Cyd", "CY-1"),
    )
    visits += [house.visit(cyd, hours=number / 2) for number in range(25)]

    for _ in range(80):
        _at_once(6)
        if not _waiting():
            break

    told = [each for each in receiver.events if each.said("subscription").endswith(key)]
    assert [each.number for each in told] == list(range(1, 51))
    assert {each.event["focus"].rpartition("/")[2] for each in told} == {
        str(each.appointment_id) for each in visits
    }
    assert len({each.json["id"] for each in told}) == 50
    assert not any(each.said("subscription").endswith(quiet) for each in receiver.events)
    rows = SubscriptionEvent.objects.order_by("number")
    assert list(rows.values_list("number", flat=True)) == list(range(1, 51))


def test_what_was_heard_twice_is_one_event(house, receiver):
    subscribed(house.ehr, receiver)
    house.visit(house.ada)
    (row,) = [each for each in _waiting() if each.consumer == "fhir.appointment-booked"]
    for _ in range(2):
        OutboxDelivery.objects.filter(pk=row.pk).update(state="handed", attempts=0)
        deliver(delivery_id=row.pk, now=clock.now())
    run()

    assert receiver.numbers == [1]


def test_sent_again_after_a_crash_is_the_same(house, receiver):
    """The process ends between the call and its note: the same bytes go out again."""
    subscribed(house.ehr, receiver, content="full-resource")
    house.visit(house.ada)
    _hear()
    (number,) = [each.pk for each in _waiting()]

    class Died(BaseException):
        pass

    settle, sending.Sending.settle = sending.Sending.settle, _raise(Died)
    try:
        _hand(number)
        with pytest.raises(Died):
            deliver(delivery_id=number, now=clock.now())
    finally:
        sending.Sending.settle = settle
    handover.reclaim(now=later(minutes=5))
    run(later(minutes=6))

    first, second = receiver.events
    assert first.text == second.text
    assert wire.load(first.text)["id"] == wire.load(second.text)["id"]


def _raise(error):
    def act(*_):
        raise error

    return act


def _still(processes):
    """What ended by itself is started again, as its supervisor does: a worker that got no time may."""
    processes.revive()
    return True


@pytest.mark.kill
def test_item_80_worker_killed_in_the_middle_of_a_delivery(house, receiver):
    """kill -9 while the receiver still thinks, three times: no number is missing, none means two things."""
    subscribed(house.ehr, receiver)
    receiver.answers = lambda got: time.sleep(0.3) or 200
    with tempfile.TemporaryDirectory(prefix="sw-sub-") as folder:
        processes = Processes(Path(folder), OUTBOX_RUN_LEASE_SECONDS="10")
        processes.valkey.start()
        worker = processes.worker(hearing.QUEUE, threads=4).start()
        processes.relay().start()
        processes.poller().start()
        try:
            for number in range(12):
                house.visit(house.ada if number % 2 else house.bo, hours=number / 2)
            for _ in range(3):
                before = len(receiver.events)
                wait_until(
                    lambda b=before: _still(processes) and len(receiver.events) > b,
                    seconds=240, what="one more is on its way",
                )  # fmt: skip
                worker.kill()
                processes.revive()
            wait_until(
                lambda: _still(processes)
                and set(receiver.numbers) == set(range(1, 13))
                and not SubscriptionEvent.objects.filter(sent_at__isnull=True).exists(),
                seconds=240, what="all were delivered",
            )  # fmt: skip
        finally:
            processes.close()

    told = {(each.number, each.json["id"], each.event["focus"]) for each in receiver.events}
    assert len(told) == 12
    assert [n for n, _, _ in sorted(told)] == list(range(1, 13))
    assert list(dict.fromkeys(receiver.numbers)) == list(range(1, 13))  # first seen in order


def test_receiver_that_is_not_there_is_no_failure_of_ours(house, receiver):
    key = subscribed(house.ehr, receiver)
    with socket.socket() as closed:  # taken, so that nobody else gets it, and not listened at
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        Subscription.objects.filter(pk=key).update(endpoint=f"http://127.0.0.1:{port}/told")
        house.visit(house.ada)
        run()

    assert "did not answer" in house.ehr.get(f"Subscription/{key}").json["error"]
    assert not OutboxDelivery.objects.filter(state="quarantined").exists()
