"""What somebody does not tolerate, against an added drug: the ingredient itself, then cross-reactions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from medications.safety.known import Known, finding
from medications.safety.pack import PairRule, Rules
from medications.safety.types import Allergy, Finding, Kind, NotChecked, Severity, Why

# The one rule that no pack needs to bring: what harmed once may harm again.
SAME = "same-ingredient-allergy"
_CITATION = (
    "Khan DA, Banerji A, Blumenthal KG, et al. Drug allergy: a 2022 practice parameter update. "
    "J Allergy Clin Immunol 2022;150:1333-1393."
)
_DATED = date(2026, 11, 29)
_DENIED = re.compile(r"(?:no|not|none|denies|denied|negative|niega|ninguna?)\b")


def check(rules: Rules, added: Known, allergies: Sequence[Allergy]) -> tuple[list[Finding], list[NotChecked]]:
    found: list[Finding] = []
    not_checked: list[NotChecked] = []
    for allergy in allergies:
        culprits = frozenset(rules.ingredient(name) for name in allergy.ingredients)
        culprits = culprits or rules.names.held_in(allergy.name)
        is_class = not culprits
        culprits = culprits or _of_class(rules, allergy.name)
        if not culprits:
            not_checked.append(_not_checked(Why.NO_CODE, added, allergy))
            continue
        told = _of_one(rules, added, allergy, culprits, is_class=is_class)
        found += told
        if not told:
            not_checked.append(_not_checked(Why.NO_RULE, added, allergy))
    return found, not_checked


def _of_class(rules: Rules, name: str) -> frozenset[str]:
    """Penicillins and NSAIDs are how people say it: then every member is meant."""
    plain = name.casefold().strip()
    if plain in rules.groups:
        found = rules.groups[plain]
    elif begins := [name for name in rules.classes if name.startswith(f"{plain}-")]:
        found = begins[0]
    elif _DENIED.match(plain):
        return frozenset()
    else:
        held = (word for word in rules.groups if word in plain and _is_whole(word, plain))
        found = rules.groups.get(next(held, ""), "")
    return rules.classes[found].members if found in rules.classes else frozenset()


def _is_whole(word: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


def _of_one(
    rules: Rules, added: Known, allergy: Allergy, culprits: frozenset[str], *, is_class: bool
) -> list[Finding]:
    """The heaviest rule about each ingredient: a lighter one about the same would only repeat it."""
    same = added.ingredients & culprits
    if same and not is_class:
        return [_same(rules, added, allergy, same)]
    told: dict[str, tuple[PairRule, frozenset[str]]] = {}
    for rule in rules.allergies:
        crossed = culprits & rule.left, added.ingredients & rule.right
        for ingredient in crossed[1] if crossed[0] else ():
            best = told.get(ingredient)
            if best is None or rule.severity.rank < best[0].severity.rank:
                told[ingredient] = (rule, crossed[0])
    if same and not told:  # the whole class is not tolerated, and no rule says more of it
        return [_same(rules, added, allergy, same)]
    return [
        finding(
            rule,
            kind=Kind.CROSS_REACTIVITY,
            severity=rule.severity,
            drugs=(added.drug,),
            ingredients=(ingredient,) if is_class else (ingredient, *sorted(culprit)),
            further=(allergy.name,),
        )
        for ingredient, (rule, culprit) in told.items()
    ]


def _same(rules: Rules, added: Known, allergy: Allergy, same: frozenset[str]) -> Finding:
    stamp = rules.stamps[0]
    return Finding(
        rule=f"{stamp.name}:{SAME}",
        kind=Kind.ALLERGY,
        severity=Severity.CONTRAINDICATED,
        keys=(added.drug.key,),
        names=(added.drug.name, allergy.name),
        ingredients=tuple(sorted(same)),
        mechanism={
            "en": "An allergy or intolerance to this very ingredient, or to its whole group, is on record.",
            "es": "Consta una alergia o intolerancia a este mismo principio activo, o a todo su grupo.",
        },
        advice={
            "en": "Choose another medicine, or correct the allergy first if it was recorded in error.",
            "es": "Elija otro medicamento, o corrija antes la alergia si se anotó por error.",
        },
        citation=_CITATION,
        pack=stamp.name,
        version=stamp.version,
        dated_on=_DATED,
    )


def _not_checked(why: Why, added: Known, allergy: Allergy) -> NotChecked:
    return NotChecked(
        why=why,
        kind=Kind.CROSS_REACTIVITY if why is Why.NO_RULE else Kind.ALLERGY,
        keys=(added.drug.key,),
        names=(added.drug.name, allergy.name),
    )
