from __future__ import annotations

import pytest
from small_clinic import NOW, Clinic, key, patient, person_of

from scheduling import service as scheduling

pytestmark = pytest.mark.django_db


def test_book_takes_the_time_from_the_search():
    clinic = Clinic()
    assert clinic.open_times() == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]

    visit = clinic.book(patient(), 9, 30)

    assert visit.status is scheduling.Status.BOOKED
    assert clinic.open_times() == ["09:00", "10:00", "10:30", "11:00", "11:30"]


def test_book_what_is_held_keeps_the_id():
    clinic, who = Clinic(), patient()
    held = clinic.hold(who, 9)

    visit = scheduling.book(actor=who, hold_id=held.hold_id, request_key=key(), now=NOW)

    assert visit.appointment_id == held.hold_id
    assert visit.person_id == person_of(who)
