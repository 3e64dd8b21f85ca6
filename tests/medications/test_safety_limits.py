"""Limits of dose, age, weight and kidney function; and amounts out of names."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from safety_house import NOW, checked, drug, rules_of

from medications.safety import amounts
from medications.safety.types import Kind, Why


def missing(answer):
    return {each.why for each in answer.not_checked if each.kind is Kind.DOSE}


def test_dose_adds_up_over_all_drugs_that_hold_the_ingredient():
    cold = drug("acetaminophen", "dextromethorphan", daily_mg={"acetaminophen": Decimal(2600)})
    pain = drug("acetaminophen", daily_mg={"acetaminophen": Decimal(1500)})

    assert "acetaminophen-day" in rules_of(checked([pain], [cold], age_years=Decimal(40)))
    assert "acetaminophen-day" not in rules_of(checked([pain], age_years=Decimal(40)))


def test_dose_that_is_not_known_is_not_checked():
    found = checked([drug("acetaminophen")], age_years=Decimal(40))

    assert (rules_of(found), missing(found)) == (set(), {Why.NO_DOSE})


@pytest.mark.parametrize(
    ("ingredient", "facts", "rule"),
    [
        ("metformin", {"egfr": Decimal(29)}, "metformin-egfr-30"),
        ("metformin", {"egfr": Decimal(44)}, "metformin-egfr-45"),
        ("nitrofurantoin", {"egfr": Decimal(20)}, "nitrofurantoin-egfr-30"),
        ("aspirin", {"age_years": Decimal(15)}, "aspirin-child"),
        ("codeine", {"age_years": Decimal(11)}, "codeine-12"),
        ("tramadol", {"age_years": Decimal(17)}, "codeine-18"),
        ("prasugrel", {"weight_kg": Decimal(59), "age_years": Decimal(50)}, "prasugrel-weight"),
        ("promethazine", {"age_years": Decimal(1)}, "promethazine-2"),
    ],
)
def test_limit_speaks_once_where_it_is_passed(ingredient, facts, rule):
    found = [each for each in checked([drug(ingredient)], **facts).findings if each.kind is Kind.DOSE]

    assert [each.rule for each in found] == [f"core:{rule}"]


@pytest.mark.parametrize(
    ("ingredient", "facts"),
    [
        ("metformin", {"egfr": Decimal(90), "egfr_at": NOW}),
        ("aspirin", {"age_years": Decimal(16), "egfr": Decimal(90)}),
        ("codeine", {"age_years": Decimal(18)}),
    ],
)
def test_limit_is_silent_where_it_is_kept(ingredient, facts):
    assert rules_of(checked([drug(ingredient)], **facts)) == set()


def test_facts_that_are_missing_or_old_are_told():
    assert Why.NO_KIDNEY_FUNCTION in missing(checked([drug("metformin")]))
    assert Why.NO_AGE in missing(checked([drug("codeine")]))
    assert Why.NO_WEIGHT in missing(checked([drug("prasugrel")], age_years=Decimal(50)))
    old = checked([drug("metformin")], egfr=Decimal(90), egfr_at=NOW - timedelta(days=400))
    assert Why.OLD_KIDNEY_FUNCTION in missing(old)


def test_methotrexate_by_mouth_every_day_stops():
    daily = drug("methotrexate", route="oral", days_per_week=Decimal(7))
    weekly = drug("methotrexate", route="oral", days_per_week=Decimal(1))

    assert "methotrexate-weekly" in rules_of(checked([daily], egfr=Decimal(90)))
    assert "methotrexate-weekly" not in rules_of(checked([weekly], egfr=Decimal(90)))


@pytest.mark.parametrize(
    ("name", "ingredients", "amount", "unit", "per_day", "daily"),
    [
        ("acetaminophen 325 MG / hydrocodone bitartrate 5 MG Oral Tablet", ("acetaminophen", "hydrocodone"),
         Decimal(2), "tablet", Decimal(4), {"acetaminophen": Decimal(2600), "hydrocodone": Decimal(40)}),
        ("amoxicillin 80 MG/ML Oral Suspension", ("amoxicillin",), Decimal(5), "mL", Decimal(3),
         {"amoxicillin": Decimal(1200)}),
        ("levothyroxine sodium 0.05 MG Oral Tablet", ("levothyroxine",), Decimal(1), "tablet", Decimal(1),
         {"levothyroxine": Decimal("0.05")}),
        ("ibuprofen", ("ibuprofen",), Decimal(400), "mg", Decimal(3), {"ibuprofen": Decimal(1200)}),
        ("insulin glargine 100 UNT/ML Injectable Solution", ("insulin glargine",), Decimal(20), "unit",
         Decimal(1), {}),
        ("amoxicillin 80 MG/ML Oral Suspension", ("amoxicillin",), Decimal(1), "tablet", Decimal(3), {}),
    ],
)  # fmt: skip
def test_amounts_are_read_from_the_name_or_not_at_all(name, ingredients, amount, unit, per_day, daily):
    found = amounts.drug(
        key="1", shown=name, name=name, ingredients=ingredients, amount=amount, unit=unit, per_day=per_day
    )

    assert found.daily_mg == daily


@pytest.mark.parametrize(
    ("name", "route"),
    [
        ("ketoconazole 20 MG/ML Medicated Shampoo", "topical"),
        ("24 HR selegiline 0.25 MG/HR Transdermal System", "transdermal"),
        ("ciprofloxacin 3 MG/ML Ophthalmic Solution", "ophthalmic"),
        ("methotrexate 2.5 MG Oral Tablet", "oral"),
        ("something", ""),
    ],
)
def test_route_is_read_from_the_name(name, route):
    assert amounts.route_of(name) == route
