from __future__ import annotations

from typing import Any

import pytest
from small_clinic import NOW, TUESDAY, Clinic, add_hours, at, key, offer, patient, person_of, visit_type

from scheduling import models
from scheduling import service as scheduling
from steadwell.errors import NotFound

pytestmark = pytest.mark.django_db


def test_list_day_shows_hours_visits_and_closures():
    clinic, who = Clinic(), patient()
    visit = clinic.book(who, 9)
    clinic.block(10, 11)

    (day,) = scheduling.list_day(actor=clinic.desk, site_id=clinic.site, on=TUESDAY, now=NOW)

    (column,) = day.columns
    assert [each.appointment_id for each in column.visits] == [visit.appointment_id]
    assert [(each.starts_at, each.ends_at) for each in column.hours] == [(at(9), at(12))]
    assert [each.reason for each in column.closures] == ["Meeting"]
    assert scheduling.Move.ARRIVE in column.visits[0].moves


def test_block_time_closes_it_to_search_and_booking():
    clinic = Clinic()
    clinic.block(9, 10)

    assert clinic.open_times() == ["10:00", "10:30", "11:00", "11:30"]
    with pytest.raises(scheduling.SlotTaken):
        clinic.book(patient(), 9)


def test_block_time_refuses_over_visits_and_says_which():
    clinic = Clinic()
    visit = clinic.book(patient(), 9)

    with pytest.raises(scheduling.VisitsInTheWay) as refused:
        clinic.block(9, 10)
    kept = clinic.block(9, 10, keep_visits=True)

    assert [each.appointment_id for each in refused.value.visits] == [visit.appointment_id]
    assert kept.starts_at == at(9)
    assert clinic.open_times() == ["10:00", "10:30", "11:00", "11:30"]


def test_time_under_a_kept_visit_stays_closed_when_it_is_cancelled():
    clinic, who = Clinic(), patient()
    visit = clinic.book(who, 9)
    clinic.block(9, 10, keep_visits=True)

    scheduling.cancel(actor=who, appointment_id=visit.appointment_id, reason="", request_key=key(), now=NOW)

    assert "09:00" not in clinic.open_times()
    with pytest.raises(scheduling.SlotTaken):
        clinic.book(patient(), 9)


def test_block_time_ends_a_hold_in_its_way():
    clinic, who = Clinic(), patient()
    held = clinic.hold(who, 9)

    clinic.block(9, 10)

    with pytest.raises(scheduling.HoldEnded):
        scheduling.book(actor=who, hold_id=held.hold_id, request_key=key(), now=NOW)


def test_remove_closure_opens_the_time_again():
    clinic = Clinic()
    closure = clinic.block(9, 10)

    scheduling.remove_closure(actor=clinic.desk, closure_id=closure.closure_id, request_key=key(), now=NOW)

    assert clinic.open_times()[0] == "09:00"
    assert clinic.book(patient(), 9).status is scheduling.Status.BOOKED
    kept = models.Closure.objects.get(pk=closure.closure_id)
    assert (kept.reason, kept.ended_at, kept.ended_by) == ("Meeting", NOW, clinic.desk.user_id)


def test_move_day_calls_off_each_visit_by_the_clinic_and_offers_others():
    clinic = Clinic()
    patients = [patient(), patient()]
    visits = [clinic.book(who, 9, 30 * number) for number, who in enumerate(patients)]
    request = key()
    move = {
        "actor": clinic.manager,
        "practitioner_id": clinic.clinician,
        "on": TUESDAY,
        "reason": "Ill",
        "now": NOW,
    }

    done = scheduling.move_day(**move, request_key=request)
    again = scheduling.move_day(**move, request_key=request)

    assert {each.appointment_id for each in done.touched} == {each.appointment_id for each in visits}
    assert all(
        each.cancelled_by is scheduling.CancelledBy.CLINIC and each.rebook_offered for each in done.touched
    )
    assert again.closure == done.closure
    assert {each.appointment_id for each in again.touched} == {each.appointment_id for each in visits}
    assert clinic.open_times() == []
    others = scheduling.alternatives_for(actor=patients[0], appointment_id=visits[0].appointment_id, now=NOW)
    assert others[0].offer.wall_start.date() > TUESDAY


def test_move_day_leaves_a_visit_that_is_over_as_it_was():
    clinic, noon = Clinic(), at(10, 15)
    over, ahead = clinic.book(patient(), 9), clinic.book(patient(), 11)
    day: dict[str, Any] = {
        "actor": clinic.manager, "practitioner_id": clinic.clinician, "on": TUESDAY, "now": noon
    }  # fmt: skip

    shown = scheduling.touched_by_move(**day)
    done = scheduling.move_day(**day, reason="Ill", request_key=key())

    assert [each.appointment_id for each in shown] == [ahead.appointment_id]
    assert [each.appointment_id for each in done.touched] == [ahead.appointment_id]
    assert models.Appointment.objects.get(pk=over.appointment_id).status == "booked"


def test_what_stands_at_another_clinic_is_counted_and_not_shown():
    clinic, other = Clinic(), Clinic()
    add_hours(clinic.clinician, other.site, hours=((13, 16),))
    kind = visit_type(other.site)
    here = clinic.book(patient(), 9)
    there = offer(kind, clinic.clinician, other.site, at(13))
    who = patient()
    scheduling.book_direct(actor=who, person_id=person_of(who), offer=there, request_key=key(), now=NOW)
    day: dict[str, Any] = {"actor": clinic.desk, "practitioner_id": clinic.clinician, "now": NOW}
    span = {"starts_at": at(13), "ends_at": at(16), "reason": "Ill"}

    with pytest.raises(scheduling.VisitsInTheWay) as refused:
        scheduling.block_time(**day, **span, request_key=key())
    request = key()
    done = scheduling.move_day(**day, on=TUESDAY, reason="Ill", request_key=request)
    again = scheduling.move_day(**day, on=TUESDAY, reason="Ill", request_key=request)
    leave = scheduling.add_leave(**day, **span, request_key=key())

    assert (refused.value.visits, refused.value.elsewhere) == ((), 1)
    assert [each.appointment_id for each in done.touched] == [here.appointment_id]
    assert (done.elsewhere, again.elsewhere) == (1, 1)
    assert (leave.touched, leave.elsewhere) == ((), 1)


def test_staff_of_another_clinic_see_nothing():
    clinic, other = Clinic(), Clinic()

    with pytest.raises(NotFound):
        scheduling.list_day(actor=other.desk, site_id=clinic.site, on=TUESDAY, now=NOW)
    with pytest.raises(NotFound):
        clinic.block(9, 10, actor=other.desk)
