"""What of a running Steadwell is killed comes back, and who asked meanwhile waits.

In a house of its own: what was under way when something died is tried again after a pause, so that its queues
are at rest only later.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from household import House, until


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    started = House(tmp_path_factory.mktemp("killed") / "data")
    try:
        yield started.wait_until_ready()
    finally:
        started.end()


@pytest.mark.kill
@pytest.mark.parametrize("name", ["worker default", "relay", "poller", "mllp", "valkey", "web", "postgres"])
def test_what_is_killed_comes_back(house: House, name: str):
    before = until(lambda: house.pid_of(name), f"{name} runs")

    os.kill(before, signal.SIGKILL)

    until(lambda: house.pid_of(name) not in {None, before}, f"{name} runs again")
    until(house.is_ready, "everything answers again")


@pytest.mark.kill
def test_a_visitor_waits_while_the_web_starts_again(house: House):
    before = until(lambda: house.pid_of("web"), "web runs")

    os.kill(before, signal.SIGKILL)

    def asked() -> int | None:
        try:
            return house.get("/healthz/live")
        except ConnectionResetError:  # one of the killed one's workers had it: it dies a moment later
            return None

    assert until(asked, "somebody answers") == 200
