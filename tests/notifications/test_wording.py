"""The words: every language says the same with the same variables, and times are the clinic's, on every
day.
"""

# ruff: noqa: DTZ001 - wall-clock times are meant
from __future__ import annotations

from datetime import UTC, datetime
from string import Formatter
from zoneinfo import ZoneInfo

import pytest

from notifications import checking, rendering
from notifications.wording import PARAMS, TEMPLATES, VARIABLES, Template

ALL = list(TEMPLATES.values())


@pytest.mark.parametrize("template", ALL, ids=lambda t: t.code)
def test_what_ships_passes_the_check_of_what_staff_write(template: Template) -> None:
    assert checking.findings(template, template.texts) == []


def used(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("template", ALL, ids=lambda t: t.code)
def test_every_language_uses_the_same_known_variables(template: Template) -> None:
    per_language = {
        language: {v for part in (text.subject, *text.lines, text.action) for v in used(part)}
        for language, text in template.texts.items()
    }

    assert set(per_language) == {"en", "es"}
    assert per_language["en"] == per_language["es"] <= VARIABLES.keys()
    needed = {VARIABLES[v] for v in per_language["en"]} - {"place"}
    assert needed <= template.required <= PARAMS
    assert template.expires in {"", *template.required}


@pytest.mark.parametrize("template", ALL, ids=lambda t: t.code)
def test_subjects_fit_a_preview_and_a_missing_place_leaves_its_line_out(template: Template) -> None:
    params = dict.fromkeys(("starts_at", "old_starts_at"), "2027-03-03T18:30:00+00:00") | {
        "zone": "America/Chicago",
        "count": "3",
        "code": "123456",
    }

    for language in ("en", "es", "es-MX", "fr"):
        words = rendering.words(template.code, params, language)
        assert len(words.subject) <= 90
        assert not any("{" in line or line.endswith(": ") for line in words.lines)


def moment(instant: datetime, zone: str, language: str = "en") -> str:
    params = {"starts_at": instant.isoformat(), "zone": zone}
    return rendering.words("visit.reminder", params, language).lines[0]


@pytest.mark.parametrize(
    ("zone", "wall", "fold", "said"),
    [
        (
            "America/New_York",
            datetime(2027, 3, 13, 9, 0),
            0,
            "Saturday, March 13, 2027 at 9:00 a.m., Eastern time",
        ),
        (
            "America/New_York",
            datetime(2027, 3, 14, 9, 0),
            0,
            "Sunday, March 14, 2027 at 9:00 a.m., Eastern time",
        ),
        (
            "America/New_York",
            datetime(2027, 11, 7, 9, 0),
            0,
            "Sunday, November 7, 2027 at 9:00 a.m., Eastern time",
        ),
        ("America/New_York", datetime(2027, 11, 7, 1, 30), 0, "1:30 a.m. (before the clocks go back)"),
        ("America/New_York", datetime(2027, 11, 7, 1, 30), 1, "1:30 a.m. (after the clocks go back)"),
        (
            "Europe/Madrid",
            datetime(2027, 3, 28, 9, 0),
            0,
            "Sunday, March 28, 2027 at 9:00 a.m., Spanish time",
        ),
        (
            "Europe/Madrid",
            datetime(2027, 10, 31, 9, 0),
            0,
            "Sunday, October 31, 2027 at 9:00 a.m., Spanish time",
        ),
        ("America/Phoenix", datetime(2027, 3, 14, 9, 0), 0, "at 9:00 a.m., Arizona time"),
        ("Australia/Lord_Howe", datetime(2027, 4, 4, 9, 0), 0, "at 9:00 a.m., Lord Howe time (UTC+10:30)"),
        ("Pacific/Auckland", datetime(2027, 9, 26, 9, 0), 0, "Sunday, September 26, 2027 at 9:00 a.m."),
    ],
)
def test_a_reminder_says_the_clinics_wall_clock_on_the_days_the_clocks_change(
    zone: str, wall: datetime, fold: int, said: str
) -> None:
    instant = wall.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)

    assert said in moment(instant, zone)


def test_a_mail_has_one_link_that_means_nothing_and_no_outside_address() -> None:
    params = {
        "starts_at": "2027-03-03T18:30:00+00:00",
        "zone": "UTC",
        "place": "<b>Pier</b>",
        "path": "/visits/123/",
    }

    mail = rendering.mail(rendering.words("visit.booked", params, "en"), token="t0ken", language="en")

    assert "/inbox/t0ken/" in mail.text
    assert "/visits/123/" not in mail.text + mail.html
    assert "&lt;b&gt;Pier&lt;/b&gt;" in mail.html
    assert "Where: <b>Pier</b>" in mail.text
    assert "src=" not in mail.html
