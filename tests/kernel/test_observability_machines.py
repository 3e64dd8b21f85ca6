"""Health and metrics where there is no web, and a worker that does not let a request hang for ever."""

from __future__ import annotations

import json
from urllib.request import urlopen

import pytest

from steadwell.observability import inflight, machines, probe
from steadwell.observability.service import counter, longest_request_seconds


@pytest.fixture
def address():
    server = machines.serve(0, address="127.0.0.1")
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_worker_tells_its_metrics(address):
    counter("test_worker_things_total", "Things.").inc()

    with urlopen(f"{address}/metrics", timeout=60) as answer:  # noqa: S310
        assert b"test_worker_things_total 1.0" in answer.read()


def test_worker_says_it_lives(address):
    with urlopen(f"{address}/healthz/live", timeout=60) as answer:  # noqa: S310
        assert json.load(answer) == {"status": "live"}


def test_probe_tells_an_answer_from_none(address, monkeypatch):
    monkeypatch.setattr(probe, "TIMEOUT", 60.0)

    assert probe.main(f"{address}/healthz/live") == 0
    assert probe.main(f"{address}/nowhere") == 1
    assert probe.main("http://127.0.0.1:1/healthz/live") == 1


def test_second_process_in_a_container_goes_on_without_the_port(address):
    assert machines.serve(int(address.rsplit(":", 1)[1]), address="127.0.0.1") is None


def test_longest_request_is_known_while_it_runs(monkeypatch):
    # What a browser left behind may still be answered on a thread of the live server.
    monkeypatch.setattr(inflight, "_started", {})

    assert longest_request_seconds() == 0

    inflight.begin()
    during = longest_request_seconds()
    inflight.end()

    assert during > 0
    assert longest_request_seconds() == 0
