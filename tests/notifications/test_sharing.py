"""Shares of two providers, and the pauses of what goes again: by weight, growing, spread, with an end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from notifications.carrying import choosing
from tests.notifications.house import person_with_phone
from tests.notifications.simulated import Simulator
from tests.notifications.test_carrying import carry, carry_to_the_end, states, text


@pytest.mark.django_db(transaction=True)
def test_each_provider_gets_its_share(settings: Any, simulator: Simulator) -> None:
    settings.NOTIFICATION_PROVIDERS = [
        simulator.sms("sms-a", weight=80), simulator.sms("sms-b", weight=20),
    ]  # fmt: skip
    text(person_with_phone("+15550100"), 200)

    carry()
    carry_to_the_end()

    arrived = [each["provider"] for each in simulator.arrivals()]
    assert states() == {"accepted"}
    # 160 is expected and 5.7 the standard deviation: six of them on either side.
    assert 126 <= arrived.count("sms-a") <= 194


@pytest.mark.django_db(transaction=True)
def test_no_more_calls_at_once_than_a_provider_bears(settings: Any, simulator: Simulator) -> None:
    settings.NOTIFICATION_PROVIDERS = [simulator.sms("sms-a", concurrency=3)]
    simulator.behave("sms-a", answer_seconds=0.2)
    text(person_with_phone("+15550100"), 24)

    carry()
    carry_to_the_end()

    assert states() == {"accepted"}
    assert simulator.state()["most_open"]["sms-a"] == 3


@pytest.mark.parametrize(("lane", "cap"), [("urgent", 15), ("standard", 300), ("bulk", 1800)])
def test_pauses_grow_are_spread_and_end_at_the_lanes_cap(lane: str, cap: int) -> None:
    longest = [
        max(choosing.back_off(attempt, lane, others=False) for _ in range(200)) for attempt in range(1, 12)
    ]
    several = {choosing.back_off(3, lane, others=False) for _ in range(50)}

    assert longest[0] < timedelta(seconds=7.5)
    assert longest[1] > longest[0]
    assert max(longest) <= timedelta(seconds=cap * 1.5)
    assert len(several) > 40  # those that failed together do not come back together


def test_what_failed_once_goes_to_the_other_provider_at_once() -> None:
    assert choosing.back_off(1, "standard", others=True) <= timedelta(seconds=0.75)
    assert choosing.back_off(2, "standard", others=True) > timedelta(seconds=5)
