"""One simulator serves all tests of a run; each finds it as new, and leaves nothing under way."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Any

import pytest

from notifications import wordings
from notifications.carrying import calls, health
from tests.killing import wait_until
from tests.notifications import simulated
from tests.notifications.simulated import UNHURRIED, Simulator


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """How providers stand is kept for a moment per process, and the words of a version for good: another
    test's moment, and another test's words.
    """
    health.forget()
    wordings.forget()
    yield
    health.forget()
    wordings.forget()


@pytest.fixture(autouse=True)
def _providers_have_time(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """A batch waits for its calls, and none counts as slow or as come too late: that a machine is slow is no
    provider's fault. Where such a limit is the subject, a test sets it.
    """
    monkeypatch.setattr(calls, "PATIENCE", UNHURRIED)
    monkeypatch.setattr(calls, "GRACE_SECONDS", 2 * UNHURRIED)
    monkeypatch.setattr(health, "SLOW_SECONDS", UNHURRIED)
    settings.EMAIL_TIMEOUT = settings.EMAIL_DEADLINE = UNHURRIED


@dataclass(frozen=True)
class _Noted:
    """A provider's pool, and what was handed to it."""

    pool: ThreadPoolExecutor
    handed: list[Future[Any]]

    def submit(self, *what: Any) -> Future[Any]:
        future = self.pool.submit(*what)
        self.handed.append(future)
        return future


@pytest.fixture(autouse=True)
def _no_call_outlives_its_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One that its batch has left settles when it ends: never in the next test's database."""
    handed: list[Future[Any]] = []
    pool_of = calls._pool
    monkeypatch.setattr(calls, "_pool", lambda account: _Noted(pool_of(account), handed))
    yield
    assert not wait(handed, timeout=2 * UNHURRIED).not_done, "a call has not ended"


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[Simulator]:
    with simulated.running() as running:
        yield running


@pytest.fixture
def simulator(running_simulator: Simulator) -> Iterator[Simulator]:
    running_simulator.forget()
    yield replace(running_simulator, usual={"deadline": UNHURRIED})
    wait_until(lambda: not running_simulator.state()["reporting"], seconds=UNHURRIED, what="all is reported")
