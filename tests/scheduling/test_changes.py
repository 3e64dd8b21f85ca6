from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from small_clinic import NOW, Clinic, at, key, patient, person_of

from scheduling import models
from scheduling import service as scheduling
from scheduling.status import MOVES, allowed
from steadwell.actor import Role
from steadwell.errors import Forbidden, NotFound, RequestKeyReused, Stale
from steadwell.ids import AppointmentId, PersonId
from steadwell.outbox.models import OutboxEvent

pytestmark = pytest.mark.django_db


def change(name: str, actor: Any, visit: scheduling.Appointment, **more: Any) -> scheduling.Appointment:
    values = {"appointment_id": visit.appointment_id, "request_key": key(), "now": NOW, **more}
    result: scheduling.Appointment = getattr(scheduling, name)(actor=actor, **values)
    return result


def test_a_day_s_steps_each_leave_a_version():
    clinic, who = Clinic(), patient()
    visit, day = clinic.book(who, 9), at(8, 55)

    change("check_in", who, visit, now=day)
    change("arrive", clinic.desk, visit, now=day)
    change("start", clinic.doctor, visit, now=day)
    done = change("complete", clinic.doctor, visit, now=day)

    steps = scheduling.history_of(actor=who, appointment_id=visit.appointment_id, now=day)
    assert [step.move for step in steps] == ["book", "check-in", "arrive", "start", "complete"]
    assert [step.version for step in steps] == [1, 2, 3, 4, 5]
    assert done.status is scheduling.Status.FULFILLED


def test_no_show_waits_for_the_visit_and_a_late_patient_arrives():
    clinic = Clinic()
    visit = clinic.book(patient(), 9)

    with pytest.raises(scheduling.TooEarly):
        change("no_show", clinic.desk, visit, now=at(8, 59))
    change("no_show", clinic.desk, visit, now=at(9, 10))

    assert change("arrive", clinic.desk, visit, now=at(9, 20)).status is scheduling.Status.ARRIVED


@pytest.mark.parametrize("name", ["arrive", "start", "complete", "no_show", "approve"])
def test_patients_do_not_make_the_clinic_s_moves(name: str):
    clinic, who = Clinic(), patient()
    visit = clinic.book(who, 9)

    with pytest.raises((Forbidden, scheduling.MoveNotAllowed)):
        change(name, who, visit, now=at(9))


@pytest.mark.parametrize(
    "name", ["check_in", "arrive", "cancel", "reschedule", "history_of", "get_appointment"]
)
def test_a_visit_of_somebody_else_looks_like_none(name: str):
    clinic, stranger, other = Clinic(), patient(), Clinic()
    visit = clinic.book(patient(), 9)
    args: dict[str, Any] = {"now": NOW}
    if name not in {"history_of", "get_appointment"}:
        args["request_key"] = key()
    if name == "cancel":
        args["reason"] = "x"
    if name == "reschedule":
        args["offer"] = clinic.offer(10)

    for actor in (stranger, other.desk):
        for appointment_id in (visit.appointment_id, AppointmentId(uuid4())):
            with pytest.raises(NotFound) as refused:
                getattr(scheduling, name)(actor=actor, appointment_id=appointment_id, **args)
            assert refused.value.code == "not-found"


def test_cancel_keeps_apart_whose_act_it_was():
    clinic, who = Clinic(), patient()
    own, theirs = clinic.book(who, 9), clinic.book(patient(), 10)

    cancelled = change("cancel", who, own, reason="")
    with pytest.raises(scheduling.ReasonNeeded):
        change("cancel", clinic.desk, theirs, reason="")
    by_clinic = change("cancel", clinic.desk, theirs, reason="Water damage")

    assert cancelled.cancelled_by is scheduling.CancelledBy.PATIENT
    assert by_clinic.cancelled_by is scheduling.CancelledBy.CLINIC
    assert len(clinic.open_times()) == 6


def test_cancel_within_the_notice_is_the_clinic_s():
    clinic, who = Clinic(site_fields={"cancel_lead_minutes": 120}), patient()
    visit = clinic.book(who, 9)
    late = at(9) - timedelta(minutes=119)

    with pytest.raises(scheduling.TooLate):
        change("cancel", who, visit, reason="", now=late)
    with pytest.raises(scheduling.TooLate):
        change("reschedule", who, visit, offer=clinic.offer(11), now=late)

    shown = scheduling.get_appointment(actor=who, appointment_id=visit.appointment_id, now=late)
    assert scheduling.Move.CANCEL not in shown.moves
    assert (
        change("cancel", clinic.desk, visit, reason="Called", now=late).cancelled_by
        is scheduling.CancelledBy.CLINIC
    )


def test_cancel_twice_with_one_key_answers_the_first():
    clinic, who, request = Clinic(), patient(), key()
    visit = clinic.book(who, 9)

    first = change("cancel", who, visit, reason="", request_key=request)
    again = change("cancel", who, visit, reason="", request_key=request)

    assert first == again
    with pytest.raises(scheduling.MoveNotAllowed):
        change("cancel", who, visit, reason="")
    with pytest.raises(RequestKeyReused):
        change("cancel", who, visit, reason="Other", request_key=request)


def test_reschedule_swaps_the_times():
    clinic, who = Clinic(), patient()
    visit = clinic.book(who, 9)

    moved = change("reschedule", who, visit, offer=clinic.offer(9, 30))

    assert (moved.appointment_id, moved.version) == (visit.appointment_id, 2)
    assert clinic.open_times() == ["09:00", "10:00", "10:30", "11:00", "11:30"]
    assert models.Claim.objects.filter(owner_id=visit.appointment_id).count() == 3


def test_reschedule_may_overlap_its_own_old_time():
    clinic, who = Clinic(step_minutes=10), patient()
    visit = clinic.book(who, 9)

    moved = change("reschedule", who, visit, offer=clinic.offer(9, 10))

    assert f"{moved.wall_start:%H:%M}" == "09:10"


def test_reschedule_to_a_taken_time_leaves_the_old_one():
    clinic, who = Clinic(), patient()
    visit = clinic.book(who, 9)
    clinic.book(patient(), 10)

    with pytest.raises(scheduling.SlotTaken):
        change("reschedule", who, visit, offer=clinic.offer(10))

    same = scheduling.get_appointment(actor=who, appointment_id=visit.appointment_id, now=NOW)
    assert (same.starts_at, same.version) == (visit.starts_at, 1)


def test_reschedule_refuses_a_version_that_is_not_the_last():
    clinic, who = Clinic(), patient()
    visit = clinic.book(who, 9)
    change("reschedule", who, visit, offer=clinic.offer(10))

    with pytest.raises(Stale):
        change("reschedule", who, visit, offer=clinic.offer(11), seen_version=1)


def test_reschedule_to_what_this_user_holds():
    clinic, who = Clinic(), patient()
    visit = clinic.book(who, 9)
    clinic.hold(who, 10)

    moved = change("reschedule", who, visit, offer=clinic.offer(10))

    assert f"{moved.wall_start:%H:%M}" == "10:00"
    assert models.Hold.objects.count() == 0


def test_reschedule_between_groups_moves_the_seat():
    clinic, who = Clinic(capacity=2), patient()
    visit = clinic.book(who, 9)

    moved = change("reschedule", who, visit, offer=clinic.offer(10))

    assert moved.is_group
    assert models.Seat.objects.get().owner_id == visit.appointment_id
    assert models.Claim.objects.filter(kind="practitioner").count() == 1


def test_a_request_is_approved_or_declined():
    clinic, who = Clinic(site_fields={"mode": "request"}), patient()
    first, second = clinic.book(who, 9), clinic.book(patient(), 10)
    waiting = scheduling.list_requests(actor=clinic.desk, site_id=clinic.site, now=NOW)
    assert {visit.appointment_id for visit in waiting} == {first.appointment_id, second.appointment_id}

    approved = change("approve", clinic.desk, first)
    declined = change("decline", clinic.desk, second, reason="Full that day")

    assert approved.status is scheduling.Status.BOOKED
    assert declined.status is scheduling.Status.CANCELLED
    assert declined.cancelled_by is scheduling.CancelledBy.CLINIC
    assert clinic.open_times() == ["09:30", "10:00", "10:30", "11:00", "11:30"]


def test_mark_error_takes_a_visit_back_as_if_it_never_was():
    clinic = Clinic()
    visit = clinic.book(patient(), 9)

    with pytest.raises(Forbidden):
        change("mark_error", clinic.desk, visit, reason="Wrong patient")
    change("mark_error", clinic.manager, visit, reason="Wrong patient")

    assert "09:00" in clinic.open_times()


@pytest.mark.parametrize(
    ("at_hour", "event"),
    [(8, "appointment_cancelled"), (10, "appointment_progressed")],
)
def test_mark_error_calls_off_for_the_patient_what_was_ahead(at_hour: int, event: str):
    clinic = Clinic()
    visit = clinic.book(patient(), 9)

    scheduling.mark_error(
        actor=clinic.manager, appointment_id=visit.appointment_id, reason="Wrong patient",
        request_key=key(), now=at(at_hour),
    )  # fmt: skip

    published = OutboxEvent.objects.order_by("id").last()
    assert published is not None
    assert published.name == f"scheduling.{event}.v1"
    assert published.payload.get("by", "") == ("clinic" if at_hour == 8 else "")


def test_lists_show_each_side_its_own():
    clinic, other, who = Clinic(), Clinic(), patient()
    here, there = clinic.book(who, 9), other.book(who, 10)
    gone = clinic.book(who, 11)
    change("cancel", who, gone, reason="")
    args: dict[str, Any] = {"person_id": person_of(who), "now": NOW}

    ahead = scheduling.list_for_patient(actor=who, **args)
    past = scheduling.list_for_patient(actor=who, upcoming=False, **args)
    seen_here = scheduling.list_for_patient(actor=clinic.desk, **args)

    assert [visit.appointment_id for visit in ahead] == [here.appointment_id, there.appointment_id]
    assert [visit.appointment_id for visit in past] == [gone.appointment_id]
    assert [visit.appointment_id for visit in seen_here] == [here.appointment_id]
    with pytest.raises(NotFound):
        scheduling.list_for_patient(actor=patient(), **args)


def test_the_table_knows_every_move_and_ends_where_it_should():
    roles = frozenset({Role.ADMINISTRATOR})

    assert set(MOVES) == set(scheduling.Move)
    final = (scheduling.Status.FULFILLED, scheduling.Status.CANCELLED)
    for status in final:
        possible = {m for m in scheduling.Move if allowed(m, status=status, roles=roles, patient_side=True)}
        assert possible == {scheduling.Move.MARK_ERROR}
    assert not any(
        allowed(m, status=scheduling.Status.ENTERED_IN_ERROR, roles=roles, patient_side=True)
        for m in scheduling.Move
    )


def test_versions_cannot_be_rewritten():
    from django.db import ProgrammingError, transaction

    Clinic().book(patient(), 9)

    with pytest.raises(ProgrammingError), transaction.atomic():
        models.AppointmentVersion.objects.update(reason="nothing happened")
    assert PersonId(models.AppointmentVersion.objects.get().person_id)
