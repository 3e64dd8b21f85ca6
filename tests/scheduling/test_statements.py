"""How many statements each thing costs. Exact where it is hot: one more is a decision, not an accident."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from small_clinic import NOW, TUESDAY, Clinic, key, patient, person_of

from scheduling import models
from scheduling import service as scheduling
from steadwell.ids import PersonId

pytestmark = pytest.mark.django_db

_OF_THE_TRANSACTION = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


@contextmanager
def statements() -> Iterator[Callable[[], int]]:
    with CaptureQueriesContext(connection) as captured:
        yield lambda: sum(
            not q["sql"].upper().startswith(_OF_THE_TRANSACTION) for q in captured.captured_queries
        )


@pytest.fixture
def warm() -> Clinic:
    clinic = Clinic(rooms=2)
    clinic.open_times()
    return clinic


def test_a_day_s_times_are_one_statement(warm: Clinic):
    with statements() as count:
        assert warm.open_times()
    assert count() == 1


def test_a_day_s_times_after_a_change_of_set_up_are_three(warm: Clinic):
    models.Holiday.objects.create(site_id=warm.site, on=date(2027, 1, 1), name="New Year")

    with statements() as count:  # asked, found to be outdated, read, asked again
        warm.open_times()
    assert count() == 3


def test_a_month_is_one_statement(warm: Clinic):
    with statements() as count:
        scheduling.months_glance(
            actor=patient(), visit_type_id=warm.visit_type, month=date(2026, 6, 1), now=NOW
        )
    assert count() == 1


def test_book_direct_is_six_statements(warm: Clinic):
    who = patient()

    with statements() as count:
        warm.book(who)
    assert count() == 6


def test_losing_a_time_is_one_statement(warm: Clinic):
    warm.hold(patient())

    with statements() as count, pytest.raises(scheduling.SlotTaken):
        warm.hold(patient())
    assert count() == 1


def test_hold_is_three_and_book_five_statements(warm: Clinic):
    who = patient()

    with statements() as count:
        held = warm.hold(who)
    assert count() == 3
    with statements() as count:
        scheduling.book(actor=who, hold_id=held.hold_id, request_key=key(), now=NOW)
    assert count() == 5


def test_a_booking_at_once_of_a_taken_time_is_refused_after_two_statements(warm: Clinic):
    warm.book(patient())

    with statements() as count, pytest.raises(scheduling.SlotTaken):
        warm.book(patient())
    assert count() == 2


def test_reschedule_is_eight_and_cancel_seven_statements(warm: Clinic):
    who = patient()
    visit = warm.book(who)

    with statements() as count:
        scheduling.reschedule(
            actor=who, appointment_id=visit.appointment_id, offer=warm.offer(10), request_key=key(), now=NOW
        )
    assert count() == 8
    with statements() as count:
        scheduling.cancel(
            actor=who, appointment_id=visit.appointment_id, reason="", request_key=key(), now=NOW
        )
    assert count() == 7


@pytest.mark.parametrize(
    ("name", "most"), [("list_day", 4), ("list_week", 4), ("list_for_patient", 2), ("get_appointment", 2)]
)
def test_lists_cost_the_same_however_long(warm: Clinic, name: str, most: int):
    who = patient()
    visits = [warm.book(who, 9 + n // 2, 30 * (n % 2)) for n in range(6)]
    for n in range(6):
        scheduling.book_direct(
            actor=warm.desk, person_id=PersonId(uuid4()),
            offer=warm.offer(9 + n // 2, 30 * (n % 2), on=date(2026, 6, 3)),
            request_key=key(), now=NOW,
        )  # fmt: skip
    args: dict[str, Any] = {
        "list_day": {"actor": warm.desk, "site_id": warm.site, "on": TUESDAY},
        "list_week": {"actor": warm.desk, "site_id": warm.site, "monday": date(2026, 6, 1)},
        "list_for_patient": {"actor": who, "person_id": person_of(who)},
        "get_appointment": {"actor": who, "appointment_id": visits[0].appointment_id},
    }[name]

    with statements() as count:
        getattr(scheduling, name)(now=NOW, **args)
    assert count() == most
