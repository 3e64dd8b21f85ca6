"""One simulator serves all tests of a run; each finds it as new."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from notifications.carrying import health
from tests.notifications import simulated
from tests.notifications.simulated import Simulator


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """How providers stand is kept for a moment per process: another test's moment."""
    health.forget()


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[Simulator]:
    with simulated.running() as running:
        yield running


@pytest.fixture
def simulator(running_simulator: Simulator) -> Simulator:
    running_simulator.forget()
    return running_simulator
