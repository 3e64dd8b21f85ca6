"""Pictures of values: nothing ever leaves its box, whatever a laboratory sends."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from labs import pictures
from labs.pictures import NARROW, WIDE, Place, Point
from labs.pictures.scales import around, tick_text, ticks

DAY = datetime(2026, 3, 1, 9, tzinfo=UTC)
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")

values = st.decimals(allow_nan=False, allow_infinity=False) | st.sampled_from(
    [Decimal("1E+400"), Decimal("-1E+400"), Decimal("1E-400"), Decimal(0), Decimal("7.10")]
)
limits = st.none() | values
points = st.builds(
    Point,
    at=st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),  # noqa: DTZ001
    value=values,
    text=st.just("7.1 %"),
    day=st.just("Mar 1"),
    place=st.sampled_from(list(Place)),
    comparator=st.sampled_from(["", "", "<", ">="]),
    low=limits,
    high=limits,
)


def point(value: str, days: int = 0, **more) -> Point:
    return Point(at=DAY + timedelta(days=days), value=Decimal(value), text=value, day=f"day {days}", **more)


def inside(box, *places: tuple[float, float]) -> bool:
    return all(-1 <= x <= box.width + 1 and -1 <= y <= box.height + 1 for x, y in places)


@given(st.lists(points, min_size=1, max_size=12), st.sampled_from([WIDE, NARROW]))
def test_trend_stays_in_its_box(given_points, box):
    picture = pictures.trend(given_points, box=box)

    assert inside(box, *((mark.x, mark.y) for mark in picture.marks))
    assert all(float(b.width) > 0 and float(b.height) >= 0 for b in picture.bands)
    assert inside(box, *((float(b.x) + float(b.width), float(b.y) + float(b.height)) for b in picture.bands))
    assert inside(box, *((float(each.x), float(each.y)) for each in (*picture.rules, *picture.days)))
    assert inside(box, (float(picture.latest.x), float(picture.latest.y)))
    assert len(picture.marks) == len(given_points)


@given(values, limits, limits, st.sampled_from(["", "<", ">"]))
def test_range_stays_in_its_box(value, low, high, comparator):
    picture = pictures.range_bar(value, low=low, high=high, comparator=comparator)

    if picture is None:
        assert (low is None and high is None) or (low is not None and high is not None and low > high)
        return
    assert picture.box.left <= picture.pointer_x <= picture.box.x_end
    assert all(0 <= float(zone.x) <= picture.box.width for zone in picture.zones)
    assert any(zone.is_usual for zone in picture.zones)
    assert all(-2 <= float(n) <= 370 for n in NUMBER.findall(picture.pointer))


@given(values, values)
def test_ticks_are_few_and_inside(one, other):
    low, high = around([one, other])

    found = ticks(low, high)

    assert len(found) <= 4
    assert all(low <= tick <= high for tick in found)
    assert all(len(tick_text(tick)) <= 16 for tick in found)


def test_one_point_stands_in_the_middle():
    picture = pictures.trend([point("7.1")])

    assert picture.line == ()
    assert picture.marks[0].x == (WIDE.left + WIDE.x_end) / 2
    assert len(picture.days) == 1


def test_equal_points_make_a_level_line():
    picture = pictures.trend([point("5", n) for n in range(3)])

    assert len({mark.y for mark in picture.marks}) == 1
    assert len(picture.line) == 2


def test_points_are_drawn_in_the_order_of_time():
    picture = pictures.trend([point("3", 9), point("1", 0), point("2", 4)])

    assert [mark.title for mark in picture.marks] == ["day 0: 1", "day 4: 2", "day 9: 3"]
    assert [mark.is_latest for mark in picture.marks] == [False, False, True]


def test_a_bound_is_an_open_mark_on_a_dashed_line():
    picture = pictures.trend([point("5"), point("3", 1, comparator="<")])

    assert [mark.is_open for mark in picture.marks] == [False, True]
    assert [stretch.dashed for stretch in picture.line] == [True]


def test_ranges_that_change_make_bands_that_change():
    low = {"low": Decimal(4), "high": Decimal(6)}
    picture = pictures.trend(
        [point("5", 0, **low), point("5", 1, **low), point("5", 2), point("5", 3, low=Decimal(3))]
    )

    assert len(picture.bands) == 2  # two joined, one without, one open upwards
    assert float(picture.bands[1].y) == WIDE.top


def test_higher_is_further_up():
    low, high = pictures.trend([point("4"), point("9", 1)]).marks

    assert high.y < low.y


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ("2", "far-low"),
        ("3.4", "low"),
        ("3.5", "usual"),
        ("5.1", "usual"),
        ("5.2", "high"),
        ("7", "far-high"),
    ],
)
def test_a_value_has_its_place(value, place):
    found = pictures.place_of(
        Decimal(value),
        low=Decimal("3.5"),
        high=Decimal("5.1"),
        critical_low=Decimal("2.5"),
        critical_high=Decimal("6.5"),
    )

    assert found == place


def test_every_place_has_a_shape_of_its_own():
    shapes = {
        pictures.trend([point("5", place=place)]).marks[0].path
        for place in Place
        if place is not Place.UNKNOWN
    }

    assert len(shapes) == len(Place) - 1


def test_a_value_far_out_is_held_at_the_edge_and_says_so():
    picture = pictures.range_bar(Decimal(900), low=Decimal(4), high=Decimal(6))

    assert picture.beyond
    assert picture.pointer_x == picture.box.x_end


def test_pictures_carry_their_text_and_no_style_of_their_own():
    trend = render_to_string(
        "labs/pictures/_trend.html",
        {"picture": pictures.trend([point("5")]), "summary": "Steady", "size": "wide"},
    )
    bar = render_to_string(
        "labs/pictures/_range.html",
        {"picture": pictures.range_bar(Decimal(5), low=Decimal(4), high=None), "summary": "Usual"},
    )

    assert 'aria-label="Steady"' in trend
    assert 'aria-label="Usual"' in bar
    assert "style=" not in trend + bar
