"""The contracts of import-linter, mypy and ruff: they cover every package, they hold, and they can break."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from source_tree import PACKAGES, ROOT

CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = {contract["id"]: contract for contract in CONFIG["tool"]["importlinter"]["contracts"]}
BIN = Path(sys.executable).parent

# What each planted file breaks. One copy of the tree, one run of lint-imports, every contract seen broken.
BREACHES = {
    "scheduling/planted.py": (
        "from labs import service\n"  # peers
        "import rest_framework, celery, fhir.resources\n"
        "from notifications import models\n"
        "from steadwell.accounts import models as m\n"
        "from steadwell.audit import models as a\n"
        "from steadwell.portal import views\n"
        "from steadwell.history import planted\n"
    ),
    "notifications/models.py": "",
    "steadwell/ids.py": "import django\n",
    "steadwell/launcher/planted.py": "import django\n",
    "steadwell/history/planted.py": "",
    "steadwell/accounts/models.py": "",
    "steadwell/audit/models.py": "",
    "steadwell/portal/views.py": "",
}


def _packages() -> list[str]:
    kernel = [
        f"steadwell.{p.name}" for p in (ROOT / "platform/steadwell").iterdir() if (p / "__init__.py").exists()
    ]
    return sorted({*kernel, *(name for name in PACKAGES if "/" not in name)})


def _lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": f"{tree}{os.pathsep}{tree / 'platform'}"}
    command = [str(BIN / "lint-imports"), "--no-cache", "--config", "pyproject.toml"]
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def breached(tmp_path_factory: pytest.TempPathFactory) -> str:
    tree = tmp_path_factory.mktemp("tree")
    shutil.copy(ROOT / "pyproject.toml", tree)
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__", "static")
        )
    for path, text in BREACHES.items():
        home = tree / "platform" / path if path.startswith("steadwell") else tree / path
        home.parent.mkdir(parents=True, exist_ok=True)
        home.write_text(text, encoding="utf-8")
    return _lint_imports(tree).stdout


def test_imports_keep_every_contract():
    result = _lint_imports(ROOT)

    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    "contract",
    [
        "floors",
        "vocabulary-is-plain-python",
        "launcher-needs-no-framework",
        "fhir-resources-stay-at-the-edge",
        "rest-framework-stays-at-the-edge",
        "celery-only-carries-ids",
        "only-the-service-of-notifications",
        "only-the-service-of-accounts",
        "only-the-service-of-audit",
        "only-the-service-of-portal",
        "only-the-service-of-history",
    ],
)
def test_contract_breaks_on_a_planted_import(contract, breached):
    assert f"{CONTRACTS[contract]['name']} BROKEN" in breached


def test_import_of_a_peers_service_breaks_no_service_contract(breached):
    # The floors refuse it; the service contract must not, or nobody could call a service at all.
    assert f"{CONTRACTS['only-the-service-of-labs']['name']} KEPT" in breached


def test_every_package_stands_on_a_floor():
    floors = " ".join(CONTRACTS["floors"]["layers"]).replace("|", " ").replace(":", " ").split()

    assert [name for name in _packages() if name not in floors] == []


def test_every_package_shows_only_its_service():
    without_one = {"steadwell.config", "steadwell.launcher"}  # nothing stands above them
    shown = {
        contract["protected_modules"][0] for contract in CONTRACTS.values() if contract["type"] == "protected"
    }

    assert sorted(set(_packages()) - without_one - shown) == []


def test_every_package_is_type_checked_and_shipped():
    shipped = CONFIG["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]

    assert sorted(shipped) == sorted(PACKAGES)
    assert sorted(CONFIG["tool"]["mypy"]["packages"]) == sorted(name.split("/")[-1] for name in PACKAGES)


def _mypy(folder: Path, *targets: str) -> subprocess.CompletedProcess[str]:
    strict = {name: value for name, value in CONFIG["tool"]["mypy"].items() if isinstance(value, bool)}
    lines = ["[tool.mypy]", *(f"{name} = {str(value).lower()}" for name, value in strict.items())]
    (folder / "pyproject.toml").write_text("\n".join(lines), encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", *targets]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_reach_through_a_service_is_a_type_error(tmp_path):
    (tmp_path / "labs").mkdir()
    (tmp_path / "labs/__init__.py").write_text("")
    (tmp_path / "labs/models.py").write_text("class Result: ...\n")
    (tmp_path / "labs/service.py").write_text("from labs import models\n__all__: list[str] = []\n")
    (tmp_path / "by_import.py").write_text("from labs.service import models\n")
    (tmp_path / "by_attribute.py").write_text("from labs import service\nservice.models.Result()\n")

    said = _mypy(tmp_path, "by_import.py", "by_attribute.py").stdout

    assert (
        'by_import.py:1: error: Module "labs.service" does not explicitly export attribute "models"' in said
    )
    assert (
        'by_attribute.py:2: error: Module "labs.service" does not explicitly export attribute "models"'
        in said
    )


def test_no_module_is_excused_from_strictness():
    loosened = {"implicit_reexport", "ignore_errors", "disallow_untyped_defs", "follow_imports"}

    assert [o for o in CONFIG["tool"]["mypy"].get("overrides", []) if loosened.intersection(o)] == []


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("TID251", "from django.apps import apps\nResult = apps.get_model('labs', 'Result')\n"),
        ("TID251", "from django.utils import timezone\nNOW = timezone.now()\n"),
        ("TID251", "from datetime import UTC, datetime\nNOW = datetime.now(UTC)\n"),
        ("BLE001", "try:\n    pass\nexcept Exception:\n    pass\n"),
    ],
)
def test_ruff_flags_what_is_banned(code, line):
    command = [str(BIN / "ruff"), "check", "--no-cache", "--output-format=concise", "--stdin-filename"]

    said = subprocess.run(
        [*command, "scheduling/planted.py", "-"],
        cwd=ROOT,
        input=line,
        capture_output=True,
        text=True,
        check=False,
    )

    assert said.returncode == 1
    assert f" {code} " in said.stdout
