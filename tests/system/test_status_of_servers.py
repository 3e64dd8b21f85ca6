"""``manage.py status`` where somebody else starts the processes, as in a container."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from killing import ROOT, House

from steadwell import clock
from steadwell.events import AppointmentBooked
from steadwell.ids import new_id
from steadwell.outbox import service as outbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house(transactional_db: None) -> Iterator[House]:
    # A short path: a unix socket's is at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="sw-given-") as folder:
        made = House(Path(folder), STEADWELL_DATA_DIR=folder)
        made.valkey.start()
        try:
            yield made
        finally:
            made.close()


def ask(house: House, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "status", *arguments],
        env=house.env | environment, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip


def test_status_tells_what_waits_in_the_queues_of_given_servers(house):
    with transaction.atomic():
        event = AppointmentBooked(appointment_id=new_id(), person_id=new_id(), version=1)
        outbox.publish(event, now=clock.now())
    waiting = {name: depth for name, depth in outbox.queue_depths().items() if depth}

    answer = ask(house, "--json")
    words = ask(house)

    told = json.loads(answer.stdout)
    assert (answer.returncode, words.returncode) == (0, 0), answer.stderr + words.stderr
    assert waiting
    assert {name: each["depth"] for name, each in told["queues"].items() if each["depth"]} == waiting
    assert [told["services"][name]["state"] for name in ("postgres", "valkey")] == ["answers", "answers"]
    assert all(name in words.stdout for name in told["queues"])


def test_status_says_which_given_server_does_not_answer(house):
    house.valkey.kill()

    without_valkey = ask(house, "--json")
    without_postgres = ask(house, "--json", DATABASE_URL="postgres://nobody:nothing@127.0.0.1:1/none")

    assert (without_valkey.returncode, without_postgres.returncode) == (0, 3)
    assert json.loads(without_valkey.stdout)["services"]["valkey"]["state"] == "does not answer"
    assert json.loads(without_postgres.stdout)["services"]["postgres"]["state"] == "does not answer"
