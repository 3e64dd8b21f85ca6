"""Instants in the words of a clinic's wall clock."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.utils import timezone, translation

from steadwell.portal import service as portal

NEW_YORK = "America/New_York"


def test_moment_names_day_time_and_zone():
    text = portal.moment_text(datetime(2026, 3, 3, 19, 30, tzinfo=UTC), NEW_YORK)

    assert text == "Tuesday, March 3, 2026 at 2:30 p.m., Eastern time"


def test_day_follows_the_language():
    with translation.override("es"):
        assert portal.day_text(date(2026, 3, 3)) == "martes, 3 de marzo de 2026"
        assert portal.day_text(date(2026, 3, 3), "day-short") == "mar, 3 mar"
        assert portal.day_text(date(2026, 3, 3), "day-short-year") == "3 mar 2026"


def test_moment_of_no_clinic_is_on_the_readers_own_clock():
    with timezone.override(NEW_YORK):
        text = portal.own_moment_text(datetime(2026, 3, 3, 19, 30, tzinfo=UTC))

    assert text == "Tuesday, March 3, 2026 at 2:30 p.m., Eastern time"


@pytest.mark.parametrize(
    ("hour", "words"),
    [
        (5, "1:30 a.m. (before the clocks go back)"),
        (6, "1:30 a.m. (after the clocks go back)"),
        (7, "2:30 a.m."),
    ],
)
def test_hour_that_comes_twice_says_which(hour, words):
    assert portal.time_text(datetime(2026, 11, 1, hour, 30, tzinfo=UTC), NEW_YORK) == words


def test_zone_without_everyday_name_is_called_by_its_city():
    assert portal.zone_text("America/Argentina/Buenos_Aires") == "Buenos Aires time"
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert portal.zone_text("Asia/Kathmandu", at) == "Kathmandu time (UTC+05:45)"


@pytest.mark.parametrize(("language", "first"), [("en", "Su"), ("es", "lu")])
def test_month_starts_where_its_readers_expect(language, first):
    with translation.override(language):
        month = portal.month_of(
            first=date(2026, 3, 1),
            counts={date(2026, 3, 3): 2},
            url_for=lambda day: f"?day={day}",
            today=date(2026, 3, 3),
        )

    cells = [day for week in month.weeks for day in week if day]
    assert month.weekdays[0][0] == first
    assert len(cells) == 31
    assert [day.url for day in cells if day.url] == ["?day=2026-03-03"]
