"""Quiet hours by the reader's wall clock, over both changes of the year in five zones."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.quiet import QuietHours, is_quiet, next_loud, next_time

# Forward and back in 2027; Lord Howe changes by half an hour, Santiago at midnight.
CHANGES = {
    "America/New_York": (datetime(2027, 3, 14, 7, tzinfo=UTC), datetime(2027, 11, 7, 6, tzinfo=UTC)),
    "Europe/Madrid": (datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2027, 10, 31, 1, tzinfo=UTC)),
    "Australia/Lord_Howe": (datetime(2027, 10, 2, 15, 30, tzinfo=UTC), datetime(2027, 4, 3, 15, tzinfo=UTC)),
    "Pacific/Auckland": (datetime(2027, 9, 25, 14, tzinfo=UTC), datetime(2027, 4, 3, 14, tzinfo=UTC)),
    "America/Santiago": (datetime(2027, 9, 5, 4, tzinfo=UTC), datetime(2027, 4, 4, 3, tzinfo=UTC)),
}
MINUTE = timedelta(minutes=1)
wall_times = st.builds(time, st.integers(0, 23), st.integers(0, 59))


@pytest.mark.parametrize("zone", CHANGES)
def test_the_changes_are_where_this_file_says(zone: str) -> None:
    place = ZoneInfo(zone)
    for change, grows in zip(CHANGES[zone], (True, False), strict=True):
        before, after = (change - MINUTE).astimezone(place), change.astimezone(place)
        assert before.utcoffset() != after.utcoffset()
        assert (after.utcoffset() > before.utcoffset()) is grows  # type: ignore[operator]


@settings(max_examples=150)
@given(
    zone=st.sampled_from(sorted(CHANGES)), which=st.integers(0, 1), minutes=st.integers(-26 * 60, 26 * 60),
    start=wall_times, end=wall_times,
)  # fmt: skip
def test_the_end_of_quiet_is_the_first_minute_whose_wall_clock_is_not_quiet(
    zone: str, which: int, minutes: int, start: time, end: time
) -> None:
    hours = QuietHours(start=start, end=end)
    instant = CHANGES[zone][which] + minutes * MINUTE

    found = next_loud(instant, zone=zone, hours=hours)

    place, expected = ZoneInfo(zone), instant
    while hours.covers(expected.astimezone(place).time()):
        expected += MINUTE
    assert found == expected
    assert not is_quiet(found, zone=zone, hours=hours)


@settings(max_examples=150)
@given(
    zone=st.sampled_from(sorted(CHANGES)), which=st.integers(0, 1), minutes=st.integers(-26 * 60, 26 * 60),
    wall=wall_times,
)  # fmt: skip
def test_the_next_time_is_the_first_minute_at_or_over_it(
    zone: str, which: int, minutes: int, wall: time
) -> None:
    instant = CHANGES[zone][which] + minutes * MINUTE

    found = next_time(instant, zone=zone, wall=wall)

    place, expected = ZoneInfo(zone), instant + MINUTE
    for _ in range(3 * 24 * 60):
        local = expected.astimezone(place)
        before = (expected - MINUTE).astimezone(place)
        forward = local.utcoffset() > before.utcoffset()  # type: ignore[operator]
        over_midnight = local.date() > before.date() and local.time() > wall
        if local.time() == wall or (forward and (before.time() < wall < local.time() or over_midnight)):
            break
        expected += MINUTE
    assert found == expected


@pytest.mark.parametrize("zone", CHANGES)
@pytest.mark.parametrize("which", [0, 1])
def test_a_message_of_the_night_comes_at_eight_by_the_readers_clock(zone: str, which: int) -> None:
    hours = QuietHours(start=time(21), end=time(8))
    place = ZoneInfo(zone)
    evening = (CHANGES[zone][which] - timedelta(hours=3)).astimezone(place).replace(hour=23, minute=30)
    if evening.astimezone(UTC) > CHANGES[zone][which]:
        evening -= timedelta(days=1)

    found = next_loud(evening.astimezone(UTC), zone=zone, hours=hours).astimezone(place)

    assert found.time() == time(8)
    assert timedelta(hours=7) < found.astimezone(UTC) - evening.astimezone(UTC) < timedelta(hours=10)


def test_an_hour_that_comes_twice_is_quiet_twice() -> None:
    hours = QuietHours(start=time(1), end=time(1, 30))
    zone, back = "America/New_York", CHANGES["America/New_York"][1]

    first = next_loud(back - timedelta(minutes=45), zone=zone, hours=hours)
    second = next_loud(back + timedelta(minutes=10), zone=zone, hours=hours)

    assert (first, second) == (back - timedelta(minutes=30), back + timedelta(minutes=30))


def test_an_end_that_does_not_come_is_the_moment_of_the_jump() -> None:
    hours = QuietHours(start=time(21), end=time(2, 30))
    forward = CHANGES["America/New_York"][0]

    assert next_loud(forward - timedelta(hours=2), zone="America/New_York", hours=hours) == forward
