from __future__ import annotations

import sys
from pathlib import Path

import pytest

from steadwell.terminology.rxnorm import current

sys.path.insert(0, str(Path(__file__).parent))  # `from safety_house import …` in every module of this folder


@pytest.fixture(autouse=True)
def _same_release(monkeypatch):
    """The look for another release, twice a minute, would be one statement more wherever it falls due."""
    monkeypatch.setattr(current, "RECHECK_SECONDS", float("inf"))
