from __future__ import annotations

from collections.abc import Callable

import pytest

from steadwell.identity import service as identity
from tests.identity.people import DESK, NOW


@pytest.fixture
def find(db: None) -> Callable[[str], list[str]]:
    """The given names a search finds, best first."""

    def names(text: str) -> list[str]:
        return [p.given_name for p in identity.search(actor=DESK, text=text, now=NOW)]

    return names
