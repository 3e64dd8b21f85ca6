"""The shipped table of laboratory codes holds together."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest

from steadwell.terminology.labcodes import (
    LabCode,
    ReferenceRange,
    is_loinc,
    lab_code,
    lab_codes,
    luhn_digit,
    reference_range,
)
from steadwell.terminology.ucum.converting import convert

CODES = sorted(lab_codes().values(), key=lambda code: code.loinc)
RANGES = [(code, found) for code in CODES for found in code.ranges]
ON = date(2026, 3, 3)


def _name(value: object) -> str:
    return value.loinc if isinstance(value, LabCode) else ""


@pytest.mark.parametrize("code", CODES, ids=_name)
def test_a_code_has_its_check_digit_words_and_texts(code: LabCode) -> None:
    assert is_loinc(code.loinc)
    assert code.display
    assert code.short
    assert code.category
    assert set(code.names) == set(code.plain) == {"en", "es"}
    assert all(code.names.values())
    assert all(len(text) > 40 for text in code.plain.values())
    assert code.source.startswith("MedlinePlus: ")


@pytest.mark.parametrize("code", CODES, ids=_name)
def test_a_panel_names_members_that_are_here(code: LabCode) -> None:
    assert [member for member in code.panel if lab_code(member) is None] == []
    assert not (code.panel and code.unit)


@pytest.mark.parametrize(("code", "found"), RANGES, ids=_name)
def test_a_range_is_in_order_and_names_its_source(code: LabCode, found: ReferenceRange) -> None:
    bounds = [found.critical_low, found.low, found.high, found.critical_high]
    given = [bound for bound in bounds if bound is not None]

    assert code.unit
    assert given == sorted(given)
    assert given
    assert found.source
    assert found.sex in {None, "male", "female"}
    assert 0 <= found.age_from_days < found.age_to_days


@pytest.mark.parametrize("code", CODES, ids=_name)
def test_ranges_of_a_code_never_overlap_for_one_person(code: LabCode) -> None:
    for sex in ("male", "female"):
        spans = sorted(
            (found.age_from_days, found.age_to_days) for found in code.ranges if found.sex in {None, sex}
        )
        assert all(first[1] <= second[0] for first, second in pairwise(spans))


@pytest.mark.parametrize(
    ("text", "right"),
    [("2951-2", True), ("2951-3", False), ("98979-8", True), ("2951", False), ("", False), ("-2", False),
     ("2951-", False), ("２951-2", False), ("12345678-1", False), ("2951-22", False)],
)  # fmt: skip
def test_is_loinc_checks_form_and_digit(text: str, right: bool) -> None:
    assert is_loinc(text) is right


def test_luhn_digit_as_the_users_guide_shows_it() -> None:
    assert luhn_digit("12345") == 5


def test_reference_range_goes_by_sex() -> None:
    born = date(1980, 1, 1)

    man = reference_range("2160-0", sex="male", birth_date=born, on=ON)
    woman = reference_range("2160-0", sex="female", birth_date=born, on=ON)

    assert man is not None
    assert woman is not None
    assert (man.high, woman.high) == (Decimal("1.3"), Decimal("1.1"))


def test_reference_range_says_nothing_without_a_sex_where_sexes_differ() -> None:
    assert reference_range("2160-0", sex="", birth_date=date(1980, 1, 1), on=ON) is None


def test_reference_range_says_nothing_for_a_child_where_only_adults_are_known() -> None:
    assert reference_range("2160-0", sex="male", birth_date=date(2024, 1, 1), on=ON) is None


def test_reference_range_goes_by_age() -> None:
    bands = {
        born: reference_range("718-7", sex="female", birth_date=born, on=ON)
        for born in (date(2025, 6, 1), date(2023, 3, 3), date(2016, 1, 1), date(1990, 1, 1))
    }

    assert [found and found.low for found in bands.values()] == [
        Decimal("10.5"), Decimal("11.0"), Decimal("11.5"), Decimal(12),
    ]  # fmt: skip


def test_a_newborns_critical_limit_is_its_own() -> None:
    newborn = reference_range("2823-3", sex="", birth_date=date(2026, 2, 20), on=ON)
    child = reference_range("2823-3", sex="", birth_date=date(2020, 2, 20), on=ON)

    assert newborn is not None
    assert child is not None
    assert (newborn.critical_high, child.critical_high) == (Decimal("7.8"), Decimal("6.4"))


def test_reference_range_without_a_birth_date_takes_what_holds_for_adults() -> None:
    found = reference_range("2951-2", sex="male", birth_date=None, on=ON)

    assert found is not None
    assert (found.low, found.high) == (Decimal(136), Decimal(145))


def test_an_unknown_code_has_nothing() -> None:
    assert lab_code("99999-9") is None
    assert reference_range("99999-9", sex="male", birth_date=None, on=ON) is None


def test_absolute_bounds_lie_outside_whatever_is_usual_or_critical():
    for code in lab_codes().values():
        assert (code.lowest is None) == (code.highest is None)
        if code.lowest is None or code.highest is None:
            continue
        assert code.unit
        assert code.lowest < code.highest
        for each in code.ranges:
            known = [each.low, each.high, each.critical_low, each.critical_high]
            assert all(code.lowest <= bound <= code.highest for bound in known if bound is not None), code


def test_codes_of_one_substance_have_bounds_that_mean_the_same():
    """Twins in mass and in amount differ by no more than rounding (and never by a power of ten)."""
    for mass, amount in (("2345-7", "14749-6"), ("17861-6", "2000-8"), ("2093-3", "14647-2")):
        one, other = lab_code(mass), lab_code(amount)
        assert one is not None
        assert other is not None
        converted = convert(one.highest or Decimal(0), one.unit, other.unit, loinc=mass)
        assert converted.ok
        assert 0.8 < float(converted.answer) / float(other.highest or 0) < 1.25
