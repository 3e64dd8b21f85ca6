"""Limits of dose, age, weight and kidney function, where the pack has them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from medications.safety.known import Known, finding
from medications.safety.pack import Limit, LimitRule, Rules
from medications.safety.types import Facts, Finding, Kind, NotChecked, Why

# KDIGO 2024 asks for kidney function at least once a year in chronic kidney disease: an older value is no
# statement about today.
OLD_AFTER = timedelta(days=365)


def check(
    rules: Rules, added: Known, others: Sequence[Known], facts: Facts, now: datetime
) -> tuple[list[Finding], list[NotChecked]]:
    found: list[Finding] = []
    missing: dict[Why, NotChecked] = {}
    for rule in rules.limits:
        met = sorted(added.ingredients & rule.members)
        if not met or (rule.routes and added.drug.route and added.drug.route.lower() not in rule.routes):
            continue
        spoken = _speaks(rule, met, added, others, facts, now)
        if isinstance(spoken, Why):
            missing.setdefault(spoken, _not_checked(spoken, rule, added))
        elif spoken:
            found.append(
                finding(rule, kind=Kind.DOSE, severity=rule.severity, drugs=(added.drug,), ingredients=met)
            )
    return _heaviest(rules, found), list(missing.values())


def _speaks(
    rule: LimitRule, met: list[str], added: Known, others: Sequence[Known], facts: Facts, now: datetime
) -> bool | Why:
    """Whether the limit is passed; a Why where it cannot be said."""
    holds = _holds_at(rule, facts.age_years)
    if isinstance(holds, Why) or not holds:
        return holds
    if rule.limit in {Limit.DAILY_MG_MAX, Limit.MG_PER_KG_DAY_MAX}:
        return _dose(rule, met, (added, *others), facts)
    if rule.limit is Limit.DAYS_PER_WEEK_MAX:
        return Why.NO_DOSE if (days := added.drug.days_per_week) is None else days > rule.value
    if rule.limit is Limit.EGFR_UNDER:
        return _kidney(rule, facts, now)
    if rule.limit is Limit.WEIGHT_UNDER:
        return Why.NO_WEIGHT if facts.weight_kg is None else facts.weight_kg < rule.value
    if facts.age_years is None:
        return Why.NO_AGE
    if rule.limit is Limit.AGE_UNDER:
        return facts.age_years < rule.value
    return facts.age_years >= rule.value


def _holds_at(rule: LimitRule, age: Decimal | None) -> bool | Why:
    if rule.from_age is None and rule.to_age is None:
        return True
    if age is None:
        return Why.NO_AGE
    return (rule.from_age is None or age >= rule.from_age) and (rule.to_age is None or age < rule.to_age)


def _dose(rule: LimitRule, met: list[str], drugs: Sequence[Known], facts: Facts) -> bool | Why:
    """The sum over every drug that holds the ingredient: the second cold remedy is what harms. What is known
    may pass the limit already; where it does not and some dose is unknown, nothing can be said.
    """
    taken, unknown = _taken(met, drugs)
    limit = rule.value
    if rule.limit is Limit.MG_PER_KG_DAY_MAX:
        if facts.weight_kg is None:
            return Why.NO_WEIGHT
        limit = rule.value * facts.weight_kg
    if taken > limit:
        return True
    return Why.NO_DOSE if unknown else False


def _taken(met: list[str], drugs: Sequence[Known]) -> tuple[Decimal, bool]:
    total, unknown = Decimal(0), False
    for known in drugs:
        for ingredient in known.ingredients.intersection(met):
            amount = known.daily_mg.get(ingredient)
            unknown = unknown or (amount is None and not known.is_local)
            total += amount or Decimal(0)
    return total, unknown


def _kidney(rule: LimitRule, facts: Facts, now: datetime) -> bool | Why:
    if facts.egfr is None:
        return Why.NO_KIDNEY_FUNCTION
    if facts.egfr < rule.value:
        return True  # an old low value is reason enough to look
    if facts.egfr_at is not None and now - facts.egfr_at > OLD_AFTER:
        return Why.OLD_KIDNEY_FUNCTION
    return False


def _heaviest(rules: Rules, found: list[Finding]) -> list[Finding]:
    """Of several limits of one sort that all speak about the same ingredients, only the heaviest."""
    kinds = {rule.id: rule.limit for rule in rules.limits}
    best: dict[tuple[Limit, tuple[str, ...]], Finding] = {}
    for each in found:
        key = kinds[each.rule], each.ingredients
        if key not in best or each.severity.rank < best[key].severity.rank:
            best[key] = each
    return list(best.values())


def _not_checked(why: Why, rule: LimitRule, added: Known) -> NotChecked:
    return NotChecked(why=why, kind=Kind.DOSE, keys=(added.drug.key,), names=(added.drug.name,), rule=rule.id)
