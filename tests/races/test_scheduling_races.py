from __future__ import annotations

from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from racing import all_at_once, codes, overlapping_claims
from small_clinic import NOW, Clinic, at, clinician, key, patient, person_of

from scheduling import models
from scheduling import service as scheduling
from scheduling.holds import LASTS

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_hundred_on_one_time_sell_it_once():
    clinic = Clinic(rooms=3)
    clinic.open_times()  # warm

    results = all_at_once([partial(clinic.book, patient()) for _ in range(200)])

    assert codes(results) == {"won": 1, "slot-taken": 199}
    assert models.Appointment.objects.count() == 1


def test_first_calendar_addresses_made_at_once_leave_one_alive():
    for _ in range(5):
        who = patient()
        make = partial(scheduling.make_feed, actor=who, person_id=person_of(who), now=NOW)

        results = all_at_once([make] * 2)

        assert codes(results) == {"won": 2}
        assert models.CalendarFeed.objects.filter(created_by=who.user_id, revoked_at=None).count() == 1


def test_two_hundred_on_a_group_of_seven_sell_seven_places():
    clinic = Clinic(capacity=7)
    clinic.open_times()

    results = all_at_once([partial(clinic.book, patient()) for _ in range(200)], most=30)

    assert codes(results) == {"won": 7, "slot-taken": 193}
    assert models.Appointment.objects.count() == 7
    assert models.Seat.objects.count() == 7
    assert models.GroupSession.objects.count() == 1


def test_holds_and_bookings_of_one_time_have_one_winner():
    clinic = Clinic()
    holders = [patient() for _ in range(20)]

    results = all_at_once(
        [partial(clinic.hold, who) for who in holders] + [partial(clinic.book, patient()) for _ in range(20)]
    )

    assert codes(results) == {"won": 1, "slot-taken": 39}
    assert overlapping_claims() == 0


def test_the_last_room_goes_to_one_of_two_clinicians():
    clinic = Clinic(rooms=1)
    other = clinician(clinic.site)

    results = all_at_once(
        [partial(clinic.book, patient()) for _ in range(5)]
        + [partial(clinic.book, patient(), clinician=other) for _ in range(5)]
    )

    assert codes(results) == {"won": 1, "slot-taken": 9}


def test_two_rooms_serve_two_clinicians_who_are_booked_at_once():
    for _ in range(5):
        clinic = Clinic(rooms=2)
        other = clinician(clinic.site)

        results = all_at_once(
            [partial(clinic.book, patient()), partial(clinic.book, patient(), clinician=other)]
        )

        assert codes(results) == {"won": 2}


def test_booking_at_the_end_of_a_hold_leaves_one_owner():
    for _ in range(8):
        clinic, holder = Clinic(), patient()
        held = clinic.hold(holder)
        edge = NOW + LASTS
        book = partial(
            scheduling.book,
            actor=holder,
            hold_id=held.hold_id,
            request_key=key(),
            now=edge - timedelta(microseconds=1),
        )

        results = all_at_once([book, partial(clinic.book, patient(), now=edge)])

        assert codes(results)["won"] == 1
        assert models.Appointment.objects.filter(practitioner_id=clinic.clinician).count() == 1
        assert overlapping_claims() == 0


def test_crossing_moves_lose_and_double_nothing():
    for _ in range(5):
        clinic, one, two = Clinic(), patient(), patient()
        first, second = clinic.book(one, 9), clinic.book(two, 10)

        def move(who: object, visit: scheduling.Appointment, hour: int, clinic: Clinic = clinic) -> object:
            return scheduling.reschedule(
                actor=who,
                appointment_id=visit.appointment_id,
                offer=clinic.offer(hour),
                request_key=key(),
                now=NOW,
            )

        results = all_at_once([partial(move, one, first, 10), partial(move, two, second, 9)])

        assert set(codes(results)) <= {"slot-taken", "busy", "won"}
        own = {
            visit.appointment_id: scheduling.get_appointment(
                actor=who, appointment_id=visit.appointment_id, now=NOW
            ).starts_at
            for who, visit in ((one, first), (two, second))
        }
        assert len(set(own.values())) == 2
        claims = models.Claim.objects.filter(kind="practitioner", owner_id__in=list(own))
        assert {claim.owner_id: claim.during.lower for claim in claims} == own
        assert overlapping_claims() == 0


def test_moves_round_a_ring_through_a_free_time_lose_nothing():
    clinic = Clinic()
    people = [patient() for _ in range(4)]
    visits = [clinic.book(who, 9 + number // 2, 30 * (number % 2)) for number, who in enumerate(people)]

    def move(number: int) -> object:
        return scheduling.reschedule(
            actor=people[number],
            appointment_id=visits[number].appointment_id,
            offer=clinic.offer(11, 0),
            request_key=key(),
            now=NOW,
        )

    results = all_at_once([partial(move, number) for number in range(4)])

    assert codes(results) == {"won": 1, "slot-taken": 3}
    assert models.Claim.objects.filter(kind="practitioner").count() == 4
    assert overlapping_claims() == 0


def test_one_form_sent_many_times_books_once():
    clinic, who, request = Clinic(), patient(), key()
    book = partial(
        scheduling.book_direct,
        actor=who,
        person_id=person_of(who),
        offer=clinic.offer(),
        request_key=request,
        now=NOW,
    )

    results = all_at_once([book] * 12)

    assert codes(results) == {"won": 12}
    assert len({result.appointment_id for result in results}) == 1
    assert models.Appointment.objects.count() == 1


def test_one_hold_sent_many_times_is_one_hold():
    clinic, who = Clinic(), patient()

    results = all_at_once([partial(clinic.hold, who)] * 12)

    assert codes(results) == {"won": 12}
    assert len({result.hold_id for result in results}) == 1
    assert models.Hold.objects.count() == 1


def test_one_hold_is_booked_once_by_its_owner_and_never_by_another():
    clinic, who, other = Clinic(), patient(), patient()
    held = clinic.hold(who)
    book = [
        partial(scheduling.book, actor=actor, hold_id=held.hold_id, request_key=key(), now=NOW)
        for actor in (who, who, other, other)
    ]

    results = all_at_once(book)

    assert codes(results) == {"won": 2, "hold-ended": 2}
    assert {result.person_id for result in results[:2]} == {person_of(who)}
    assert models.Appointment.objects.count() == 1


def test_a_time_booked_while_it_is_given_back_stays_the_visit_s():
    for _ in range(12):
        clinic, who = Clinic(), patient()
        held = clinic.hold(who)
        book = partial(scheduling.book, actor=who, hold_id=held.hold_id, request_key=key(), now=NOW)
        release = partial(scheduling.release_hold, actor=who, hold_id=held.hold_id, now=NOW)
        another = partial(clinic.hold, who, 10)

        all_at_once([book, release, another])

        for visit_id in models.Appointment.objects.values_list("id", flat=True):
            claimed = models.Claim.objects.filter(owner_id=visit_id, expires_at=None)
            assert set(claimed.values_list("kind", flat=True)) >= {"patient", "practitioner"}


def test_a_patient_cannot_be_at_two_clinics_at_once():
    here, there, who = Clinic(), Clinic(), patient()

    results = all_at_once([partial(here.book, who), partial(there.book, who)] * 4)

    assert codes(results) == {"won": 1, "patient-busy": 7}


def test_a_patient_cannot_pass_the_cap_from_two_devices():
    clinic, who = Clinic(rooms=3, site_fields={"cap_per_day": 2}), patient()

    results = all_at_once(
        [partial(clinic.book, who, 9 + number // 2, 30 * (number % 2)) for number in range(6)]
    )

    assert codes(results) == {"won": 2, "cap-reached": 4}


def test_cancel_and_move_at_once_leave_one_end():
    for _ in range(5):
        clinic, who = Clinic(), patient()
        visit = clinic.book(who, 9)
        cancel = partial(
            scheduling.cancel,
            actor=who,
            appointment_id=visit.appointment_id,
            reason="",
            request_key=key(),
            now=NOW,
        )
        move = partial(
            scheduling.reschedule,
            actor=who,
            appointment_id=visit.appointment_id,
            offer=clinic.offer(10),
            request_key=key(),
            now=NOW,
        )

        results = all_at_once([cancel, move])

        row = models.Appointment.objects.get(pk=visit.appointment_id)
        claims = models.Claim.objects.filter(owner_id=visit.appointment_id).count()
        assert codes(results).get("won", 0) >= 1
        assert row.status == "cancelled"
        assert claims == 0
        versions = models.AppointmentVersion.objects.filter(entity_id=visit.appointment_id)
        assert versions.count() == row.version


def test_seats_change_hands_without_loss():
    clinic = Clinic(capacity=3)
    guests = [patient() for _ in range(3)]
    visits = [clinic.book(who) for who in guests]
    leave = [
        partial(
            scheduling.cancel,
            actor=who,
            appointment_id=visit.appointment_id,
            reason="",
            request_key=key(),
            now=NOW,
        )
        for who, visit in zip(guests, visits, strict=True)
    ]

    results = all_at_once([*leave, *(partial(clinic.book, patient()) for _ in range(12))])

    assert codes(results[:3]) == {"won": 3}
    booked = models.Appointment.objects.filter(status="booked").count()
    assert booked == models.Seat.objects.count() <= 3
    held = set(models.Claim.objects.filter(kind="practitioner").values_list("owner_id", flat=True))
    session: set[UUID] = set(models.GroupSession.objects.values_list("pk", flat=True))
    assert held == (session if booked else set())


def test_a_merged_patient_cannot_be_at_two_clinics_at_once_under_two_ids():
    from readers import Patient

    from steadwell.accounts import service as accounts
    from steadwell.actor import Actor, Role
    from steadwell.identity import service as identity
    from steadwell.ids import UserId, new_id

    here, there, one, two = Clinic(), Clinic(), Patient(), Patient()
    staff = Actor(user_id=UserId(new_id()), roles=frozenset({Role.ADMINISTRATOR}))
    identity.merge(actor=staff, survivor_id=one.person_id, duplicate_id=two.person_id, reason="Same", now=NOW)
    knows = accounts.actor_for_user(user_id=UserId(one.user_id), now=NOW)

    # The second one's actor was read before the merge: only the constraint keeps the two apart.
    results = all_at_once([partial(here.book, knows, 9), partial(there.book, two.actor, 9)] * 4)

    assert codes(results) == {"won": 1, "patient-busy": 7}
    assert overlapping_claims() == 0


@pytest.mark.parametrize("answer", ["approve", "decline", "cancel"])
def test_an_answer_and_the_end_of_a_request_at_once_leave_one_of_them(answer: str):
    from django.db import transaction

    from scheduling import answers
    from steadwell.outbox.service import DeliveryContext, DueRow

    for _ in range(6):
        clinic, who = Clinic(site_fields={"mode": "request"}), patient()
        visit = clinic.book(who, 9)
        row = DueRow(
            kind=answers.LAPSE, key="k", due_at=NOW, expires_at=None, about=visit.appointment_id,
            payload={"version": "1"},
        )  # fmt: skip

        def lapse(row: DueRow = row) -> None:
            with transaction.atomic():
                answers.lapse(row, DeliveryContext(delivery_id=1, attempt=1, now=NOW))

        reason = {} if answer == "approve" else {"reason": "Full"}
        say = partial(
            getattr(scheduling, answer), actor=clinic.desk, appointment_id=visit.appointment_id,
            request_key=key(), now=NOW, **reason,
        )  # fmt: skip

        said, *_ended = all_at_once([say, lapse, lapse])

        stands = models.Appointment.objects.get(pk=visit.appointment_id)
        won = isinstance(said, scheduling.Appointment)
        assert won == (stands.lapsed_at is None)
        assert stands.version == 2
        assert models.Claim.objects.filter(owner_id=visit.appointment_id).exists() == (
            won and answer == "approve"
        )


def test_every_answer_to_a_requested_move_at_once_leaves_one_and_sells_nothing_twice():
    from django.db import transaction

    from scheduling import answers
    from steadwell.outbox.service import DeliveryContext, DueRow

    for _ in range(5):
        clinic, who = Clinic(site_fields={"mode": "request"}), patient()
        visit = clinic.book(who, 9)
        common = {"appointment_id": visit.appointment_id, "now": NOW}
        scheduling.approve(actor=clinic.desk, request_key=key(), **common)
        asked = scheduling.reschedule(actor=who, offer=clinic.offer(10), request_key=key(), **common)
        assert asked.requested_move
        request_id = asked.requested_move.move_request_id
        row = DueRow(
            kind=answers.MOVE_LAPSE, key="k", due_at=NOW, expires_at=None, about=visit.appointment_id,
            payload={"move_request": str(request_id)},
        )  # fmt: skip

        def lapse(row: DueRow = row) -> None:
            with transaction.atomic():
                answers.lapse_move(row, DeliveryContext(delivery_id=1, attempt=1, now=NOW))

        all_at_once(
            [
                partial(scheduling.approve_move, actor=clinic.desk, request_key=key(), **common),
                partial(scheduling.decline_move, actor=clinic.desk, reason="x", request_key=key(), **common),
                partial(scheduling.withdraw_move, actor=who, request_key=key(), **common),
                lapse,
                *(partial(clinic.book, patient(), hour) for hour in (9, 10) for _ in range(4)),
            ]
        )

        request = models.MoveRequest.objects.get(pk=request_id)
        stands = models.Appointment.objects.get(pk=visit.appointment_id)
        moved = request.state == "approved"
        assert request.state in {"approved", "declined", "withdrawn", "lapsed"}
        assert stands.starts_at == at(10 if moved else 9)
        assert stands.version == 4
        own = models.Claim.objects.filter(owner_id=visit.appointment_id, kind="practitioner").get()
        assert own.during.lower == stands.starts_at
        assert not models.Claim.objects.filter(owner_id=request_id).exists()
        assert overlapping_claims() == 0
        for hour in (9, 10):
            sold = models.Appointment.objects.filter(
                practitioner_id=clinic.clinician, starts_at=at(hour), status__in=["booked", "pending"]
            )
            assert sold.count() <= 1


def test_one_of_two_requests_to_move_to_one_time_gets_it():
    for _ in range(3):
        clinic = Clinic(site_fields={"mode": "request"})
        people = [patient() for _ in range(4)]
        visits = [clinic.book(who, 9 + number // 2, 30 * (number % 2)) for number, who in enumerate(people)]
        for visit in visits:
            scheduling.approve(
                actor=clinic.desk, appointment_id=visit.appointment_id, request_key=key(), now=NOW
            )
        ask = [
            partial(
                scheduling.reschedule, actor=who, appointment_id=visit.appointment_id,
                offer=clinic.offer(11), request_key=key(), now=NOW,
            )
            for who, visit in zip(people, visits, strict=True)
        ]  # fmt: skip

        results = all_at_once(ask)

        assert codes(results) == {"won": 1, "slot-taken": 3}
        assert models.MoveRequest.objects.filter(practitioner_id=clinic.clinician).count() == 1
        assert overlapping_claims() == 0
