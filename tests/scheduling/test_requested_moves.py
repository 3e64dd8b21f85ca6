"""A confirmed visit at a clinic that approves first: both times are kept until the clinic decides."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from small_clinic import NOW, TUESDAY, Clinic, at, clinician, key, patient, person_of, staff
from test_visits_told import context, deliver, reader, told

from scheduling import answers, models
from scheduling import service as scheduling
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, Role
from steadwell.errors import Forbidden, NotFound, RequestKeyReused
from steadwell.outbox.models import OutboxDue
from steadwell.outbox.service import DueRow

pytestmark = pytest.mark.django_db
__all__ = ["reader"]
FAR = TUESDAY + timedelta(days=14)


@pytest.fixture
def clinic() -> Clinic:
    return Clinic(site_fields={"mode": "request", "answer_hours": 4}, step_minutes=10)


def confirmed(clinic: Clinic, who: Actor, hour: int = 9, on: date = FAR) -> scheduling.Appointment:
    visit = clinic.book(who, hour, on=on)
    return change("approve", clinic.desk, visit)


def change(name: str, actor: Actor, visit: scheduling.Appointment, **more: Any) -> scheduling.Appointment:
    values = {"appointment_id": visit.appointment_id, "request_key": key(), "now": NOW, **more}
    result: scheduling.Appointment = getattr(scheduling, name)(actor=actor, **values)
    return result


def ask(
    clinic: Clinic, who: Actor, visit: scheduling.Appointment, hour: int = 10, minute: int = 0, **more: Any
) -> scheduling.Appointment:
    return change("reschedule", who, visit, offer=clinic.offer(hour, minute, on=FAR), **more)


def open_times(clinic: Clinic) -> list[str]:
    return [each for each in clinic.open_times(on=FAR) if each.endswith(("00", "30"))]


def asked_of(visit: scheduling.Appointment) -> scheduling.RequestedMove:
    assert visit.requested_move is not None
    return visit.requested_move


def test_asking_keeps_both_times(clinic: Clinic):
    who = patient()
    visit = confirmed(clinic, who)

    asked = ask(clinic, who, visit)

    assert (asked.starts_at, asked.status) == (visit.starts_at, scheduling.Status.BOOKED)
    assert asked_of(asked).starts_at == at(10, on=FAR)
    assert scheduling.Move.WITHDRAW_MOVE in asked.moves
    assert open_times(clinic) == ["09:30", "10:30", "11:00", "11:30"]
    for hour in (9, 10):
        with pytest.raises(scheduling.SlotTaken):
            clinic.book(patient(), hour, on=FAR)
    with pytest.raises(scheduling.PatientBusy):
        clinic.book(who, 10, on=FAR, clinician=clinician(clinic.site))


def test_approving_swaps_the_times(clinic: Clinic):
    who = patient()
    visit = confirmed(clinic, who)
    ask(clinic, who, visit)

    moved = change("approve_move", clinic.desk, visit)

    assert (moved.starts_at, moved.status) == (at(10, on=FAR), scheduling.Status.BOOKED)
    assert moved.requested_move is None
    assert open_times(clinic) == ["09:00", "09:30", "10:30", "11:00", "11:30"]
    claims = models.Claim.objects.all()
    assert {claim.owner_id for claim in claims} == {visit.appointment_id}
    assert sorted(claim.kind for claim in claims) == ["patient", "practitioner", "resource"]
    assert models.MoveRequest.objects.get().state == "approved"
    steps = scheduling.history_of(actor=who, appointment_id=visit.appointment_id, now=NOW)
    assert [step.move for step in steps] == ["book", "approve", "ask-move", "approve-move"]


@pytest.mark.parametrize(
    ("name", "by_patient", "more", "state"),
    [
        ("decline_move", False, {"reason": "Full"}, "declined"),
        ("withdraw_move", True, {}, "withdrawn"),
    ],
)
def test_a_move_that_does_not_come_leaves_the_visit(
    clinic: Clinic, name: str, by_patient: bool, more: dict[str, str], state: str
):
    who = patient()
    visit = confirmed(clinic, who)
    ask(clinic, who, visit)

    after = change(name, who if by_patient else clinic.desk, visit, **more)

    assert (after.starts_at, after.status) == (visit.starts_at, scheduling.Status.BOOKED)
    assert after.requested_move is None
    assert open_times(clinic) == ["09:30", "10:00", "10:30", "11:00", "11:30"]
    assert models.MoveRequest.objects.get().state == state
    with pytest.raises(scheduling.MoveNotAllowed):
        change("approve_move", clinic.desk, visit)


def test_a_time_that_overlaps_the_visit_s_own_can_be_asked_for(clinic: Clinic):
    who = patient()
    visit = confirmed(clinic, who)

    ask(clinic, who, visit, 9, 10)
    with pytest.raises(scheduling.SlotTaken):
        clinic.book(patient(), 9, 30, on=FAR)
    moved = change("approve_move", clinic.desk, visit)

    assert f"{moved.wall_start:%H:%M}" == "09:10"
    assert clinic.open_times(on=FAR)[0] == "09:40"
    assert models.Claim.objects.count() == 3


def test_a_seat_in_another_group_can_be_asked_for():
    clinic, who = Clinic(site_fields={"mode": "request"}, capacity=2), patient()
    visit = confirmed(clinic, who)
    ask(clinic, who, visit)
    clinic.book(patient(), 10, on=FAR)
    with pytest.raises(scheduling.SlotTaken):
        clinic.book(patient(), 10, on=FAR)

    moved = change("approve_move", clinic.desk, visit)

    assert moved.is_group
    seats = models.Seat.objects.order_by("number")
    assert len(seats) == 2
    assert visit.appointment_id in {seat.owner_id for seat in seats}
    assert models.Claim.objects.filter(kind="practitioner").count() == 1


def test_asking_for_another_time_takes_the_former_request_back(clinic: Clinic):
    who = patient()
    visit = confirmed(clinic, who)
    ask(clinic, who, visit, 10)

    again = ask(clinic, who, visit, 11)
    same = ask(clinic, who, visit, 11)

    assert asked_of(again).starts_at == asked_of(same).starts_at == at(11, on=FAR)
    assert sorted(models.MoveRequest.objects.values_list("state", flat=True)) == ["open", "withdrawn"]
    assert "10:00" in open_times(clinic)


def test_a_request_that_cannot_be_had_leaves_the_former_one(clinic: Clinic):
    who = patient()
    visit = confirmed(clinic, who)
    ask(clinic, who, visit, 10)
    clinic.book(patient(), 11, on=FAR)

    with pytest.raises(scheduling.SlotTaken):
        ask(clinic, who, visit, 11)

    shown = scheduling.get_appointment(actor=who, appointment_id=visit.appointment_id, now=NOW)
    assert asked_of(shown).starts_at == at(10, on=FAR)


def test_one_key_asks_and_answers_once(clinic: Clinic):
    who, request = patient(), key()
    visit = confirmed(clinic, who)

    first, again = (ask(clinic, who, visit, request_key=request) for _ in range(2))

    assert first == again
    with pytest.raises(RequestKeyReused):
        ask(clinic, who, visit, 11, request_key=request)
    answer = key()
    yes, once_more = (change("approve_move", clinic.desk, visit, request_key=answer) for _ in range(2))
    assert yes.version == once_more.version == 4


@pytest.mark.parametrize("end", ["cancel", "desk-moves", "check-in", "mark-error"])
def test_what_happens_to_the_visit_ends_the_request(clinic: Clinic, end: str):
    who = patient()
    visit = confirmed(clinic, who)
    ask(clinic, who, visit)

    if end == "cancel":
        change("cancel", who, visit, reason="")
    elif end == "mark-error":
        change("mark_error", clinic.manager, visit, reason="Wrong person")
    elif end == "check-in":
        change("check_in", who, visit, now=at(8, 30, on=FAR))
    else:
        change("reschedule", clinic.desk, visit, offer=clinic.offer(11, on=FAR))

    assert models.MoveRequest.objects.get().state == "ended"
    assert "10:00" in open_times(clinic)
    owners = set(models.Claim.objects.values_list("owner_id", flat=True))
    assert owners <= {visit.appointment_id}


def test_the_desk_moves_at_once_also_into_the_time_asked_for(clinic: Clinic):
    who = patient()
    visit = confirmed(clinic, who)
    ask(clinic, who, visit)

    moved = change("reschedule", clinic.desk, visit, offer=clinic.offer(10, on=FAR))

    assert (moved.starts_at, moved.requested_move) == (at(10, on=FAR), None)


def test_a_requested_move_counts_as_no_visit_of_its_own():
    clinic, who = Clinic(site_fields={"mode": "request", "cap_ahead": 2, "cap_per_day": 2}), patient()
    visit = confirmed(clinic, who)
    ask(clinic, who, visit)

    clinic.book(who, 11, on=FAR)
    with pytest.raises(scheduling.CapReached):
        clinic.book(who, 11, 30, on=FAR)


def test_who_may_decide_and_who_may_not(clinic: Clinic):
    who, elsewhere = patient(), staff(Clinic().site)
    visit = confirmed(clinic, who)
    ask(clinic, who, visit)

    with pytest.raises(Forbidden):
        change("approve_move", who, visit)
    with pytest.raises(Forbidden):
        change("withdraw_move", clinic.desk, visit)
    for name, more in (("approve_move", {}), ("decline_move", {"reason": "x"}), ("withdraw_move", {})):
        with pytest.raises(NotFound):
            change(name, elsewhere, visit, **more)


def test_the_clinic_of_the_new_time_decides(clinic: Clinic):
    who, other = patient(), Clinic()
    models.Site.objects.filter(pk=other.site).update(
        organisation_id=models.Site.objects.get(pk=clinic.site).organisation_id
    )
    from small_clinic import add_hours, room

    doctor, visit_type = clinician(other.site), other.visit_type
    models.VisitType.objects.filter(pk=visit_type).update(
        organisation_id=models.Site.objects.get(pk=clinic.site).organisation_id
    )
    add_hours(doctor, clinic.site, hours=((13, 17),))
    room(clinic.site)
    visit = other.book(who, 9, on=FAR)

    asked = change(
        "reschedule", who, visit,
        offer=clinic.offer(14, on=FAR, visit_type=visit_type, clinician=doctor),
    )  # fmt: skip

    assert asked_of(asked).site_id == clinic.site
    waiting = scheduling.list_move_requests(actor=clinic.desk, site_id=clinic.site, now=NOW)
    assert [each.appointment_id for each in waiting] == [visit.appointment_id]
    with pytest.raises(NotFound):
        change("approve_move", other.desk, visit)
    assert change("approve_move", clinic.desk, visit).site_id == clinic.site


def test_a_day_called_off_declines_moves_into_it(clinic: Clinic, reader: Actor):
    visit = confirmed(clinic, reader, on=FAR - timedelta(days=1))
    ask(clinic, reader, visit)
    deliver()

    scheduling.move_day(
        actor=clinic.manager,
        practitioner_id=clinic.clinician,
        on=FAR,
        reason="Ill",
        request_key=key(),
        now=NOW,
    )
    deliver()

    shown = scheduling.get_appointment(actor=reader, appointment_id=visit.appointment_id, now=NOW)
    assert (shown.status, shown.requested_move) == (scheduling.Status.BOOKED, None)
    assert told(person_of(reader))[-1] == "visit.move-declined"


def test_a_move_into_closed_time_is_not_approved(clinic: Clinic):
    who = patient()
    visit = confirmed(clinic, who)
    ask(clinic, who, visit)
    scheduling.add_leave(
        actor=clinic.manager, practitioner_id=clinic.clinician, starts_at=at(10, on=FAR),
        ends_at=at(12, on=FAR), reason="Away", request_key=key(), now=NOW,
    )  # fmt: skip

    with pytest.raises(scheduling.TimeClosed):
        change("approve_move", clinic.desk, visit)

    assert change("decline_move", clinic.desk, visit, reason="Away").starts_at == visit.starts_at


def test_each_case_is_told(clinic: Clinic, reader: Actor):
    visit = confirmed(clinic, reader)
    deliver()
    expected = ["visit.requested", "visit.booked"]
    assert told(person_of(reader)) == expected

    for name, actor, more, template in (
        ("withdraw_move", reader, {}, "visit.move-ended"),
        ("decline_move", clinic.desk, {"reason": "Full"}, "visit.move-declined"),
        ("approve_move", clinic.desk, {}, "visit.moved"),
    ):
        ask(clinic, reader, visit)
        deliver()
        change(name, actor, visit, **more)
        deliver()
        expected += ["visit.move-requested", template]
        assert told(person_of(reader)) == expected


def promised(visit: scheduling.Appointment) -> dict[str, DueRow]:
    rows = OutboxDue.objects.filter(about=visit.appointment_id, kind__startswith="scheduling.move-request.")
    return {
        row.kind: DueRow(
            kind=row.kind, key=row.key, due_at=row.due_at, expires_at=row.expires_at, about=row.about,
            payload=row.payload,
        )
        for row in rows
    }  # fmt: skip


@pytest.mark.parametrize(("hour", "ends_at"), [(10, at(7, on=FAR)), (11, at(7, on=FAR))])
def test_a_move_nobody_decides_about_ends_before_either_time(
    clinic: Clinic, reader: Actor, hour: int, ends_at: datetime
):
    accounts.create_user(
        email="desk@example.org", password=None, roles=[Role.FRONT_DESK], site_ids=[clinic.site], now=NOW
    )
    visit = confirmed(clinic, reader)
    ask(clinic, reader, visit, hour)
    deliver()
    rows = promised(visit)
    assert rows[answers.MOVE_OVERDUE].due_at == at(10)
    assert rows[answers.MOVE_LAPSE].due_at == ends_at

    for _ in range(2):
        answers.remind_desk_of_move(rows[answers.MOVE_OVERDUE], context(at(10)))
    (waiting,) = scheduling.list_move_requests(actor=clinic.desk, site_id=clinic.site, now=at(10))
    assert asked_of(waiting).overdue
    for _ in range(2):
        answers.lapse_move(rows[answers.MOVE_LAPSE], context(ends_at))
    deliver()

    shown = scheduling.get_appointment(actor=reader, appointment_id=visit.appointment_id, now=ends_at)
    assert (shown.status, shown.starts_at) == (scheduling.Status.BOOKED, visit.starts_at)
    assert shown.requested_move is None
    assert told(person_of(reader))[-1] == "visit.move-unanswered"
    assert models.MoveRequest.objects.get().state == "lapsed"


def test_rows_of_a_former_request_leave_the_next_one_alone(clinic: Clinic, reader: Actor):
    visit = confirmed(clinic, reader)
    ask(clinic, reader, visit, 10)
    deliver()
    rows = promised(visit)
    ask(clinic, reader, visit, 11)

    answers.remind_desk_of_move(rows[answers.MOVE_OVERDUE], context(at(10)))
    answers.lapse_move(rows[answers.MOVE_LAPSE], context(at(10)))

    shown = scheduling.get_appointment(actor=reader, appointment_id=visit.appointment_id, now=NOW)
    assert asked_of(shown).starts_at == at(11, on=FAR)
    assert not asked_of(shown).overdue
