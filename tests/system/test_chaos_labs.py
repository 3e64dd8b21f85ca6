"""Laboratory messages over real sockets while worker, relay, listener and Valkey are killed, frozen, flushed.

Every message that was acknowledged has exactly its effect. ``KILL_MESSAGES=2000`` is the size that the design
asks for; the suite's own ends within its minutes.
"""

from __future__ import annotations

import os
import random
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from killing import House, one_trouble, wait_until

from fhir_facade.hl7v2.frames import END, frame
from fhir_facade.hl7v2.models import Hl7Message, Hl7Outcome, Hl7Quarantine, Hl7Sender
from fhir_facade.hl7v2.splitter import split
from labs.models import Quarantined, Report, ReportVersion, Result, ResultVersion
from steadwell import clock
from steadwell.outbox.models import OutboxDelivery
from tests.ports import free_port

sys.path.insert(0, str(Path(__file__).parents[1] / "hl7"))
import hl7_messages

pytestmark = [pytest.mark.kill, pytest.mark.django_db(transaction=True)]
MESSAGES = int(os.environ.get("KILL_MESSAGES", "240"))
LANES = 4
QUEUES = ("labs.ingest", "labs.critical")
# How long all of it may take, whatever is killed: a listener that stays broken fails the test.
SENDING = 900.0 + 0.75 * MESSAGES


@dataclass
class Laboratory:
    """One connection of a sender that keeps each message until it is acknowledged, as laboratories do."""

    port: int
    messages: list[bytes]
    ends: float  # by time.monotonic(): nothing is sent, nor asked again, after that
    acknowledged: list[str] = field(default_factory=list)
    repeats: int = 0
    refused: list[str] = field(default_factory=list)

    def run(self) -> None:
        connection: socket.socket | None = None
        for raw in self.messages:
            while time.monotonic() < self.ends:
                try:
                    connection = connection or socket.create_connection(("127.0.0.1", self.port), timeout=20)
                    code, control_id = self._ask(connection, raw)
                except OSError:
                    if connection is not None:
                        connection.close()
                    connection = None
                    self.repeats += 1
                    time.sleep(0.1)
                    continue
                (self.acknowledged if code == "AA" else self.refused).append(control_id)
                break
            time.sleep(random.uniform(0, 0.12))
        if connection is not None:
            connection.close()

    @staticmethod
    def _ask(connection: socket.socket, raw: bytes) -> tuple[str, str]:
        connection.sendall(frame(raw))
        answer = b""
        while END not in answer and len(answer) < 2**16:
            data = connection.recv(65536)
            if not data:
                raise ConnectionError
            answer += data
        told = split(answer).named("MSA")[0]
        return told.text(1), told.text(2)


@pytest.fixture
def house(transactional_db: None) -> Iterator[House]:
    with tempfile.TemporaryDirectory(prefix="sw-labs-") as folder:
        made = House(Path(folder))
        made.valkey.start()
        try:
            yield made
        finally:
            made.close()


def message(number: int) -> bytes:
    """Each a report of its own; every tenth is critical."""
    results = [
        hl7_messages.result(1, value=f"{number % 90}.5", flags="HH" if number % 10 == 0 else "N"),
        hl7_messages.result(2, code="2823-3^Potassium^LN", value="4.1"),
    ]
    return hl7_messages.message(
        hl7_messages.header(f"C{number}"), hl7_messages.patient(f"A-{number % 20}"),
        hl7_messages.order(f"F-{number}"), *results,
    )  # fmt: skip


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=20).close()
    except OSError:
        return False
    return True


def test_every_acknowledged_message_has_exactly_its_effect(house: House) -> None:
    now, port = clock.now(), free_port()
    Hl7Sender.objects.create(
        name="north", networks=["127.0.0.0/8"], message_types=["ORU^R01"], connections=64,
        created_at=now, changed_at=now,
    )  # fmt: skip
    listener = house.process("mllp", "manage.py", "mllp", "--port", str(port)).start()
    workers = [house.worker(*QUEUES, name=f"worker{n}").start() for n in (1, 2)]
    relay = house.relay().start()
    wait_until(lambda: "Listening" in listener.log, seconds=300, what="the listener listens")
    ends = time.monotonic() + SENDING
    laboratories = [
        Laboratory(port, [message(n) for n in range(lane, MESSAGES, LANES)], ends) for lane in range(LANES)
    ]
    sending = [threading.Thread(target=each.run, daemon=True) for each in laboratories]

    for thread in sending:
        thread.start()
    rng, troubles = random.Random(), []
    while any(thread.is_alive() for thread in sending) and time.monotonic() < ends:
        troubles.append(one_trouble(rng, house, [listener, listener, *workers, relay]))
        # However slow the machine is, it listens for a while before it is killed again: else nobody gets on.
        wait_until(lambda: listens(port), seconds=300, what="the listener is back")
        time.sleep(rng.uniform(0.2, 1.0))
    for thread in sending:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in sending), troubles

    def all_read() -> bool:
        house.revive()
        promised = OutboxDelivery.objects.filter(consumer__startswith="hl7.")
        return not promised.exclude(state__in=["done", "quarantined"]).exists()

    wait_until(all_read, seconds=900, what="every message is read")
    acknowledged = [each for laboratory in laboratories for each in laboratory.acknowledged]
    assert sorted(acknowledged) == sorted(f"C{n}" for n in range(MESSAGES)), troubles
    assert [laboratory.refused for laboratory in laboratories] == [[]] * LANES, troubles
    assert not Hl7Quarantine.objects.exists()
    stored = Hl7Message.objects.count(), Hl7Outcome.objects.filter(outcome="filed").count()
    assert stored == (MESSAGES, MESSAGES), troubles
    assert (Report.objects.count(), ReportVersion.objects.count()) == (MESSAGES, MESSAGES), troubles
    assert (Result.objects.count(), ResultVersion.objects.count()) == (2 * MESSAGES, 2 * MESSAGES), troubles
    assert set(ReportVersion.objects.values_list("filler_number", flat=True)) == {
        f"F-{n}" for n in range(MESSAGES)
    }
    assert not Quarantined.objects.exists()
