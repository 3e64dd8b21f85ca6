"""Reminders over both changes of the year in five zones: days back on the wall clock, hours as they pass."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.availability import days_before

# The days on which the clocks go forward and back in 2027.
DAYS = {
    "America/New_York": (datetime(2027, 3, 14), datetime(2027, 11, 7)),  # noqa: DTZ001 - wall days
    "Europe/Madrid": (datetime(2027, 3, 28), datetime(2027, 10, 31)),  # noqa: DTZ001
    "Australia/Lord_Howe": (datetime(2027, 10, 3), datetime(2027, 4, 4)),  # noqa: DTZ001
    "Pacific/Auckland": (datetime(2027, 9, 26), datetime(2027, 4, 4)),  # noqa: DTZ001
    "America/Santiago": (datetime(2027, 9, 5), datetime(2027, 4, 4)),  # noqa: DTZ001
}


@settings(max_examples=200)
@given(
    zone=st.sampled_from(sorted(DAYS)), which=st.integers(0, 1), ahead=st.integers(0, 8),
    wall=st.builds(time, st.integers(6, 21), st.sampled_from([0, 15, 30, 45])), days=st.sampled_from([1, 7]),
)  # fmt: skip
def test_days_back_keep_the_wall_time(zone: str, which: int, ahead: int, wall: time, days: int) -> None:
    place = ZoneInfo(zone)
    day = (DAYS[zone][which] + timedelta(days=ahead)).date()
    starts = datetime.combine(day, wall, tzinfo=place).astimezone(UTC)

    found = days_before(zone, starts, days).astimezone(place)

    assert (found.date(), found.time()) == (day - timedelta(days=days), wall)


@pytest.mark.parametrize("zone", DAYS)
@pytest.mark.parametrize(("which", "hours"), [(0, -1), (1, 1)])
def test_a_day_back_over_the_change_is_not_24_hours(zone: str, which: int, hours: int) -> None:
    place = ZoneInfo(zone)
    change = timedelta(minutes=30) if zone == "Australia/Lord_Howe" else timedelta(hours=1)
    starts = datetime.combine(DAYS[zone][which].date(), time(9), tzinfo=place).astimezone(UTC)

    assert starts - days_before(zone, starts, 1) == timedelta(hours=24) + hours * change
