"""A pharmacy as a process of its own, and the queue's hands."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from django.db import transaction

from steadwell import clock, events
from steadwell.outbox import handover, poller
from steadwell.outbox import service as outbox
from steadwell.outbox.deliveries import deliver

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "simulated"
PATIENCE = 60  # seconds; a loaded machine takes a few to start Python


class Pharmacy:
    """The simulated network, spoken to through its control endpoint."""

    def __init__(self, address: str) -> None:
        self.address = address

    def control(self, **wanted: Any) -> dict[str, Any]:
        body = json.dumps(wanted).encode() if wanted else None
        request = urllib.request.Request(f"{self.address}/control", data=body)  # noqa: S310
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
            return json.loads(answer.read())


@contextmanager
def simulated() -> Iterator[Pharmacy]:
    running = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "simulate", "pharmacy", "--port", "0"],
        stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    try:
        line = first_line(running)
        assert line.startswith("http://127.0.0.1:"), line
        yield Pharmacy(line)
    finally:
        running.kill()
        running.communicate(timeout=PATIENCE)


def first_line(running: subprocess.Popen[str]) -> str:
    """Its first line; a process that says nothing is a failure and not a wait without end."""
    assert running.stdout is not None
    said: Queue[str] = Queue()
    threading.Thread(target=lambda out: said.put(out.readline()), args=(running.stdout,), daemon=True).start()
    try:
        return said.get(timeout=PATIENCE).strip()
    except Empty:
        raise AssertionError(f"{running.args} said nothing within {PATIENCE} s") from None


def work(now: datetime | None = None, rounds: int = 6) -> None:
    """What poller, relay and worker do, at a moment: until nothing is left to do then."""
    for _ in range(rounds):
        at = now or clock.now()
        poller.fire(now=at)
        claimed = [each for ids in handover.claim(now=at).ids.values() for each in ids]
        for delivery_id in claimed:
            deliver(delivery_id=delivery_id, now=at)
        if not claimed:
            return


def mailbox(now: datetime | None = None) -> None:
    """Ask the network for what it holds ready for us, and do what follows."""
    with transaction.atomic():
        outbox.publish(events.PharmacyMailboxDue(network="default"), now=now or clock.now())
    work(now)
