"""Requests that the clinic is slow to answer, or never answers."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from small_clinic import NOW, TUESDAY, Clinic, at, key, patient, person_of, staff
from test_visits_told import context, deliver, reader, told

from scheduling import answers, catalogue, models
from scheduling import service as scheduling
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, Role
from steadwell.errors import NotFound
from steadwell.outbox.models import OutboxDue
from steadwell.outbox.service import DueRow

pytestmark = pytest.mark.django_db
__all__ = ["reader"]
FAR = TUESDAY + timedelta(days=14)


@pytest.fixture
def clinic() -> Clinic:
    """Open from 09:00 to 12:00, with 120 minutes before a visit as the last moment to answer."""
    return Clinic(site_fields={"mode": "request", "answer_hours": 4})


def promised(visit: scheduling.Appointment) -> dict[str, DueRow]:
    rows = OutboxDue.objects.filter(
        about=visit.appointment_id, state="waiting", kind__startswith=answers.PREFIX
    )
    return {
        row.kind: DueRow(
            kind=row.kind, key=row.key, due_at=row.due_at, expires_at=row.expires_at, about=row.about,
            payload=row.payload,
        )
        for row in rows
    }  # fmt: skip


def requested(
    clinic: Clinic, reader: Actor, on: date = FAR
) -> tuple[scheduling.Appointment, dict[str, DueRow]]:
    visit = clinic.book(reader, 10, on=on)
    deliver()
    return visit, promised(visit)


def test_a_request_promises_a_reminder_after_working_hours_and_an_end(clinic: Clinic, reader: Actor):
    visit, rows = requested(clinic, reader)

    # Asked on Monday at 08:00: three hours that day, the fourth on Tuesday.
    assert rows[answers.OVERDUE].due_at == at(10, on=TUESDAY)
    assert rows[answers.LAPSE].due_at == visit.starts_at - timedelta(hours=2)


@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [
        (at(8, on=date(2026, 6, 1)), 3, at(12, on=date(2026, 6, 1))),
        (at(11, on=date(2026, 6, 1)), 2, at(10, on=date(2026, 6, 2))),
        (at(13, on=date(2026, 6, 2)), 1, at(10, on=date(2026, 6, 4))),  # Wednesday is a holiday
        (at(8, on=date(2026, 10, 31)), 4, at(10, on=date(2026, 11, 1))),  # the clocks change in between
    ],
)
def test_working_hours_are_those_of_the_site(clinic: Clinic, start: datetime, hours: int, expected: datetime):
    models.Holiday.objects.create(site_id=clinic.site, on=date(2026, 6, 3), name="Founders' day")

    assert answers.after_working_hours(catalogue.current(), clinic.site, start, hours) == expected


def test_working_hours_of_a_site_without_hours_end_somewhere(clinic: Clinic):
    models.WeeklyHours.objects.all().delete()

    assert answers.after_working_hours(catalogue.current(), clinic.site, NOW, 4) > NOW


def test_a_request_for_soon_is_brought_up_halfway_to_its_end(clinic: Clinic, reader: Actor):
    visit, rows = requested(clinic, reader, on=date(2026, 6, 1))  # for 10:00, at 08:00

    assert rows[answers.LAPSE].due_at == visit.starts_at
    assert rows[answers.OVERDUE].due_at == NOW + timedelta(hours=1)


def test_an_overdue_request_is_on_top_and_the_desk_is_written_to_once(clinic: Clinic, reader: Actor):
    accounts.create_user(
        email="desk@example.org", password=None, roles=[Role.FRONT_DESK], site_ids=[clinic.site], now=NOW
    )
    visit, rows = requested(clinic, reader)
    other = clinic.book(patient(), 9, on=FAR)

    for _ in range(2):
        answers.remind_desk(rows[answers.OVERDUE], context(at(10)))

    (overdue,) = scheduling.list_overdue(actor=clinic.desk, site_id=clinic.site, now=at(10))
    waiting = scheduling.list_requests(actor=clinic.desk, site_id=clinic.site, now=at(10))
    assert (overdue.appointment_id, overdue.overdue) == (visit.appointment_id, True)
    assert [each.appointment_id for each in waiting] == [visit.appointment_id, other.appointment_id]
    from notifications.models import Message

    assert Message.objects.filter(template="staff.overdue-request").count() == 1


def test_a_request_that_nobody_answers_ends_and_its_patient_is_told(clinic: Clinic, reader: Actor):
    visit, rows = requested(clinic, reader)
    due = rows[answers.LAPSE].due_at

    for _ in range(2):
        answers.lapse(rows[answers.LAPSE], context(due))
    deliver()

    shown = scheduling.get_appointment(actor=reader, appointment_id=visit.appointment_id, now=due)
    assert (shown.status, shown.lapsed, shown.version) == (scheduling.Status.CANCELLED, True, 2)
    assert shown.cancelled_by is scheduling.CancelledBy.CLINIC
    assert told(person_of(reader)) == ["visit.requested", "visit.unanswered"]
    assert "10:00" in clinic.open_times(on=FAR)
    assert promised(visit) == {}
    (lapsed,) = scheduling.list_lapsed(actor=clinic.desk, site_id=clinic.site, now=due)
    assert lapsed.appointment_id == visit.appointment_id
    assert scheduling.list_requests(actor=clinic.desk, site_id=clinic.site, now=due) == ()


@pytest.mark.parametrize("answer", ["approve", "decline", "cancel", "move"])
def test_an_answer_leaves_nothing_to_remind_of_or_to_end(clinic: Clinic, reader: Actor, answer: str):
    visit, rows = requested(clinic, reader)
    common = {"appointment_id": visit.appointment_id, "request_key": key(), "now": NOW}
    if answer == "approve":
        scheduling.approve(actor=clinic.desk, **common)
    elif answer == "decline":
        scheduling.decline(actor=clinic.desk, reason="Full", **common)
    elif answer == "cancel":
        scheduling.cancel(actor=reader, reason="", **common)
    else:
        scheduling.reschedule(actor=reader, offer=clinic.offer(11, on=FAR), **common)
    before = scheduling.get_appointment(actor=reader, appointment_id=visit.appointment_id, now=NOW)

    # Even rows that were on their way already do nothing.
    answers.remind_desk(rows[answers.OVERDUE], context(at(10)))
    answers.lapse(rows[answers.LAPSE], context(rows[answers.LAPSE].due_at))
    deliver()

    after = scheduling.get_appointment(actor=reader, appointment_id=visit.appointment_id, now=NOW)
    assert after == before
    assert len(promised(visit)) == (2 if answer == "move" else 0)
    assert scheduling.list_overdue(actor=clinic.desk, site_id=clinic.site, now=NOW) == ()


def test_nobody_but_the_clinic_s_own_staff_sees_its_lists(clinic: Clinic):
    stranger = staff(Clinic().site)
    for name in ("list_overdue", "list_lapsed"):
        with pytest.raises(NotFound):
            getattr(scheduling, name)(actor=stranger, site_id=clinic.site, now=NOW)
