"""Environments of their own for what cannot stand beside the platform's packages: a FHIR validator, FHIR
clients.

Only tests and benches use them; ``manage.py install --dev`` makes them. Standard library only.
"""

from __future__ import annotations

import os
from pathlib import Path

from steadwell.launcher import bootstrap, folders
from steadwell.launcher.failures import Failure

# Where they lie, if not in the checkout: several checkouts may share them.
ELSEWHERE = "STEADWELL_TOOLS_DIR"
NAMES = ("validator", "peers")


def folder(name: str) -> Path:
    return Path(os.environ.get(ELSEWHERE) or folders.ROOT) / f".venv-{name}"


def python_of(name: str) -> Path:
    """The interpreter of one of them. Raises Failure when it was not made."""
    python = folder(name) / "bin/python"
    if not python.exists():
        raise Failure(f"{python} is not there. Make it with: python3 manage.py install --dev")
    return python


def install() -> None:
    for name in NAMES:
        bootstrap.ensure(folder(name), folders.ROOT / "requirements", name)
