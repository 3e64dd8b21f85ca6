"""`platform/` must never become a package: it would shadow the standard library's module (DESIGN 2)."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.ROOT)
FOLDER = ROOT / "platform"


def guard(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([ROOT / ".ci/platform-guard", folder], capture_output=True, text=True, check=False)


def test_platform_folder_holds_no_python_of_its_own():
    assert guard(ROOT).returncode == 0, guard(ROOT).stderr


def test_platform_is_still_the_standard_library():
    assert Path(platform.__file__ or "").parent != FOLDER

    assert platform.python_version().startswith("3.")


@pytest.mark.parametrize(
    "planted", ["platform/__init__.py", "platform/conftest.py", "tests/platform/test_x.py"]
)
def test_guard_finds_what_would_make_it_a_package(tmp_path: Path, planted: str):
    for folder in ("platform/steadwell", "tests"):
        (tmp_path / folder).mkdir(parents=True)
    assert guard(tmp_path).returncode == 0

    (tmp_path / planted).parent.mkdir(exist_ok=True)
    (tmp_path / planted).touch()

    assert guard(tmp_path).returncode == 1


def test_guard_runs_before_any_python():
    lines = (ROOT / ".ci/run").read_text().splitlines()
    code = [line for line in lines if line and not line.startswith("#")]

    first_python = next(
        number for number, line in enumerate(code) if "python" in line.lower() and "export" not in line
    )
    assert code.index(".ci/platform-guard") < first_python
