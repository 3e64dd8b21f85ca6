"""Every drug of the shipped set, by each of its names, against the dangerous partners of its ingredients.

Generated: whatever brand, salt, combination, strength or form the set holds, the pair must alert.
"""

from __future__ import annotations

from itertools import islice

import pytest
from safety_house import NOW, RULES

from medications.safety.checking import check
from medications.safety.known import know
from medications.safety.recognising import drug_from_text
from medications.safety.types import Drug, Facts
from steadwell.terminology.labcodes import DATA
from steadwell.terminology.rxnorm import current, names_file

ONC = [rule for rule in RULES.interactions if rule.group and rule.group != "8"]


@pytest.fixture(scope="module", autouse=True)
def _shipped_names():
    current.use_shipped_drugs()
    yield
    current.forget()


def names() -> list[str]:
    """Every name of the shipped set (ingredients, salts, brands, clinical and branded drugs), the brands of
    the pack, and each member of a group by itself, as a salt and in a combination.
    """
    members = sorted(frozenset().union(*(rule.left | rule.right for rule in ONC)))
    made = [
        shape.format(member)
        for member in members
        for shape in ("{}", "{} hydrochloride 10 MG", "acetaminophen 325 MG / {} 5 MG Oral Tablet")
    ]
    shipped = {row.name for row in names_file.read(DATA / "rxnorm_starter.tsv")}
    return sorted(shipped | set(RULES.names.brands) | set(made))


def read_all() -> list[tuple[str, Drug, frozenset[str]]]:
    """Each name, the drug that it is read as, and the ingredients that the rules see in it."""
    read = [(name, drug_from_text(name, name)) for name in names()]
    return [(name, drug, know(RULES, drug).ingredients) for name, drug in read]


READ: list[tuple[str, Drug, frozenset[str]]] = []


def read_once() -> list[tuple[str, Drug, frozenset[str]]]:
    if not READ:
        READ.extend(read_all())
    return READ


def partner(ingredient: str) -> Drug:
    return Drug(key=ingredient, name=ingredient, ingredients=(ingredient,))


@pytest.mark.parametrize("rule", ONC, ids=lambda rule: rule.id)
def test_every_name_of_a_member_alerts(rule):
    tried = 0
    for name, drug, ingredients in read_once():
        for mine, theirs in ((rule.left, rule.right), (rule.right, rule.left)):
            if not ingredients & mine:
                continue
            for other in islice(sorted(theirs - ingredients), 3):
                found = check(
                    RULES, drugs=[partner(other)], adding=[drug], allergies=[], facts=Facts(), now=NOW
                )
                assert rule.id in {each.rule for each in found.findings}, (name, other)
                tried += 1
    assert tried


def test_every_member_that_stands_in_a_name_is_seen_in_it():
    """The other way round: a member's name in a drug's official name must be among its ingredients."""
    members = frozenset().union(*(rule.left | rule.right for rule in ONC))
    missed = [
        (name, sorted(held - ingredients))
        for name, _drug, ingredients in read_once()
        if (held := RULES.names.held_in(name) & members) - ingredients
    ]

    assert missed == []


def test_brands_of_the_pack_are_read_with_all_their_ingredients():
    """Whether terminology knows the brand or the pack alone does: what is in it must be seen."""
    read = {name: ingredients for name, _drug, ingredients in read_once()}
    missed = {
        brand: sorted(wanted - read[brand])
        for brand, held in RULES.names.brands.items()
        if not (wanted := {RULES.ingredient(each) for each in held} & RULES.known) <= read[brand]
    }

    assert missed == {}
