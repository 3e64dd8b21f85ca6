from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling import availability

ZONES = (
    "America/New_York", "Europe/London", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia",
    "Africa/Casablanca", "Asia/Kathmandu", "America/Havana", "Asia/Tehran", "Antarctica/Troll", "UTC",
)  # fmt: skip
MINUTE = 60


def changes_of(zone: str, year: int) -> list[date]:
    """The local dates on which a zone's clocks change in a year."""
    start = datetime(year, 1, 1, tzinfo=UTC)
    hours = [start + timedelta(hours=n) for n in range(366 * 24)]
    offsets = [hour.astimezone(ZoneInfo(zone)).utcoffset() for hour in hours]
    return [
        hours[n].astimezone(ZoneInfo(zone)).date()
        for n in range(1, len(hours))
        if offsets[n] != offsets[n - 1]
    ]


CHANGES = [(zone, on) for zone in ZONES for year in (2010, 2011, 2017, 2026) for on in changes_of(zone, year)]


def by_counting(zone: str, on: date, low: int, high: int) -> set[int]:
    """The definition, minute by minute: instants whose wall reading lies in the window on that date."""
    start = int(datetime(on.year, on.month, on.day, tzinfo=UTC).timestamp()) - 26 * 3600
    found = set()
    for instant in range(start, start + 78 * 3600, MINUTE):
        local = datetime.fromtimestamp(instant, ZoneInfo(zone))
        if local.date() == on and low <= local.hour * 3600 + local.minute * 60 < high:
            found.add(instant)
    return found


days = st.one_of(
    st.sampled_from(CHANGES),
    st.tuples(st.sampled_from(ZONES), st.dates(date(2009, 1, 1), date(2037, 12, 31))),
    st.tuples(st.just("Pacific/Apia"), st.dates(date(2011, 12, 28), date(2012, 1, 1))),
)
quarter = st.integers(0, 95).map(lambda n: n * 900)


@settings(max_examples=120, deadline=None)
@given(day=days, low=quarter, length=st.integers(1, 96))
def test_window_is_what_counting_minutes_says(day, low, length):
    zone, on = day
    high = min(86_400, low + length * 900)

    found = availability.window(zone, on, low, high)

    assert {i for start, end in found for i in range(start, end, MINUTE)} == by_counting(zone, on, low, high)


@settings(max_examples=120, deadline=None)
@given(day=days, low=quarter, step=st.sampled_from([900, 1200, 1800, 2700, 3600]))
def test_grid_starts_where_the_wall_reads_a_step(day, low, step):
    zone, on = day

    starts = list(availability.grid(zone, on, low, 86_400, step))

    inside = by_counting(zone, on, low, 86_400)
    assert starts == sorted(starts)
    assert set(starts) == {
        i
        for i in inside
        if (lambda w: (w.hour * 3600 + w.minute * 60 - low) % step == 0)(availability.wall(zone, i))
    }


@settings(max_examples=60, deadline=None)
@given(day=days)
def test_a_day_is_made_of_its_segments(day):
    zone, on = day

    total = sum(end - start for start, end, _ in availability.day_segments(zone, on))

    assert total == len(by_counting(zone, on, 0, 86_400)) * MINUTE


def readings(zone: str, on: date, low: int, high: int, step: int = 1800) -> list[str]:
    return [f"{availability.wall(zone, i):%H:%M}" for i in availability.grid(zone, on, low, high, step)]


def test_hours_that_do_not_exist_vanish():
    assert readings("America/New_York", date(2026, 3, 8), 3600, 4 * 3600) == [
        "01:00",
        "01:30",
        "03:00",
        "03:30",
    ]


def test_hours_that_come_twice_are_there_twice():
    found = readings("America/New_York", date(2026, 11, 1), 3600, 2 * 3600)

    assert found == ["01:00", "01:30", "01:00", "01:30"]


def test_a_gap_of_half_an_hour():
    found = readings("Australia/Lord_Howe", date(2026, 10, 4), 3600, 3 * 3600, 1200)

    assert found == ["01:00", "01:20", "01:40", "02:40"]


def test_a_day_that_begins_at_one():
    assert readings("America/Sao_Paulo", date(2018, 11, 4), 0, 2 * 3600) == ["01:00", "01:30"]


def test_a_day_that_never_was():
    assert availability.day_segments("Pacific/Apia", date(2011, 12, 30)) == ()


@pytest.mark.parametrize(
    ("starts", "days", "expected"),
    [
        ("2026-03-10T09:00-04:00", 7, "2026-03-03T09:00-05:00"),
        ("2026-11-05T09:00-05:00", 7, "2026-10-29T09:00-04:00"),
        ("2026-03-15T02:30-04:00", 7, "2026-03-08T03:00-04:00"),  # that reading does not exist
        ("2026-06-10T09:00-04:00", 1, "2026-06-09T09:00-04:00"),
    ],
)
def test_days_before_keeps_the_wall_time(starts, days, expected):
    found = availability.days_before("America/New_York", datetime.fromisoformat(starts), days)

    assert found == datetime.fromisoformat(expected)


interval = st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda pair: (min(pair), max(pair)))


@given(kept=st.lists(interval), taken=st.lists(interval), asked=interval)
def test_intervals_are_sets(kept, taken, asked):
    def members(intervals):
        return {i for start, end in intervals for i in range(start, end)}

    left = availability.subtract(availability.merge(kept), taken)

    assert members(left) == members(kept) - members(taken)
    if asked[0] < asked[1]:
        inside = set(range(*asked))
        assert availability.Free(availability.merge(kept)).covers(*asked) == (inside <= members(kept))
        assert availability.Busy(taken).touches(*asked) == bool(inside & members(taken))
