"""Drugs and a rule pack to check them by, without a database."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from medications.safety.building import build
from medications.safety.checking import check
from medications.safety.types import Allergy, Checked, Drug, Facts

NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
CORE = Path(__file__).resolve().parents[2] / "medications/safety/data/core"
RULES = build([CORE])


def drug(*ingredients: str, key: str = "", **more: object) -> Drug:
    name = " / ".join(ingredients)
    return Drug(key=key or name, name=name, ingredients=ingredients, **more)  # type: ignore[arg-type]


def unknown(name: str, doubt: str = "") -> Drug:
    return Drug(key=name, name=name, ingredients=(), doubt=doubt)


def allergy(*ingredients: str, name: str = "") -> Allergy:
    return Allergy(key=name or ingredients[0], name=name or ingredients[0], ingredients=ingredients)


def checked(
    adding: list[Drug],
    beside: list[Drug] | None = None,
    allergies: list[Allergy] | None = None,
    **facts: object,
) -> Checked:
    return check(
        RULES,
        drugs=beside or [],
        adding=adding,
        allergies=allergies or [],
        facts=Facts(**facts),
        now=NOW,  # type: ignore[arg-type]
    )


def rules_of(answer: Checked) -> set[str]:
    return {finding.rule.removeprefix("core:") for finding in answer.findings}
