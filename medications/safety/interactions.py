"""Interactions of an added drug with the others."""

from __future__ import annotations

from collections.abc import Iterator

from medications.safety.known import Known, finding, least
from medications.safety.pack import PairRule, Rules
from medications.safety.types import Finding, Kind, NotChecked, Severity, Why


def check(rules: Rules, one: Known, other: Known) -> tuple[list[Finding], list[NotChecked]]:
    """What the rules say of two drugs. A pair of which no rule speaks is not checked."""
    found = [each for rule in rules.interactions if (each := _meet(rule, one, other)) is not None]
    if found:
        return found, []
    return [], [
        NotChecked(
            why=Why.NO_RULE,
            kind=Kind.INTERACTION,
            keys=(one.drug.key, other.drug.key),
            names=(one.drug.name, other.drug.name),
        )
    ]


def empty_classes(rules: Rules) -> Iterator[NotChecked]:
    """Rules whose class nobody has filled: they can never speak."""
    for rule in rules.interactions:
        if rule.empty:
            yield NotChecked(why=Why.CLASS_EMPTY, kind=Kind.INTERACTION, keys=(), names=(), rule=rule.id)


def _meet(rule: PairRule, one: Known, other: Known) -> Finding | None:
    straight = one.ingredients & rule.left, other.ingredients & rule.right
    turned = one.ingredients & rule.right, other.ingredients & rule.left
    for (mine, theirs), my_local, their_local in (
        (straight, rule.left_local, rule.right_local),
        (turned, rule.right_local, rule.left_local),
    ):
        # One and the same ingredient in both is a duplicate, not an interaction.
        if not mine or not theirs or (mine == theirs and len(mine) == 1):
            continue
        hardly = (one.is_local and not my_local) or (other.is_local and not their_local)
        severity = least(rule.severity, Severity.MINOR) if hardly else rule.severity
        return finding(
            rule,
            kind=Kind.INTERACTION,
            severity=severity,
            drugs=(one.drug, other.drug),
            ingredients=(*sorted(mine), *sorted(theirs)),
        )
    return None
