from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "scheduling")]  # `from fhir_house import …`, and its clinic


@pytest.fixture(scope="session", autouse=True)
def _judge() -> Iterator[None]:
    yield
    import validating

    validating.stop()


@pytest.fixture
def house(db: None):
    from fhir_house import House

    return House()


@pytest.fixture
def shelf(house):
    from fhir_medicines import shelved

    return shelved(house)


@pytest.fixture
def receiver(monkeypatch):
    """Where a client is told what happens, with all the time that a loaded machine takes to answer."""
    from receiving import receiving

    from fhir_facade.subscriptions import wanted

    monkeypatch.setattr(wanted, "DEFAULT_TIMEOUT", 60)
    with receiving() as found:
        yield found
