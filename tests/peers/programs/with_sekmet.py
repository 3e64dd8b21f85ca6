"""sekmet against a FHIR server. What must come it waits for as long as a loaded machine takes."""

from __future__ import annotations

from typing import Any

from sekmet.cli import app
from sekmet.scenarios.runner import ScenarioRunner

PATIENCE = 300  # seconds
_wait, _subscribe = ScenarioRunner._wait, ScenarioRunner._subscribe


def wait(self: Any, spec: dict[str, Any], *more: Any) -> Any:
    return _wait(self, {**spec, "timeout": PATIENCE}, *more)


def subscribe(self: Any, spec: dict[str, Any], *more: Any) -> Any:
    return _subscribe(self, {**spec, "wait_active": PATIENCE}, *more)


ScenarioRunner._wait, ScenarioRunner._subscribe = wait, subscribe
app()
