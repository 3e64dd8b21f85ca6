"""Text messages to simulated providers while workers, relay and Valkey are killed, frozen and flushed.

One provider honours keys, the other does not and is asked instead: no message is lost, none arrives twice.
``KILL_MESSAGES=2000`` is the size that the design asks for.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from killing import House, Process, one_trouble, wait_until

from notifications.models import Message
from steadwell.outbox.models import OutboxDelivery
from tests.notifications import simulated
from tests.notifications.house import person_with_phone
from tests.notifications.simulated import Simulator
from tests.notifications.test_carrying import text

pytestmark = [pytest.mark.kill, pytest.mark.django_db(transaction=True)]
MESSAGES = int(os.environ.get("KILL_MESSAGES", "200"))
QUEUES = ("notifications.urgent", "notifications.standard", "notifications.bulk", "notifications.retry")
LANES = ("urgent", "standard", "bulk")


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with simulated.running() as running:
        running.forget()
        for name in ("sms-a", "sms-b"):
            running.behave(name, answer_seconds=0.05, honours_keys=name == "sms-a")
        yield running


@pytest.fixture
def house(transactional_db: None, simulator: Simulator) -> Iterator[House]:
    providers = [
        simulator.sms("sms-a", deadline=1, rate=1000),
        simulator.sms("sms-b", deadline=1, rate=1000, honours_keys=False),
    ]
    with tempfile.TemporaryDirectory(prefix="sw-sms-") as folder:
        made = House(Path(folder), **simulated.environment(providers))
        made.valkey.start()
        try:
            yield made
        finally:
            made.close()


def trouble(rng: random.Random, house: House, simulator: Simulator, processes: list[Process]) -> str:
    if rng.random() < 0.25:  # a provider takes a few messages and the answers are lost
        simulator.behave(rng.choice(["sms-a", "sms-b"]), lost_answers=rng.randint(1, 4))
        return "lose"
    return one_trouble(rng, house, processes)


def test_every_message_arrives_once(house: House, simulator: Simulator) -> None:
    phone, rng, troubles = person_with_phone("+15550100"), random.Random(), list[str]()
    workers = [house.worker(*QUEUES, name=f"worker{n}").start() for n in (1, 2)]
    relay = house.relay().start()

    told = 0
    while told < MESSAGES:
        for _ in range(min(20, MESSAGES - told)):
            text(phone, urgency=rng.choice(LANES))
            told += 1
        troubles.append(trouble(rng, house, simulator, [*workers, relay]))
        time.sleep(rng.uniform(0.1, 0.6))

    def all_settled() -> bool:
        house.revive()
        return not OutboxDelivery.objects.exclude(state__in=["done", "quarantined"]).exists()

    # One that failed several times among others waits for many minutes.
    wait_until(all_settled, seconds=1200, what="every message is settled")
    arrived = Counter(each["key"] for each in simulator.arrivals())
    assert set(Message.objects.values_list("state", flat=True)) == {"accepted"}, troubles
    assert set(arrived) == {str(pk) for pk in Message.objects.values_list("pk", flat=True)}, troubles
    assert [key for key, count in arrived.items() if count > 1] == [], troubles
    assert {each["provider"] for each in simulator.arrivals()} == {"sms-a", "sms-b"}
