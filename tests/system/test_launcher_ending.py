"""How ``manage.py up`` ends: everything with it, whatever ended it, and the data stays for the next time."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from household import LIMIT, ROOT, House, clean_environment, descendants, until

from steadwell.launcher.processes import start_ticks

pytestmark = pytest.mark.kill


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], House]]:
    started: list[House] = []

    def begin(name: str) -> House:
        started.append(House(tmp_path / name))
        return started[-1]

    yield begin
    for house in started:
        house.end()


def all_end(processes: dict[int, int]) -> None:
    """Nobody outlives those who waited for their own children by more than a moment of a loaded machine."""
    until(lambda: living(processes) == [], "all of it has ended", seconds=30)


def living(processes: dict[int, int]) -> list[int]:
    return [pid for pid, ticks in processes.items() if start_ticks(pid) == ticks]


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def test_two_run_at_once_and_end_apart(start: Callable[[str], House]):
    one, two = start("one"), start("two")
    one.wait_until_ready()
    two.wait_until_ready()
    family = descendants(one.process.pid)
    assert len(family) > 12

    status = one.stop()

    assert status == 0, one.output()
    all_end(family)
    assert not (one.data / "running.json").exists()
    until(two.is_ready, "the other one is ready as before")


def test_nothing_outlives_a_killed_parent_and_the_next_start_finds_the_data(start: Callable[[str], House]):
    killed = start("data").wait_until_ready()
    applied = killed.sql("SELECT min(applied) FROM django_migrations")
    family = descendants(killed.process.pid)

    killed.process.kill()
    killed.process.wait(timeout=LIMIT)
    again = start("data").wait_until_ready()  # at once: it waits for what is still ending

    all_end(family)
    assert again.sql("SELECT min(applied) FROM django_migrations") == applied

    assert again.stop(signal.SIGTERM) == 0
    with subprocess.Popen(["sleep", "600"]) as stranger:  # it got the number of the server that was killed
        stale = [str(stranger.pid), str(again.data / "postgres"), "0", "5432", "/nowhere", "", "ready"]
        (again.data / "postgres/postmaster.pid").write_text("\n".join(stale) + "\n")
        try:
            third = start("data").wait_until_ready()

            until(third.is_ready, "it is ready")
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_an_end_in_the_middle_of_the_start_leaves_nothing(start: Callable[[str], House]):
    house = start("data")
    until(lambda: (house.data / "postgres/postmaster.pid").exists(), "the database starts")
    family = descendants(house.process.pid)

    status = house.stop(signal.SIGTERM)

    assert status == 130
    all_end(family)
    assert "Traceback" not in house.output()


def test_a_killed_test_run_leaves_no_service(tmp_path: Path):
    waits = tmp_path / "test_waits.py"
    waits.write_text("import time\ndef test_waits():\n    time.sleep(600)\n")
    runner = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "test", "-p", "no:cacheprovider", str(waits)],
        env=clean_environment(), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until(lambda: any("pytest" in command(pid) for pid in descendants(runner.pid)), "pytest runs")
    family = descendants(runner.pid)

    runner.kill()
    runner.wait(timeout=LIMIT)

    until(lambda: living(family) == [], "all of it has ended")


def test_a_test_run_hands_on_the_status_and_ends_its_services(tmp_path: Path):
    fails = tmp_path / "test_fails.py"
    fails.write_text("def test_fails():\n    assert False\n")

    ran = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "test", "-p", "no:cacheprovider", "-q", str(fails)],
        env=clean_environment(TMPDIR=str(tmp_path)),
        capture_output=True, text=True, check=False, timeout=LIMIT * 3,
    )  # fmt: skip

    assert ran.returncode == 1, ran.stderr
    assert ran.stdout.rstrip().splitlines()[-1].startswith("1 failed")
    assert not list(tmp_path.glob("steadwell-run-*"))
