from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from icalendar import Calendar
from small_clinic import NOW, TUESDAY, Clinic, at, key, patient, person_of

from notifications import service as notifications
from scheduling import reminders, subscribers
from scheduling import service as scheduling
from steadwell import events
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, Role
from steadwell.errors import NotFound
from steadwell.identity import service as identity
from steadwell.ids import PersonId, UserId, new_id
from steadwell.outbox import deliveries, handover, poller
from steadwell.outbox.models import OutboxDelivery, OutboxDue
from steadwell.outbox.service import DeliveryContext, DueRow

pytestmark = pytest.mark.django_db
FAR = TUESDAY + timedelta(days=14)


@pytest.fixture
def reader() -> Actor:
    """A patient with an account, who can be told things."""
    person_id = PersonId(new_id())
    identity.load_people(
        actor=_system(), source="test", now=NOW,
        people=[
            identity.NewPerson(
                person_id=person_id, external_id=person_id.hex,
                demographics=identity.Demographics(family_name="Doe", given_name="Jo"),
            )
        ],
    )  # fmt: skip
    user_id = accounts.create_user(
        email=f"{person_id.hex}@example.org", password=None, roles=[], person_id=person_id, now=NOW
    )
    return Actor(user_id=user_id, roles=frozenset({Role.PATIENT}), person_id=person_id)


def _system() -> Actor:
    from steadwell.actor import system

    return system("test")


def context(now: datetime = NOW, *, late: bool = False) -> DeliveryContext:
    return DeliveryContext(delivery_id=1, attempt=1, now=now, late=late)


def deliver(now: datetime = NOW) -> None:
    """Run every event of scheduling that waits, in order, as its consumer would."""
    handlers: dict[str, Any] = {
        events.AppointmentRequested.name: (events.AppointmentRequested, subscribers.tell_requested),
        events.AppointmentBooked.name: (events.AppointmentBooked, subscribers.tell_booked),
        events.AppointmentMoved.name: (events.AppointmentMoved, subscribers.tell_moved),
        events.AppointmentMoveRequested.name: (
            events.AppointmentMoveRequested,
            subscribers.tell_move_requested,
        ),
        events.AppointmentMoveAnswered.name: (events.AppointmentMoveAnswered, subscribers.tell_move_answered),
        events.AppointmentCancelled.name: (events.AppointmentCancelled, subscribers.tell_cancelled),
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, payload::text FROM outbox_outboxevent WHERE name LIKE 'scheduling.%%'"
            " ORDER BY occurred_at, id"
        )
        rows = cursor.fetchall()
    import json
    from uuid import UUID

    for name, payload in rows:
        if name in handlers:
            kind, handler = handlers[name]
            fields = json.loads(payload)
            values = {k: UUID(v) if k.endswith("_id") else v for k, v in fields.items()}
            handler(kind(**values), context(now))


def told(person_id: PersonId) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT template FROM notifications_message WHERE person_id = %s AND channel = 'in-app'"
            " ORDER BY id",
            [person_id],
        )
        return [row[0] for row in cursor.fetchall()]


def planned() -> list[tuple[str, datetime]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, due_at FROM outbox_outboxdue WHERE kind = %s AND state = 'waiting' ORDER BY due_at",
            [reminders.KIND],
        )
        return [(row[0].split(":", 1)[1], row[1]) for row in cursor.fetchall()]


def test_a_booking_is_confirmed_once_and_plans_three_reminders(reader: Actor):
    clinic = Clinic()
    clinic.book(reader, 9, on=FAR)

    deliver()
    deliver()

    assert told(person_of(reader)) == ["visit.booked"]
    wall = [(key, f"{due.astimezone(ZoneInfo('America/New_York')):%m-%d %H:%M}") for key, due in planned()]
    assert wall == [("1:10080", "06-09 09:00"), ("1:1440", "06-15 09:00"), ("1:120", "06-16 07:00")]


def test_a_move_replaces_the_reminders_and_says_from_when_to_when(reader: Actor):
    clinic = Clinic()
    visit = clinic.book(reader, 9, on=FAR)
    deliver()

    scheduling.reschedule(
        actor=reader,
        appointment_id=visit.appointment_id,
        offer=clinic.offer(10, on=FAR),
        request_key=key(),
        now=NOW,
    )
    deliver()

    assert told(person_of(reader)) == ["visit.booked", "visit.moved"]
    assert [each for each, _ in planned()] == ["2:10080", "2:1440", "2:120"]


@pytest.mark.parametrize(
    ("by", "template"), [("patient", "visit.cancelled"), ("desk", "visit.cancelled-by-clinic")]
)
def test_a_cancellation_says_whose_act_it_was_and_ends_the_reminders(reader: Actor, by: str, template: str):
    clinic = Clinic()
    visit = clinic.book(reader, 9, on=FAR)
    deliver()

    scheduling.cancel(
        actor=reader if by == "patient" else clinic.desk, appointment_id=visit.appointment_id, reason="x",
        request_key=key(), now=NOW,
    )  # fmt: skip
    deliver()

    assert told(person_of(reader)) == ["visit.booked", template]
    assert planned() == []


def test_a_visit_ahead_that_was_entered_in_error_is_called_off_for_its_patient(reader: Actor):
    clinic = Clinic()
    visit = clinic.book(reader, 9, on=FAR)
    deliver()

    scheduling.mark_error(
        actor=clinic.manager, appointment_id=visit.appointment_id, reason="x", request_key=key(), now=NOW
    )
    deliver()

    assert told(person_of(reader)) == ["visit.booked", "visit.cancelled-by-clinic"]
    assert planned() == []


def test_a_day_called_off_offers_other_times(reader: Actor):
    clinic = Clinic()
    clinic.book(reader, 9)
    deliver()

    scheduling.move_day(
        actor=clinic.manager,
        practitioner_id=clinic.clinician,
        on=TUESDAY,
        reason="Ill",
        request_key=key(),
        now=NOW,
    )
    deliver()

    assert told(person_of(reader)) == ["visit.booked", "visit.alternatives"]


def test_a_request_is_told_as_one_then_its_answer(reader: Actor):
    clinic = Clinic(site_fields={"mode": "request"})
    first, second = clinic.book(reader, 9), clinic.book(reader, 10)
    deliver()
    scheduling.approve(actor=clinic.desk, appointment_id=first.appointment_id, request_key=key(), now=NOW)
    scheduling.decline(
        actor=clinic.desk, appointment_id=second.appointment_id, reason="Full", request_key=key(), now=NOW
    )
    deliver()

    assert told(person_of(reader)) == ["visit.requested", "visit.requested", "visit.booked", "visit.declined"]


def test_what_was_overtaken_is_not_told(reader: Actor):
    clinic = Clinic()
    visit = clinic.book(reader, 9, on=FAR)
    scheduling.cancel(
        actor=reader, appointment_id=visit.appointment_id, reason="", request_key=key(), now=NOW
    )

    deliver()

    assert told(person_of(reader)) == ["visit.cancelled"]
    assert planned() == []


def remind(visit: scheduling.Appointment, *, version: int = 1, minutes: int = 1440, now: datetime) -> None:
    row = DueRow(
        kind=reminders.KIND, key=f"{visit.appointment_id}:{version}:{minutes}", due_at=now, expires_at=None,
        about=visit.appointment_id, payload={"version": str(version), "minutes": str(minutes)},
    )  # fmt: skip
    reminders.remind(row, context(now))


def test_a_reminder_falls_due_once_and_asks_again_whether_it_holds(reader: Actor):
    clinic = Clinic()
    visit = clinic.book(reader, 9, on=FAR)
    due = visit.starts_at - timedelta(days=1)

    remind(visit, now=due)
    remind(visit, now=due)
    assert told(person_of(reader)) == ["visit.reminder"]

    scheduling.reschedule(
        actor=reader,
        appointment_id=visit.appointment_id,
        offer=clinic.offer(10, on=FAR),
        request_key=key(),
        now=NOW,
    )
    remind(visit, now=due, minutes=120)
    remind(visit, now=visit.starts_at + timedelta(hours=2), version=2)
    notifications.set_preferences(
        actor=reader, person_id=person_of(reader), email=True, offsets=[timedelta(hours=2)], now=NOW
    )
    remind(visit, now=due, version=2, minutes=1440)
    assert told(person_of(reader)) == ["visit.reminder"]


def run_reminders(now: datetime) -> None:
    for ids in handover.claim(now=now).ids.values():
        for delivery_id in OutboxDelivery.objects.filter(pk__in=ids, consumer=reminders.KIND).values_list(
            "pk", flat=True
        ):
            deliveries.deliver(delivery_id=delivery_id, now=now)


def test_after_workers_were_away_a_visit_has_one_late_reminder(reader: Actor):
    clinic = Clinic()
    visit = clinic.book(reader, 9, on=FAR)
    deliver()
    starts = visit.starts_at

    poller.fire(now=starts - timedelta(days=1))
    poller.fire(now=starts - timedelta(hours=2))
    run_reminders(starts - timedelta(hours=1))
    run_reminders(starts - timedelta(hours=1))

    assert told(person_of(reader)) == ["visit.booked", "visit.reminder"]


def test_a_reminder_three_hours_late_is_not_sent(reader: Actor):
    clinic = Clinic()
    visit = clinic.book(reader, 9, on=FAR)
    deliver()

    poller.fire(now=visit.starts_at - timedelta(hours=2))
    run_reminders(visit.starts_at + timedelta(hours=1))

    assert told(person_of(reader)) == ["visit.booked"]
    assert OutboxDue.objects.get(key=f"{visit.appointment_id}:1:120").state == "expired"


def test_a_check_in_does_not_lose_the_last_reminder(reader: Actor):
    clinic = Clinic()
    visit = clinic.book(reader, 9)
    scheduling.check_in(actor=reader, appointment_id=visit.appointment_id, request_key=key(), now=at(7))

    remind(visit, minutes=120, now=at(7))

    assert told(person_of(reader)) == ["visit.reminder"]


def event_of(content: bytes) -> Any:
    return Calendar.from_ical(content).walk("VEVENT")[0]


def test_a_calendar_file_follows_the_visit_and_says_nothing_clinical():
    clinic, who = Clinic(name="Chemotherapy"), patient()
    visit = clinic.book(who, 9)

    first = scheduling.calendar_file(actor=who, appointment_id=visit.appointment_id, now=NOW)
    scheduling.reschedule(
        actor=who, appointment_id=visit.appointment_id, offer=clinic.offer(10), request_key=key(), now=NOW
    )
    moved = scheduling.calendar_file(actor=who, appointment_id=visit.appointment_id, now=NOW)
    scheduling.cancel(actor=who, appointment_id=visit.appointment_id, reason="", request_key=key(), now=NOW)
    gone = scheduling.calendar_file(actor=who, appointment_id=visit.appointment_id, now=NOW)

    assert [event_of(each)["SEQUENCE"] for each in (first, moved, gone)] == [1, 2, 3]
    assert len({event_of(each)["UID"] for each in (first, moved, gone)}) == 1
    assert event_of(moved)["DTSTART"].dt == at(10)
    assert b"METHOD:CANCEL" in gone
    assert b"Chemotherapy" not in first
    assert b"Clinician" not in first


def test_a_feed_opens_by_its_token_until_it_is_revoked_or_replaced(reader: Actor):
    clinic = Clinic()
    visit = clinic.book(reader, 9)

    old = scheduling.make_feed(actor=reader, person_id=person_of(reader), now=NOW)
    feed = scheduling.make_feed(actor=reader, person_id=person_of(reader), now=NOW)

    content = scheduling.feed_for_token(token=feed.token, now=NOW)
    assert str(visit.appointment_id).encode() in content
    with pytest.raises(NotFound):
        scheduling.feed_for_token(token=old.token, now=NOW)
    with pytest.raises(NotFound):
        scheduling.revoke_feed(actor=patient(), feed_id=feed.feed_id, now=NOW)
    scheduling.revoke_feed(actor=reader, feed_id=feed.feed_id, now=NOW)
    with pytest.raises(NotFound):
        scheduling.feed_for_token(token=feed.token, now=NOW)
    assert scheduling.find_feed(actor=reader, person_id=person_of(reader), now=NOW) is None


def test_a_feed_ends_with_the_right_of_who_made_it(reader: Actor):
    feed = scheduling.make_feed(actor=reader, person_id=person_of(reader), now=NOW)
    assert reader.user_id is not None

    accounts.disable_user(actor=_system(), user_id=reader.user_id, now=NOW)

    with pytest.raises(NotFound):
        scheduling.feed_for_token(token=feed.token, now=NOW)


def test_a_feed_is_made_for_oneself_only():
    clinic, who = Clinic(), patient()

    with pytest.raises(NotFound):
        scheduling.make_feed(actor=who, person_id=PersonId(uuid4()), now=NOW)
    with pytest.raises(NotFound):
        scheduling.make_feed(actor=who, practitioner_id=clinic.clinician, now=NOW)
    assert scheduling.make_feed(actor=clinic.doctor, practitioner_id=clinic.clinician, now=NOW).token
    assert UserId(clinic.doctor.user_id)  # type: ignore[arg-type]
