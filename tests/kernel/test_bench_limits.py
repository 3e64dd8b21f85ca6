"""A bench ends: whatever it measures may hang, and the whole of it has a time limit."""

from __future__ import annotations

import socket
import time

import pytest

from tests.bench import limits, load


def test_a_server_that_says_nothing_ends_the_load(monkeypatch):
    monkeypatch.setattr(load, "PATIENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        plan = load.Plan(silent.getsockname()[1], [[b"GET / HTTP/1.1"], [b"GET / HTTP/1.1"]], 0.1)

        run = load.drive(plan)

    assert (run.failures, run.latencies) == (2, [])


def test_the_time_limit_interrupts_whatever_runs():
    try:
        limits.begin(15)
        assert not limits.allows(1)

        with pytest.raises(limits.OutOfTime):  # noqa: PT012 - a slow machine hears it at once
            limits.begin(0.05)
            time.sleep(60)
    finally:
        limits.over()
