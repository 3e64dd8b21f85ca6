"""The same ingredient twice, or two drugs of one class where the pack does not mean them to be together."""

from __future__ import annotations

from medications.safety.known import Known, finding, least
from medications.safety.pack import ClassRule, Rules
from medications.safety.types import Finding, Kind, Severity


def check(rules: Rules, one: Known, other: Known) -> list[Finding]:
    """A class is told of only where no shared ingredient already was: one matter, one alert."""
    shared = one.ingredients & other.ingredients
    shared = frozenset(each for each in shared if not _allowed(rules, each, each))
    found: list[Finding] = []
    for rule in rules.duplicates:
        if rule.members is None:
            if shared:
                found.append(_tell(rule, Kind.DUPLICATE_INGREDIENT, one, other, shared))
        elif met := _of_one_class(rules, rule, one, other):
            found.append(_tell(rule, Kind.DUPLICATE_CLASS, one, other, met))
    return found


def _of_one_class(rules: Rules, rule: ClassRule, one: Known, other: Known) -> frozenset[str]:
    members = rule.members or frozenset()
    pairs = {
        (mine, theirs)
        for mine in one.ingredients & members
        for theirs in other.ingredients & members
        if mine != theirs and not _allowed(rules, mine, theirs)
    }
    return frozenset(each for pair in pairs for each in pair)


def _allowed(rules: Rules, mine: str, theirs: str) -> bool:
    return any(allowed.covers(mine, theirs) for allowed in rules.allowed)


def _tell(rule: ClassRule, kind: Kind, one: Known, other: Known, met: frozenset[str]) -> Finding:
    # A cream beside a tablet of the same kind is usual: worth a line, never a stop.
    local = one.is_local != other.is_local or (one.is_local and not rule.local)
    severity = least(rule.severity, Severity.MINOR) if local else rule.severity
    return finding(rule, kind=kind, severity=severity, drugs=(one.drug, other.drug), ingredients=sorted(met))
