"""``manage.py up`` while it runs: what answers, what is said of it, and what comes back after a kill."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from household import House, manage, until

from steadwell.config.queues import QUEUES
from steadwell.launcher import folders
from tests.ports import free_port


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    # A folder far too deep for a socket's path: where the project lies must not matter.
    started = House(tmp_path_factory.mktemp("house") / ("a-deep-folder-" * 8) / "data")
    try:
        yield started.wait_until_ready()
    finally:
        started.end()


def test_up_answers_and_is_ready(house: House):
    assert house.get("/healthz/live") == 200

    until(house.is_ready, "it says that it is ready")


def test_up_runs_a_worker_for_every_queue(house: House):
    names = {process["name"] for process in house.status()["processes"]}

    others = {"postgres", "valkey", "relay", "poller", "mllp", "web"}
    assert names == {f"worker {queue}" for queue in QUEUES} | others


def test_up_keeps_its_data_to_its_user(house: House):
    private = [
        house.data,
        house.data / "secret-key",
        house.data / "running.json",
        house.data / "logs/web.log",
    ]

    assert [path for path in private if path.stat().st_mode & 0o077] == []


def test_status_tells_of_services_and_queues(house: House):
    nothing = {queue: {"depth": 0, "oldest_seconds": 0.0} for queue in QUEUES}

    def at_rest() -> dict[str, Any] | None:
        report = house.status()
        answers = {service["state"] for service in report["services"].values()} == {"answers"}
        return report if answers and report["queues"] == nothing else None

    report = until(at_rest, "what a start brings about is done, and both services answer")

    assert set(report["services"]) == {"postgres", "valkey"}
    assert report["address"] == f"http://127.0.0.1:{house.port}"


def test_status_tells_where_messages_are_taken(house: House):
    told = until(lambda: house.status().get("hl7"), "the database answers")

    assert (told["received_last_hour"], told["set_aside"]) == (0, 0)
    host, _, port = told["address"].rpartition(":")
    with socket.create_connection((host, int(port))):
        assert f"taken at {told['address']}" in house.output()


def test_status_speaks_to_people_too(house: House):
    said = manage("status", "--data-dir", str(house.data)).stdout

    assert f"Steadwell runs at http://127.0.0.1:{house.port}" in said
    assert all(queue in said for queue in QUEUES)


def test_status_says_when_nothing_runs(tmp_path: Path):
    asked = manage("status", "--data-dir", str(tmp_path))

    assert asked.returncode == 3
    assert "Nothing runs" in asked.stdout


def test_other_commands_use_what_runs_in_the_role_of_the_app(house: House):
    assert house.sql("SELECT current_user") == "steadwell_app"


def test_other_commands_say_when_nothing_runs(tmp_path: Path):
    nowhere = f"postgresql:///x?host={tmp_path}"

    asked = manage("migrate", "--check", STEADWELL_DATA_DIR=str(tmp_path), DATABASE_URL=nowhere)

    assert asked.returncode == 1
    assert "python3 manage.py up" in asked.stderr


def test_up_refuses_the_same_data_twice(house: House):
    second = manage("up", "--no-demo", "--data-dir", str(house.data), "--port", str(free_port()))

    assert second.returncode == 1
    assert "already runs" in second.stderr
    assert f"process {house.process.pid}" in second.stderr


def test_up_tells_whoever_forgot_where_it_runs_and_how_to_stop_it(house: House):
    second = manage("up", "--no-demo", "--data-dir", str(house.data), "--port", str(house.port))

    assert second.returncode == 1
    assert f"already runs here, at http://127.0.0.1:{house.port} " in second.stderr
    assert f"kill {house.process.pid}" in second.stderr
    assert "taken by another program" not in second.stderr


def test_up_takes_its_own_earlier_start_for_no_other_program(tmp_path: Path):
    with socket.socket() as taken, contextlib.ExitStack() as held:
        held.callback(folders.take(tmp_path).leave)
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        refused = manage(
            "up", "--no-demo", "--data-dir", str(tmp_path), "--port", str(taken.getsockname()[1])
        )

    assert refused.returncode == 1
    assert "just starting or stopping" in refused.stderr


def test_up_names_another_port_when_its_own_is_taken(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        refused = manage("up", "--no-demo", "--data-dir", str(tmp_path / "data"), "--port", str(port))

    assert refused.returncode == 1
    assert f"Port {port} is taken" in refused.stderr
    assert "--port" in refused.stderr
    assert not (tmp_path / "data").exists()


def test_up_leaves_a_folder_with_other_things_alone(tmp_path: Path):
    (tmp_path / "logs").mkdir()

    refused = manage("up", "--no-demo", "--data-dir", str(tmp_path), "--port", str(free_port()))

    assert refused.returncode == 1
    assert "holds other things already" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["logs"]


def test_reset_asks_first(tmp_path: Path):
    refused = manage("up", "--no-demo", "--reset", "--data-dir", str(tmp_path), "--port", str(free_port()))

    assert refused.returncode == 1
    assert "--reset --yes" in refused.stderr
