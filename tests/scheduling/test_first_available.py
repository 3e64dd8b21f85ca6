"""The first free time with one press: found with the reader's filters, or said why there is none."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from readers import Patient
from small_clinic import Clinic, at, key

from scheduling import service as scheduling
from steadwell import clock

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_day_ends():
    """What is soon stays the same day, from the first line of a test to its last."""
    with time_machine.travel(clock.now(), tick=False):
        yield


def soon(days: int = 2):
    return clock.now().date() + timedelta(days=days)


@pytest.fixture
def clinic():
    return Clinic()


@pytest.fixture
def ada():
    return Patient()


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def no_work_for(clinic, days):
    now = clock.now()
    scheduling.add_leave(
        actor=clinic.manager, practitioner_id=clinic.clinician, starts_at=now,
        ends_at=at(0, on=soon(days)), reason="Away", request_key=key(), now=now,
    )  # fmt: skip


def test_first_available_goes_straight_to_the_day_of_the_first_time(clinic, ada):
    no_work_for(clinic, 20)
    page = ada.client.get("/visits/find/", {"type": clinic.visit_type, "part": "morning"}).content.decode()
    (url,) = re.findall(r'href="([^"]+first=1[^"]*)"', page)
    url = url.replace("&amp;", "&")

    answer = ada.client.get(url)

    assert "part=morning" in url
    assert answer.status_code == 302
    assert "first=" not in answer["Location"]
    assert "part=morning" in answer["Location"]
    day = re.search(r"on=([0-9-]+)", answer["Location"]).group(1)
    assert day >= soon(19).isoformat()
    assert (
        clinic.offer(9, on=date.fromisoformat(day)).text
        in ada.client.get(answer["Location"]).content.decode()
    )


def test_first_available_keeps_to_the_filters(clinic, ada):
    answer = ada.client.get("/visits/find/", {"type": clinic.visit_type, "part": "evening", "first": 1})

    assert answer.status_code == 200
    assert "Nothing that fits this search is free in the next 60 days." in text_of(answer)
    assert "No time is free" in text_of(answer)


def test_first_available_says_why_there_is_none(clinic, ada):
    no_work_for(clinic, 100)

    answer = ada.client.get("/visits/find/", {"type": clinic.visit_type, "first": 1})

    assert "Nothing that fits this search is free in the next 60 days." in text_of(answer)
    assert "First available" not in text_of(answer)
    assert "away" in text_of(answer)


def test_first_available_costs_five_statements(clinic, ada):
    no_work_for(clinic, 20)
    url = f"/visits/find/?type={clinic.visit_type}&first=1"
    ada.client.get(url)

    with CaptureQueriesContext(connection) as statements:
        assert ada.client.get(url).status_code == 302

    assert len(statements) <= 5, [s["sql"][:120] for s in statements]


def test_first_available_when_moving(clinic, ada):
    visit = clinic.book(ada.actor, 9, on=soon(), now=clock.now())

    answer = ada.client.get(f"/visits/{visit.appointment_id}/move/?first=1")

    assert answer.status_code == 302
    assert f"/visits/{visit.appointment_id}/move/?on=" in answer["Location"]
