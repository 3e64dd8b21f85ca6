"""What the checks say of a change: interactions, duplicates, and what they could not look at."""

from __future__ import annotations

from itertools import product

import pytest
from safety_house import RULES, allergy, checked, drug, rules_of, unknown

from medications.safety.types import Allergy, Kind, Severity, Why

ONC = [rule for rule in RULES.interactions if rule.group and rule.group != "8"]
PAIRS = [
    (rule.id, left, right)
    for rule in ONC
    for left, right in product(sorted(rule.left), sorted(rule.right))
    if left != right
]


def test_pack_has_every_group_of_the_list():
    assert {rule.group for rule in RULES.interactions} - {""} == {str(number) for number in range(1, 16)}


@pytest.mark.parametrize("rule", [rule.id for rule in ONC])
def test_check_alerts_for_every_pair_of_a_group_in_both_orders(rule):
    for _, left, right in (pair for pair in PAIRS if pair[0] == rule):
        for one, other in ((left, right), (right, left)):
            found = checked([drug(one)], [drug(other)])

            assert rule in {each.rule for each in found.findings}, (one, other)
            assert found.findings[0].stops


def test_check_alerts_for_combinations_too():
    found = checked([drug("dextromethorphan", "quinidine")], [drug("phenelzine")])

    assert rules_of(found) == {"onc-06"}


def test_finding_says_what_it_stands_on():
    (finding,) = checked([drug("sertraline")], [drug("phenelzine")]).findings

    assert finding.severity is Severity.CONTRAINDICATED
    assert "2012;19:735" in finding.citation
    assert finding.mechanism["es"] != finding.mechanism["en"]
    assert (finding.version, finding.dated_on.year) == ("2026.11", 2026)
    assert finding.fingerprint == "core:onc-04|phenelzine|sertraline"


def test_pair_without_a_rule_is_not_checked():
    found = checked([drug("amoxicillin")], [drug("metformin")])

    assert found.findings == ()
    assert (Why.NO_RULE, ("amoxicillin", "metformin")) in {
        (each.why, each.names) for each in found.not_checked
    }


def test_rule_with_an_empty_class_is_not_checked():
    found = checked([drug("sotalol")], [drug("haloperidol")])

    assert "core:onc-08" in {each.rule for each in found.not_checked if each.why is Why.CLASS_EMPTY}


@pytest.mark.parametrize(("doubt", "why"), [("", Why.NO_CODE), ("ambiguous", Why.AMBIGUOUS)])
def test_unknown_drug_is_not_checked(doubt, why):
    found = checked([unknown("a white pill", doubt)], [drug("warfarin")])

    assert (why, None) in {(each.why, each.kind) for each in found.not_checked}


def test_findings_among_what_stays_are_not_repeated():
    found = checked([drug("metformin")], [drug("sertraline"), drug("phenelzine")])

    assert found.stopping == ()


def test_two_added_at_once_are_checked_against_each_other():
    assert rules_of(checked([drug("sertraline"), drug("phenelzine")])) == {"onc-04"}


def test_paracetamol_and_acetaminophen_are_one():
    found = checked([drug("Paracetamol", daily_mg={})], [drug("acetaminophen", "codeine")])

    assert found.findings[0].kind is Kind.DUPLICATE_INGREDIENT


def test_drug_on_the_skin_only_gets_a_note():
    found = checked([drug("ketoconazole", route="topical")], [drug("simvastatin")])

    assert [(each.severity, each.stops) for each in found.findings] == [(Severity.MINOR, False)]


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ("ibuprofen", "ibuprofen", Kind.DUPLICATE_INGREDIENT),
        ("ibuprofen", "naproxen", Kind.DUPLICATE_CLASS),
        ("lisinopril", "enalapril", Kind.DUPLICATE_CLASS),
        ("insulin glargine", "insulin degludec", Kind.DUPLICATE_CLASS),
    ],
)
def test_duplicate_is_told_once(one, other, kind):
    found = checked([drug(one, key="1")], [drug(other, key="2")])

    assert [each.kind for each in found.findings] == [kind]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("aspirin", "clopidogrel"),
        ("insulin glargine", "insulin lispro"),
        ("levothyroxine", "levothyroxine"),
        ("enoxaparin", "warfarin"),
    ],
)
def test_what_is_meant_together_is_no_duplicate(one, other):
    found = checked([drug(one, key="1")], [drug(other, key="2")])

    assert [each for each in found.findings if each.kind is not Kind.INTERACTION] == []


@pytest.mark.parametrize(
    ("culprit", "added", "severity"),
    [
        ("amoxicillin", "amoxicillin", Severity.CONTRAINDICATED),
        ("amoxicillin", "penicillin v", Severity.CONTRAINDICATED),
        ("amoxicillin", "cephalexin", Severity.SERIOUS),
        ("amoxicillin", "cefazolin", Severity.MINOR),
        ("amoxicillin", "meropenem", Severity.MINOR),
        ("ceftazidime", "aztreonam", Severity.SERIOUS),
        ("sulfamethoxazole", "furosemide", Severity.MINOR),
        ("aspirin", "ibuprofen", Severity.CONTRAINDICATED),
        ("aspirin", "celecoxib", Severity.MODERATE),
        ("carbamazepine", "phenytoin", Severity.SERIOUS),
        ("lisinopril", "sacubitril", Severity.CONTRAINDICATED),
        ("codeine", "morphine", Severity.MODERATE),
    ],
)
def test_allergy_is_told_with_the_heaviest_rule_alone(culprit, added, severity):
    found = checked([drug(added)], allergies=[allergy(culprit)])

    assert [
        each.severity for each in found.findings if each.kind in {Kind.ALLERGY, Kind.CROSS_REACTIVITY}
    ] == [severity]


def test_allergy_without_a_code_or_rule_is_not_checked():
    found = checked([drug("metformin")], allergies=[allergy(name="strawberries"), allergy("azithromycin")])

    assert {each.why for each in found.not_checked if each.kind in {Kind.ALLERGY, Kind.CROSS_REACTIVITY}} == {
        Why.NO_CODE,
        Why.NO_RULE,
    }


def test_allergies_that_nobody_asked_about_are_not_checked():
    found = checked([drug("metformin")], allergies_known=False)

    assert Why.NOT_ASKED in {each.why for each in found.not_checked}


@pytest.mark.parametrize(
    ("words", "other", "rule"),
    [
        ("Zoloft 50 mg tablet", "Nardil", "onc-04"),
        ("PARNATE 10MG", "Matulane", "onc-14"),
        ("Cafergot", "Paxlovid", "onc-12"),
        ("Vicodin 5/300", "Emsam patch", "onc-06"),
        ("phenelzine sulfate", "Imitrex", "onc-15"),
    ],
)
def test_brand_that_terminology_does_not_know_still_alerts(words, other, rule):
    assert rule in rules_of(checked([unknown(words)], [unknown(other)]))


def test_name_within_another_word_is_no_name():
    assert checked([unknown("phenelzinex")], [drug("sertraline")]).findings == ()


def test_salt_and_modified_form_count_as_their_ingredient():
    found = checked([drug("lithium carbonate")], [drug("ibuprofen")])

    assert rules_of(found) == {"lithium-raisers"}


@pytest.mark.parametrize(
    "said", ["penicillin", "Penicillins", "penicilinas", "PCN", "allergic to penicillin as a child"]
)
def test_allergy_to_a_class_counts_for_its_members(said):
    found = checked([drug("amoxicillin")], allergies=[Allergy(key="1", name=said, ingredients=())])

    assert rules_of(found) == {"penicillins"}


@pytest.mark.parametrize(
    ("said", "ingredient", "rule"),
    [
        ("sulfa drugs", "sulfamethoxazole", "sulfa-antibiotics"),
        ("Sulfonamides", "sulfamethoxazole", "sulfa-antibiotics"),
        ("NSAID allergy", "naproxen", "nsaids"),
        ("statins", "atorvastatin", "same-ingredient-allergy"),  # no rule says more of the group
        ("Statins", "simvastatin", "same-ingredient-allergy"),
    ],
)
def test_allergy_to_a_group_counts_however_it_is_written(said, ingredient, rule):
    found = checked([drug(ingredient)], allergies=[Allergy(key="1", name=said, ingredients=())])

    assert rules_of(found) == {rule}


@pytest.mark.parametrize("said", ["no known allergies", "NKDA", "denies penicillin allergy"])
def test_no_allergy_is_no_allergy_and_not_checked(said):
    found = checked([drug("amoxicillin")], allergies=[Allergy(key="1", name=said, ingredients=())])

    assert found.findings == ()
    assert Why.NO_CODE in {each.why for each in found.not_checked}
