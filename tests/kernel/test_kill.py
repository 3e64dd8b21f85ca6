"""Workers, relays, pollers and Valkey killed, frozen and flushed: no promise is lost, none is kept twice."""

from __future__ import annotations

import random
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path

import effects
import pytest
from django.conf import settings
from django.db import connection, transaction
from killing import House, one_trouble, wait_until

from steadwell import clock
from steadwell.ids import new_id
from steadwell.outbox import service as outbox
from steadwell.outbox.models import OutboxDelivery

pytestmark = [pytest.mark.kill, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def build(owner_connection, transactional_db):
    """``build(SETTING="…")`` gives a house with its Valkey running."""
    owner_connection.execute(effects.TABLE)
    houses = []
    # A short path: a unix socket's is at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="sw-kill-") as folder, effects.Registered():

        def make(**values):
            house = House(Path(folder), settings_module="house_settings", **values)
            houses.append(house)
            house.valkey.start()
            return house

        try:
            yield make
        finally:
            for house in houses:
                house.close()


def tell(how_many, event_type=effects.ThingHappened, **fields):
    for _ in range(how_many):
        with transaction.atomic():
            outbox.publish(event_type(thing_id=new_id(), **fields), now=clock.now())


def unfinished(consumer):
    return OutboxDelivery.objects.filter(consumer=consumer).exclude(state__in=["done", "quarantined"]).count()


def finish(house, consumer, *, seconds=600):
    """Until nothing is left to do, with the supervisor's help."""

    def finished():
        house.revive()
        return unfinished(consumer) == 0

    wait_until(finished, seconds=seconds, what=f"{consumer} is finished")


@pytest.mark.parametrize(
    ("queue", "effect", "event_type", "each_time", "times"),
    [
        ("default", "slow", effects.ThingHappened, 5, 100),
        ("medications", "together", effects.SeveralHappened, 10, 60),
    ],
    ids=["one by one", "in batches"],
)
def test_nothing_is_lost_or_done_twice_whatever_is_killed(build, queue, effect, event_type, each_time, times):
    house = build()
    rng = random.Random()
    processes = [house.worker(queue, name=f"worker{n}").start() for n in (1, 2)]
    processes += [house.relay(f"relay{n}").start() for n in (1, 2)]

    def tell_all():
        try:
            for _ in range(times):
                tell(each_time, event_type)
                time.sleep(0.1)
        finally:
            connection.close()

    telling = threading.Thread(target=tell_all)
    telling.start()
    troubles = []
    while telling.is_alive():
        troubles.append(one_trouble(rng, house, processes))
        time.sleep(rng.uniform(0.2, 1))
    telling.join()
    finish(house, f"test.{effect}")

    assert effects.count(effect) == (each_time * times, each_time * times), troubles


def test_event_that_kills_its_worker_ends_in_quarantine_and_stops_no_other(build):
    house = build(OUTBOX_RUN_LEASE_SECONDS="3")
    house.worker("ehr", threads=1).start()  # what runs beside it dies with it, and may die as often
    house.relay().start()

    tell(3)
    tell(1, trouble="kills its worker")
    tell(3)
    finish(house, "test.poisonous")

    aside = OutboxDelivery.objects.get(consumer="test.poisonous", state="quarantined")
    assert (aside.attempts, aside.last_error) == (3, "process-lost")
    assert effects.count("poisonous") == (6, 6)


def test_event_that_kills_its_worker_takes_no_other_of_its_batch_along(build):
    house = build()
    tell(3, effects.SeveralHappened)
    tell(1, effects.SeveralHappened, trouble="kills its worker")
    tell(3, effects.SeveralHappened)
    house.worker("medications", threads=1).start()
    house.relay().start()
    finish(house, "test.together")

    aside = OutboxDelivery.objects.get(consumer="test.together", state="quarantined")
    assert (aside.attempts, aside.last_error) == (6, "process-lost")
    assert effects.count("together") == (6, 6)


def test_worker_that_stopped_taking_work_ends_and_another_carries_on(build):
    house = build(WORKER_SOCKET_TIMEOUT_SECONDS="1")
    worker = house.worker("default").start()
    house.relay().start()
    tell(5)
    finish(house, "test.slow")

    def stalled():
        return "worker.stalled" in worker.log

    # Acknowledgements fail while Valkey is frozen for longer than the worker's socket waits, if one is due.
    running = OutboxDelivery.objects.filter(consumer="test.slow", state="running")
    told = 5
    while not stalled() and told < 1000:
        tell(60)
        told += 60
        wait_until(lambda: stalled() or running.exists(), seconds=240, what="the worker has work")
        house.valkey.freeze()
        time.sleep(2)
        house.valkey.thaw()
    finish(house, "test.slow")

    assert effects.count("slow") == (told, told)
    assert stalled()


def test_flushed_valkey_is_filled_again_at_once(build):
    house = build(OUTBOX_LEASE_SECONDS="3600")
    house.relay().start()
    tell(50)
    wait_until(
        lambda: OutboxDelivery.objects.filter(consumer="test.slow", state="handed").count() == 50,
        seconds=240, what="all is handed over",
    )  # fmt: skip

    house.valkey.flush()
    house.worker("default").start()
    finish(house, "test.slow")

    assert effects.count("slow") == (50, 50)


def test_relay_hands_over_no_more_than_a_queue_should_hold(build):
    house = build()
    tell(settings.OUTBOX_QUEUE_CAP + 100)
    tell(1, effects.UrgentThingHappened)

    house.relay().start()
    wait_until(
        lambda: OutboxDelivery.objects.filter(consumer="test.urgent", state="handed").exists(),
        seconds=240, what="the urgent one is handed over",
    )  # fmt: skip

    handed = OutboxDelivery.objects.filter(consumer="test.slow", state="handed").count()
    assert handed <= settings.OUTBOX_QUEUE_CAP


def test_pollers_killed_at_random_keep_each_promise_once(build):
    house = build()
    pollers = [house.poller(f"poller{n}").start() for n in (1, 2)]
    house.relay().start()
    house.worker("notifications.standard").start()
    rng = random.Random()

    with transaction.atomic():
        rows = [
            outbox.NewDueRow(kind="test.due", key=str(n), due_at=clock.now() + timedelta(milliseconds=20 * n))
            for n in range(400)
        ]
        outbox.schedule_many(rows, now=clock.now())
    for _ in range(6):
        time.sleep(rng.uniform(0.5, 1.5))
        rng.choice(pollers).kill()
        house.revive()

    def all_kept():
        house.revive()
        return effects.count("due")[1] == 400

    wait_until(all_kept, seconds=600, what="every promise is kept")
    finish(house, "test.due")
    assert effects.count("due") == (400, 400)
