"""A drug as the rules know it, and the shape of a finding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from medications.safety.pack import Rule, Rules
from medications.safety.types import Drug, Finding, Kind, Severity

# Routes by which little reaches the blood. Transdermal, nasal, vaginal and rectal drugs do reach it.
LOCAL_ROUTES = frozenset({"topical", "ophthalmic", "otic"})


@dataclass(frozen=True, slots=True)
class Known:
    """A drug with its ingredients, and what is taken of them a day, under the rules' names."""

    drug: Drug
    ingredients: frozenset[str]
    daily_mg: Mapping[str, Decimal]

    @property
    def is_local(self) -> bool:
        return self.drug.route.lower() in LOCAL_ROUTES


def know(rules: Rules, drug: Drug) -> Known:
    """What terminology found, and what the packs' own names find in the drug's words: a dangerous pair must
    not pass because a brand is missing in the release that an operator loaded, or is read as a shorter one.
    """
    ingredients = frozenset(rules.ingredient(name) for name in drug.ingredients)
    ingredients |= rules.names.held_in(drug.name)
    daily = {rules.ingredient(name): amount for name, amount in drug.daily_mg.items()}
    return Known(drug, ingredients, daily)


def least(one: Severity, other: Severity) -> Severity:
    """The lighter of two."""
    return max(one, other, key=lambda severity: severity.rank)


def finding(
    rule: Rule,
    *,
    kind: Kind,
    severity: Severity,
    drugs: Iterable[Drug],
    ingredients: Iterable[str],
    further: tuple[str, ...] = (),
) -> Finding:
    """``further`` are names that are no drugs: an allergy."""
    about = tuple(drugs)
    return Finding(
        rule=rule.id,
        kind=kind,
        severity=severity,
        keys=tuple(drug.key for drug in about),
        names=(*(drug.name for drug in about), *further),
        ingredients=tuple(dict.fromkeys(ingredients)),
        mechanism=rule.mechanism,
        advice=rule.advice,
        citation=rule.citation,
        pack=rule.stamp.name,
        version=rule.stamp.version,
        dated_on=rule.dated_on,
    )
