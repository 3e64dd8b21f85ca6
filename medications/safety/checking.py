"""The one question: may these drugs be added to those? Pure but for the packs, which are read once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import combinations

from medications.safety import allergies as allergy_rules
from medications.safety import duplicates, interactions, limits, packs
from medications.safety.known import Known, know
from medications.safety.pack import Rules
from medications.safety.types import Allergy, Checked, Drug, Facts, Finding, Kind, NotChecked, Why


def check_change(
    *,
    drugs: Sequence[Drug],
    adding: Sequence[Drug],
    allergies: Sequence[Allergy],
    facts: Facts,
    now: datetime,
) -> Checked:
    """What speaks against adding or changing these drugs beside the others, and what could not be checked.

    ``drugs`` are those that are taken and stay as they are; a drug that is changed stands in ``adding`` only.
    Findings among the drugs that stay are not repeated. Raises PackUnusable when no pack is in force: then
    the change must not pass as checked.
    """
    return check(
        packs.in_force(now=now), drugs=drugs, adding=adding, allergies=allergies, facts=facts, now=now
    )


def check(
    rules: Rules, *, drugs: Sequence[Drug], adding: Sequence[Drug], allergies: Sequence[Allergy],
    facts: Facts, now: datetime,
) -> Checked:  # fmt: skip
    """``check_change`` by given rules."""
    staying = [know(rules, drug) for drug in drugs]
    added = [know(rules, drug) for drug in adding]
    found: list[Finding] = []
    missing: list[NotChecked] = list(interactions.empty_classes(rules)) if added else []
    missing += [_unknown(each) for each in (*added, *staying) if not each.ingredients]
    pairs = [*((one, other) for one in added for other in staying), *combinations(added, 2)]
    for one, other in pairs:
        if one.ingredients and other.ingredients:
            told, not_told = interactions.check(rules, one, other)
            found += told + duplicates.check(rules, one, other)
            missing += not_told
    for each in added:
        if each.ingredients:
            others = [*staying, *(other for other in added if other is not each)]
            for told, not_told in (
                allergy_rules.check(rules, each, allergies),
                limits.check(rules, each, others, facts, now),
            ):
                found += told
                missing += not_told
            missing += _without_answers(each, allergies, facts)
    heaviest_first = sorted(found, key=lambda each: (each.severity.rank, each.kind, each.rule, each.names))
    return Checked(findings=tuple(heaviest_first), not_checked=tuple(missing), packs=rules.stamps)


def _without_answers(added: Known, allergies: Sequence[Allergy], facts: Facts) -> list[NotChecked]:
    """Nobody asked about allergies: an empty list then says nothing."""
    if allergies or facts.allergies_known:
        return []
    return [
        NotChecked(why=Why.NOT_ASKED, kind=Kind.ALLERGY, keys=(added.drug.key,), names=(added.drug.name,))
    ]


def _unknown(known: Known) -> NotChecked:
    why = Why.AMBIGUOUS if known.drug.doubt == Why.AMBIGUOUS else Why.NO_CODE
    return NotChecked(why=why, kind=None, keys=(known.drug.key,), names=(known.drug.name,))
