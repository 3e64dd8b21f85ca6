"""The end of an outage is no storm: real workers, relay and provider; seconds stand for minutes.

What is offered to a provider is counted by the provider itself, in each second, whoever sent it.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from killing import House, wait_until

from notifications.models import Message
from tests.notifications import simulated
from tests.notifications.house import person_with_phone
from tests.notifications.simulated import Simulator
from tests.notifications.test_carrying import text

pytestmark = [pytest.mark.kill, pytest.mark.django_db(transaction=True)]
CAPACITY = 40  # messages a second
QUEUES = ("notifications.urgent", "notifications.standard", "notifications.bulk", "notifications.retry")
WINDOW = 5


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with simulated.running() as running:
        running.forget()
        yield running


@pytest.fixture
def house(transactional_db: None, simulator: Simulator) -> Iterator[House]:
    providers = [simulator.sms("sms-a", deadline=1, rate=CAPACITY)]
    with tempfile.TemporaryDirectory(prefix="sw-storm-") as folder:
        made = House(Path(folder), **simulated.environment(providers))
        made.valkey.start()
        try:
            yield made
        finally:
            made.close()


def offered(simulator: Simulator) -> Mapping[int, int]:
    found = simulator.state()["seconds"]["sms-a"]
    return {int(second): count for second, count in found.items()}


def test_what_gathered_in_an_outage_is_offered_at_the_rate_the_provider_takes(
    house: House, simulator: Simulator
) -> None:
    phone = person_with_phone("+15550100")
    for n in (1, 2):
        house.worker(*QUEUES, name=f"worker{n}").start()
    house.relay().start()
    text(phone)
    wait_until(lambda: len(simulator.arrivals()) == 1, seconds=300, what="the workers work")

    simulator.behave("sms-a", mode="error")
    before, began = sum(offered(simulator).values()), time.monotonic()
    for lane in ("urgent", "standard", "bulk") * 3:
        text(phone, 100, urgency=lane)
        time.sleep(1.0)
    in_outage, lasted = sum(offered(simulator).values()) - before, time.monotonic() - began
    simulator.behave("sms-a", mode="ok")
    wait_until(
        lambda: not Message.objects.exclude(state="accepted").exists(), seconds=900, what="all of it is sent"
    )

    seconds = offered(simulator)
    busiest = max(sum(seconds.get(first + each, 0) for each in range(WINDOW)) for first in seconds)
    assert len({each["key"] for each in simulator.arrivals()}) == 901
    assert busiest <= 1.2 * CAPACITY * WINDOW
    assert in_outage <= 2 * CAPACITY + lasted  # what was under way when it began, then one now and then
