"""Reading reference ranges in every shape that laboratories send."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.ranges import Range, read_range

numbers = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-9999, max_value=99999)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("3.5-5.0", "3.5", "5.0"), ("3.5 - 5.0", "3.5", "5.0"), ("3.5 to 5.0", "3.5", "5.0"),
        ("3,5-5,0", "3.5", "5.0"), ("(3.5-5.0)", "3.5", "5.0"), ("[3.5 - 5.0]", "3.5", "5.0"),
        ("3.5\u20135.0", "3.5", "5.0"), ("3.5 \u2212 5.0", "3.5", "5.0"), ("-5 - 5", "-5", "5"),
        ("-5-5", "-5", "5"),
        ("-5--1", "-5", "-1"), ("0-40", "0", "40"), ("Ref: 3.5-5.0", "3.5", "5.0"),
        ("between 3 and 5", "3", "5"), ("70_105", "70", "105"),
        ("1,000.5-4,000.5", "1000.5", "4000.5"), ("150-1,000,000", "150", "1000000"),
    ],
)  # fmt: skip
def test_reads_two_bounds(text: str, low: str, high: str) -> None:
    found = read_range(text, unit_text="mmol/L")

    assert (str(found.low), str(found.high), found.unit) == (low, high, "mmol/L")
    assert (found.low_inclusive, found.high_inclusive) == (True, True)


@pytest.mark.parametrize(
    ("text", "low", "high", "inclusive"),
    [
        ("<5", None, "5", False), ("<= 5", None, "5", True), ("\u2264 5", None, "5", True),
        ("up to 40", None, "40", True),
        ("less than 5", None, "5", False), (">60", "60", None, False), (">=60", "60", None, True),
        ("\u226560", "60", None, True), ("at least 60", "60", None, True),
        ("greater than 60", "60", None, False),
        ("60-", "60", None, True), ("40 or higher", "40", None, True), ("Normal: <5.0", None, "5.0", False),
    ],
)  # fmt: skip
def test_reads_one_bound(text: str, low: str | None, high: str | None, inclusive: bool) -> None:
    found = read_range(text)

    assert found.low == (Decimal(low) if low else None)
    assert found.high == (Decimal(high) if high else None)
    assert (found.low_inclusive if low else found.high_inclusive) is inclusive


@pytest.mark.parametrize(
    ("text", "unit"),
    [("10 mg/dL - 15 mg/dL", "mg/dL"), ("10-15 mg/dL", "mg/dL"), ("<5 mg/L", "mg/L"), (">= 60 mL/min/1.73m2",
     "mL/min/1.73m2"), ("4.0-11.0 x10E3/uL", "x10E3/uL"), ("4.0-6.0 %", "%"), ("35 - 45 mm Hg", "mm Hg")],
)  # fmt: skip
def test_keeps_the_unit_that_the_range_names(text: str, unit: str) -> None:
    found = read_range(text, unit_text="other")

    assert found.bounded
    assert found.unit == unit


@pytest.mark.parametrize(
    "text",
    ["M: 13-17 F: 12-15", "M 13-17; F 12-15", "Male: 13 - 17, Female: 12 - 15",
     "Men 13 to 17 / Women 12 to 15",
     "13-17 (M), 12-15 (F)", "F: 12-15 M: 13-17"],
)  # fmt: skip
def test_chooses_by_sex_and_only_by_a_known_one(text: str) -> None:
    man, woman, unknown = (read_range(text, sex=sex) for sex in ("male", "female", ""))

    assert (man.low, man.high) == (13, 17)
    assert (woman.low, woman.high) == (12, 15)
    assert not unknown.bounded
    assert unknown.text == text


@pytest.mark.parametrize("text", ["Negative", "Non-reactive", "Not detected", "None seen", "Yellow"])
def test_reads_the_usual_finding(text: str) -> None:
    assert read_range(text).text_normal == text


@pytest.mark.parametrize(
    "text",
    ["", "  ", "-", "5", "-5", "1,000-4,000", "5-3", "10 mg/dL - 15 mmol/L", "Adult: 3-5; child: 2-4",
     "See note",
     "Not established", "N/A", "3.5-5.0-7.0", "<1:40", "1e400-2e400", "*" * 500],
)  # fmt: skip
def test_reads_nothing_where_it_is_not_sure(text: str) -> None:
    found = read_range(text)

    assert not found.bounded
    assert found.text_normal == ""
    assert found.text == text


@given(
    text=st.text(max_size=80) | st.text(alphabet="0123456789.,-+<>= toMF:()%mg/dL\0", max_size=40),
    sex=st.text(),
)
def test_never_raises(text: str, sex: str) -> None:
    found = read_range(text, unit_text="g/L", sex=sex)

    assert "\0" not in found.text + found.text_normal
    if found.low is not None and found.high is not None:
        assert found.low <= found.high


def formatted(found: Range) -> str:
    """The range as a laboratory would write it."""
    if found.low is not None and found.high is not None:
        return f"{found.low:f} - {found.high:f}"
    if found.high is not None:
        return f"{'<=' if found.high_inclusive else '<'}{found.high:f}"
    if found.low is not None:
        return f"{'>=' if found.low_inclusive else '>'}{found.low:f}"
    return found.text_normal or found.text


@given(one=numbers, two=numbers, open_low=st.booleans(), open_high=st.booleans(), inclusive=st.booleans())
def test_what_is_formatted_is_read_back(
    one: Decimal, two: Decimal, open_low: bool, open_high: bool, inclusive: bool
) -> None:
    low, high = None if open_low else min(one, two), None if open_high else max(one, two)
    both = low is not None and high is not None
    written = Range(
        low=low, high=high,
        low_inclusive=both or low is None or inclusive, high_inclusive=both or high is None or inclusive,
    )  # fmt: skip

    found = read_range(formatted(written))

    assert (found.low, found.high) == (written.low, written.high)
    assert (found.low_inclusive, found.high_inclusive) == (written.low_inclusive, written.high_inclusive)
