"""Trends: values of one unit on one line, brought together where that is exact,
apart with a reason where not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from labs.series import Line, join
from labs.types import Point, Quantity, ResultView, Status, ValueKind
from steadwell.ids import new_id

START = datetime(2026, 1, 1, tzinfo=UTC)
GLUCOSE, HAEMOGLOBIN, A1C = "2345-7", "718-7", "4548-4"


def _point(value: str, unit: str, *, day: int = 0, comparator: str = "", **more: Any) -> Point:
    quantity = Quantity(value=Decimal(value), unit=unit, comparator=comparator)
    result = ResultView(
        **{
            "result_id": new_id(), "report_id": new_id(), "version": 1, "key": "k", "parent_key": "",
            "loinc": GLUCOSE, "name": "", "kind": ValueKind.NUMBER, "value_text": value, "unit_text": unit,
            "quantity": quantity, "unit_reason": "", "range_text": "", "range_low": None, "range_high": None,
            "flag": None, "flag_sent": "", "flag_computed": None, "flags_disagree": False,
            "status": Status.FINAL, "effective_at": None, "notes": (), "valid_from": START,
            "recorded_at": START, "reason": "",
        }
        | more
    )  # fmt: skip
    return Point(result=result, at=START + timedelta(days=day), performer="", site_id=None)


def _misread(value: str, unit: str, reason: str, **more: Any) -> Point:
    return _point("0", unit, value_text=value, quantity=None, unit_reason=reason, **more)


def _shown(lines: tuple[Line, ...]) -> list[tuple[str, list[str]]]:
    return [(line.unit, [str(value.value) for value in line.values]) for line in lines]


def test_units_of_one_analyte_share_a_line_in_its_own_unit():
    lines = join([_point("90", "mg/dL"), _point("5.5", "mmol/L", day=1)], loinc=GLUCOSE)

    assert _shown(lines) == [("mg/dL", ["90", "99.1"])]
    assert [value.converted for value in lines[0].values] == [False, True]


def test_bounds_are_brought_along():
    point = _point("5.5", "mmol/L", range_low=Decimal("3.9"), range_high=Decimal("5.5"))

    (line,) = join([point, _point("90", "mg/dL", day=1)], loinc=GLUCOSE)

    assert line.unit == "mg/dL"
    assert (line.values[0].low, line.values[0].high) == (Decimal("70.3"), Decimal("99.1"))


def test_comparator_stays_with_its_value():
    (line,) = join([_point("0.5", "mmol/L", comparator="<")], loinc=GLUCOSE)

    assert line.values[0].comparator == "<"


def test_scales_that_only_look_alike_stay_apart_with_a_reason():
    lines = join([_point("48", "mmol/mol"), _point("6.5", "%", day=1)], loinc=A1C)

    assert _shown(lines) == [("%", ["6.5"]), ("mmol/mol", ["48"])]
    assert lines[1].reason


def test_unknown_code_keeps_each_dimension_on_its_own_line():
    lines = join(
        [_point("10", "mg/L"), _point("1", "mg/dL", day=1), _point("3", "mmol/L", day=2)], loinc="99999-9"
    )

    assert sorted(_shown(lines)) == [("mg/dL", ["1.0", "1"]), ("mmol/L", ["3"])]
    assert all(line.reason for line in lines[1:])


def test_unit_that_was_not_understood_is_a_line_of_its_own_as_sent():
    points = [
        _point("140", "g/L"),
        _misread("<8.7", "mmol/L", "no molar mass", day=1, range_low=Decimal(8)),
        _misread("9", "units", "unknown", day=2),
    ]

    lines = join(points, loinc=HAEMOGLOBIN)

    assert _shown(lines) == [("g/dL", ["14.0"]), ("mmol/L", ["8.7"]), ("units", ["9"])]
    assert [line.reason for line in lines] == ["", "no molar mass", "unknown"]
    assert (lines[1].values[0].comparator, lines[1].values[0].low) == ("<", Decimal(8))


def test_number_without_a_unit_where_one_is_expected_is_on_no_line():
    assert join([_misread("9", "", "needs a unit")], loinc=HAEMOGLOBIN) == ()


def test_what_is_no_number_is_on_no_line():
    assert join([_misread("9 by eye", "g/L", "unknown"), _point("1", "g/L", quantity=None)], loinc="") == ()


@given(
    st.lists(
        st.tuples(
            st.decimals("0.1", 999, places=1),
            st.sampled_from(["mg/dL", "mmol/L", "g/L", "%", "U/L"]),
            st.integers(0, 9),
        ),
        max_size=12,
    ),
    st.sampled_from([GLUCOSE, A1C, "99999-9", ""]),
)
def test_every_number_is_on_exactly_one_line_in_the_order_of_time(said, loinc):
    points = [_point(str(value), unit, day=day) for value, unit, day in said]

    lines = join(points, loinc=loinc)

    drawn = [value.result.result_id for line in lines for value in line.values]
    assert sorted(drawn) == sorted(point.result.result_id for point in points)
    for line in lines:
        assert [value.at for value in line.values] == sorted(value.at for value in line.values)
    assert [line.reason == "" for line in lines[:1]] == [True] * len(lines[:1])
    assert all(line.reason for line in lines[1:])
