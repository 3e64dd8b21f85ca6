"""Flags: the laboratory's own, ours, and what is shown of the two."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.flags import compute_flag, compute_span_flag, compute_text_flag, read_flags, shown_flag
from labs.ranges import Range, read_range
from labs.types import Flag, Quantity

LOW, HIGH, NORMAL, BOTH = Flag.LOW, Flag.HIGH, Flag.NORMAL, read_range("3-10")
flags = st.sampled_from([None, *Flag])


@pytest.mark.parametrize(
    ("sent", "flag"),
    [
        (["LL"], Flag.CRITICAL_LOW), (["L"], LOW), (["N"], NORMAL), (["H"], HIGH),
        (["HH"], Flag.CRITICAL_HIGH),
        (["A"], Flag.ABNORMAL), (["AA"], Flag.CRITICAL_ABNORMAL), (["H*"], Flag.CRITICAL_HIGH),
        (["*H"], Flag.CRITICAL_HIGH), (["HH*"], Flag.CRITICAL_HIGH), (["L*"], Flag.CRITICAL_LOW),
        (["*"], Flag.ABNORMAL), (["HU"], HIGH), (["LU"], LOW), (["HX"], HIGH), (["LX"], LOW),
        (["CH"], Flag.CRITICAL_HIGH),
        (["h"], HIGH), ([" H "], HIGH), (["H^High^HL70078"], HIGH), (["Critical High"], Flag.CRITICAL_HIGH),
        (["H", "A"], HIGH), (["N", "H"], HIGH), (["AA", "H"], Flag.CRITICAL_HIGH),
        (["H", "L"], Flag.ABNORMAL),
        (["HH", "L"], Flag.CRITICAL_ABNORMAL), (["U", "N"], NORMAL), ([], None), ([""], None), (['""'], None),
        *[([found], Flag.ABNORMAL) for found in ("R", "NS", "POS", "DET", "RR", "WR", "IND", "pos")],
        *[([other], Flag.OTHER) for other in (">", "<", "S", "I", "MS", "VS", "U", "D", "B", "W", "NEG", "ND",
          "NR", "SDD", "XYZ")],
    ],
)  # fmt: skip
def test_reads_the_senders_flags(sent: list[str], flag: Flag | None) -> None:
    assert read_flags(sent)[0] is flag


def test_keeps_the_senders_own_text() -> None:
    assert read_flags(["H*", "W"]) == (Flag.CRITICAL_HIGH, "H*, W")
    assert read_flags(["", '""']) == (None, "")


@pytest.mark.parametrize(
    ("value", "comparator", "range_text", "flag"),
    [
        ("2.9", "", "3-10", LOW), ("3", "", "3-10", NORMAL), ("10", "", "3-10", NORMAL),
        ("10.1", "", "3-10", HIGH),
        ("5", "<", "3-10", None), ("3", "<", "3-10", LOW), ("3", "<=", "3-10", None), ("2", "<", "3-10", LOW),
        ("10", ">", "3-10", HIGH), ("10", ">=", "3-10", None), ("5", ">", "3-10", None),
        ("1000", ">", "3-10", HIGH),
        ("5", "<", "<10", NORMAL), ("10", "<", "<10", NORMAL), ("10", "", "<10", HIGH),
        ("5", "<", "0-10", NORMAL),
        ("20", "<", "0-10", None), ("60", "", ">60", LOW), ("60", "", ">=60", NORMAL),
        ("60", ">", ">=60", NORMAL),
        ("60", ">", ">60", NORMAL), ("90", ">", ">60", NORMAL), ("5", "", "Negative", None),
        ("5", "", "", None),
        ("5", "<", "-10 - 10", None),
    ],
)  # fmt: skip
def test_computes_only_what_is_certain(
    value: str, comparator: str, range_text: str, flag: Flag | None
) -> None:
    quantity = Quantity(value=Decimal(value), unit="mmol/L", comparator=comparator)

    assert compute_flag(quantity, read_range(range_text)) is flag


@pytest.mark.parametrize(
    ("value", "comparator", "flag"),
    [("2.8", "", Flag.CRITICAL_LOW), ("2.9", "", LOW), ("6.2", "", Flag.CRITICAL_HIGH), ("6.1", "", HIGH),
     ("6", ">", HIGH), ("7", ">", Flag.CRITICAL_HIGH), ("2", "<", Flag.CRITICAL_LOW), ("4", "", NORMAL)],
)  # fmt: skip
def test_a_critical_limit_is_critical_itself(value: str, comparator: str, flag: Flag) -> None:
    quantity = Quantity(value=Decimal(value), unit="mmol/L", comparator=comparator)

    assert compute_flag(quantity, read_range("3.5-5.0"), Decimal("2.8"), Decimal("6.2")) is flag


def test_without_a_range_only_the_critical_is_said() -> None:
    assert compute_flag(Quantity(value=Decimal(4), unit=""), None, Decimal("2.8"), Decimal("6.2")) is None
    assert compute_flag(Quantity(value=Decimal(9), unit=""), None, None, Decimal("6.2")) is Flag.CRITICAL_HIGH


def test_a_value_that_is_a_range_is_flagged_as_a_whole() -> None:
    assert compute_span_flag(Decimal(4), Decimal(6), BOTH) is NORMAL
    assert compute_span_flag(Decimal(11), Decimal(12), BOTH) is HIGH
    assert compute_span_flag(Decimal(2), Decimal(4), BOTH) is None


@pytest.mark.parametrize(
    ("text", "usual", "flag"),
    [("Positive", "Negative", Flag.ABNORMAL), ("Negative", "Negative", NORMAL), ("NEG", "Negative", NORMAL),
     ("Detected", "Not detected", Flag.ABNORMAL), ("Reactive", "Non-reactive", Flag.ABNORMAL),
     ("Amber", "Yellow", None),
     ("Yellow", "Yellow", NORMAL), ("Indeterminate", "Negative", None), ("Positive", "3-10", None)],
)  # fmt: skip
def test_flags_a_finding_in_words_where_both_are_plain(text: str, usual: str, flag: Flag | None) -> None:
    assert compute_text_flag(text, read_range(usual)) is flag


@pytest.mark.parametrize(
    ("sent", "computed", "shown", "disagree"),
    [
        (HIGH, HIGH, HIGH, False), (NORMAL, HIGH, HIGH, True), (HIGH, NORMAL, HIGH, True),
        (None, HIGH, HIGH, False),
        (HIGH, None, HIGH, False), (Flag.OTHER, HIGH, HIGH, False), (Flag.OTHER, None, Flag.OTHER, False),
        (LOW, HIGH, LOW, True), (HIGH, Flag.CRITICAL_HIGH, Flag.CRITICAL_HIGH, True),
        (Flag.ABNORMAL, HIGH, HIGH, False),
        (Flag.CRITICAL_ABNORMAL, Flag.CRITICAL_LOW, Flag.CRITICAL_LOW, False),
        (Flag.ABNORMAL, NORMAL, Flag.ABNORMAL, True),
        (Flag.ABNORMAL, Flag.CRITICAL_HIGH, Flag.CRITICAL_HIGH, True), (None, None, None, False),
    ],
)  # fmt: skip
def test_shows_the_more_serious_and_says_when_they_disagree(
    sent: Flag | None, computed: Flag | None, shown: Flag | None, disagree: bool
) -> None:
    assert shown_flag(sent, computed) == (shown, disagree)


@given(sent=flags, computed=flags)
def test_shown_is_one_of_the_two_and_equal_flags_agree(sent: Flag | None, computed: Flag | None) -> None:
    shown, disagree = shown_flag(sent, computed)

    assert shown in {sent, computed}
    assert not (disagree and sent == computed)


@given(texts=st.lists(st.text(max_size=12), max_size=5))
def test_reading_flags_never_raises(texts: list[str]) -> None:
    flag, own = read_flags(texts)

    assert (flag is None) == (own == "")


@given(
    value=st.decimals(-100, 100, places=1), low=st.decimals(-50, 0, places=1), high=st.decimals(1, 50,
    places=1),
    comparator=st.sampled_from(["<", "<=", ">", ">="]), inside=st.decimals(-100, 100, places=1),
)  # fmt: skip
def test_a_flag_holds_for_every_value_that_the_comparator_allows(
    value: Decimal, low: Decimal, high: Decimal, comparator: str, inside: Decimal
) -> None:
    allowed = {"<": inside < value, "<=": inside <= value, ">": inside > value, ">=": inside >= value}[
        comparator
    ]
    reference = Range(low=low, high=high)
    flag = compute_flag(Quantity(value=value, unit="", comparator=comparator), reference)

    if allowed and flag is not None and not (low == 0 and inside < 0):
        assert compute_flag(Quantity(value=inside, unit=""), reference) is flag
