"""A campaign whose workers, poller and relay are killed while it is told: everybody hears it once.

``KILL_PEOPLE`` is how many are invited.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from killing import House, Process, one_trouble, wait_until

from notifications.campaigns import running
from notifications.campaigns.criteria import Criteria
from notifications.errors import CampaignMoved
from notifications.models import Campaign, CampaignRecipient, Message
from steadwell import clock
from steadwell.actor import Actor, Role
from steadwell.ids import PersonId, UserId, new_id
from steadwell.outbox.models import OutboxDelivery
from tests.notifications import simulated
from tests.notifications.house import person
from tests.notifications.simulated import Simulator

pytestmark = [pytest.mark.kill, pytest.mark.django_db(transaction=True)]
PEOPLE = int(os.environ.get("KILL_PEOPLE", "170"))
QUEUES = ("notifications.urgent", "notifications.standard", "notifications.bulk", "notifications.retry")
ADMIN = Actor(user_id=UserId(new_id()), roles=frozenset({Role.ADMINISTRATOR}))


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with simulated.running() as running_one:
        running_one.forget()
        for name in ("mail-a", "mail-b"):
            running_one.behave(name, answer_seconds=0.05)
        yield running_one


@pytest.fixture
def house(transactional_db: None, simulator: Simulator) -> Iterator[House]:
    providers = [simulator.mail(name, deadline=2, rate=1000) for name in ("mail-a", "mail-b")]
    with tempfile.TemporaryDirectory(prefix="sw-camp-") as folder:
        made = House(Path(folder), **simulated.environment(providers))
        made.valkey.start()
        try:
            yield made
        finally:
            made.close()


def say(campaign_id: UUID, word: str) -> None:
    running.move(actor=ADMIN, campaign_id=campaign_id, word=word, now=clock.now())


def campaign_for_everybody() -> UUID:
    return running.create(
        actor=ADMIN, name="Flu", template="campaign.flu-shot", criteria=Criteria(), per_minute=300,
        request_key=uuid4().hex, now=clock.now(),
    ).campaign_id  # fmt: skip


def trouble(rng: random.Random, house: House, simulator: Simulator, processes: list[Process]) -> str:
    if rng.random() < 0.25:  # a provider takes a few messages and the answers are lost
        simulator.behave(rng.choice(["mail-a", "mail-b"]), lost_answers=rng.randint(1, 3))
        return "lose"
    return one_trouble(rng, house, processes, kinds=("kill", "kill", "freeze"))


def test_a_campaign_that_is_killed_while_it_is_told_reaches_everybody_once(
    house: House, simulator: Simulator
) -> None:
    invited = {person(email=f"p{n}@example.org") for n in range(PEOPLE)}
    campaign_id = campaign_for_everybody()
    workers = [house.worker(*QUEUES, name=f"worker{n}").start() for n in (1, 2)]
    others = [house.relay().start(), house.poller().start()]
    rng, troubles = random.Random(), list[str]()

    def stands(state: str) -> bool:
        house.revive()
        return Campaign.objects.get(pk=campaign_id).state == state

    def until(state: str) -> None:
        """In trouble all the way, at most two minutes."""
        ends = time.monotonic() + 120
        while not stands(state) and time.monotonic() < ends:
            troubles.append(trouble(rng, house, simulator, [*workers, *others]))
            time.sleep(rng.uniform(0.2, 0.8))
        wait_until(lambda: stands(state), seconds=600, what=f"the campaign is {state}")

    say(campaign_id, "plan")
    until("planned")
    say(campaign_id, "start")
    wait_until(
        lambda: stands("running") and CampaignRecipient.objects.filter(state="told").exists(),
        seconds=240, what="the first are told",
    )  # fmt: skip
    say(campaign_id, "pause")  # and on again: another round, with the batches of the first still promised
    say(campaign_id, "resume")
    until("done")

    def all_settled() -> bool:
        house.revive()
        ours = OutboxDelivery.objects.filter(queue__in=QUEUES)
        return not ours.exclude(state__in=["done", "quarantined"]).exists()

    # One that failed several times among others waits for many minutes.
    wait_until(all_settled, seconds=1200, what="every message is settled")
    for word in ("start", "resume", "plan"):  # it is over: nothing begins it again
        with pytest.raises(CampaignMoved):
            say(campaign_id, word)
    everybody_heard_it_once(simulator, invited, troubles)


def everybody_heard_it_once(simulator: Simulator, invited: set[PersonId], troubles: list[str]) -> None:
    arrived = Counter(each["to"] for each in simulator.arrivals())
    assert set(CampaignRecipient.objects.values_list("state", flat=True)) == {"told"}, troubles
    assert set(CampaignRecipient.objects.values_list("person_id", flat=True)) == invited
    assert Message.objects.filter(channel="in-app").count() == PEOPLE, troubles
    assert set(Message.objects.filter(channel="email").values_list("state", flat=True)) == {"accepted"}
    assert set(arrived) == {f"p{n}@example.org" for n in range(PEOPLE)}, troubles
    assert [to for to, count in arrived.items() if count > 1] == [], troubles
