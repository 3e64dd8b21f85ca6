"""The clinic's own pages over HTTP: what they show, what they do, what they cost."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from clinic_house import MONDAY, NOW, House
from small_clinic import TUESDAY, add_hours, at, key, offer, visit_type

from scheduling import service as scheduling
from scheduling.status import Status
from steadwell.actor import Actor, Role
from steadwell.ids import UserId

pytestmark = pytest.mark.django_db

PAGES = ("/clinic/", "/clinic/week/", "/clinic/arrivals/", "/clinic/requests/", "/clinic/book/")


@pytest.fixture(autouse=True)
def _monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def house():
    return House()


def _text(response):
    return response.content.decode()


def _get(house, visit):
    return scheduling.get_appointment(actor=house.manager, appointment_id=visit.appointment_id, now=NOW)


@pytest.mark.parametrize("address", PAGES)
def test_pages_are_for_staff_only(client, house, address):
    assert client.get(address).status_code == 302
    assert house.client().get(address).status_code == 200


def test_day_shows_visits_by_clinician_and_free_times_to_book(house):
    house.visit(9)

    page = _text(house.client().get(f"/clinic/?on={MONDAY}"))

    assert "Okafor, Ada" in page
    assert "Sol Aberg" in page
    assert "at=" in page
    assert 'style="' not in page


def test_clinician_opens_on_their_own_day(house):
    house.visit(9)

    page = _text(house.client(Role.CLINICIAN, practitioner_id=house.clinician).get("/clinic/"))

    assert "Okafor, Ada" in page
    assert "Sol Aberg" not in page.split('id="board"')[1]


def test_another_clinics_calendar_is_not_there(house):
    other = House()

    assert house.client().get(f"/clinic/?site={other.site}").status_code == 404
    assert house.client().get(f"/clinic/?clinician={other.clinician}").status_code == 404


def test_week_of_a_site_counts_visits_per_clinician_and_day(house):
    house.visit(9)
    house.visit(10)

    page = _text(house.client().get(f"/clinic/week/?on={MONDAY}"))

    assert "2 visits" in page
    assert "h free" in page


def test_step_from_the_list_moves_the_visit_and_leads_back(house):
    visit = house.visit(9)
    back = f"/clinic/arrivals/?on={MONDAY}"

    response = house.client().post(
        f"/clinic/visit/{visit.appointment_id}/arrive/", {"request_key": key(), "next": back}
    )

    assert response.headers["Location"] == back
    assert _get(house, visit).status is Status.ARRIVED


def test_refused_step_says_why_and_shows_how_things_stand(house):
    visit = house.visit(9)
    scheduling.cancel(
        actor=house.desk, appointment_id=visit.appointment_id, reason="x", request_key=key(), now=NOW
    )
    client = house.client()

    response = client.post(
        f"/clinic/visit/{visit.appointment_id}/arrive/",
        {"request_key": key(), "next": "/clinic/"},
        follow=True,
    )

    assert "not possible any more" in _text(response)


def test_cancelling_asks_for_a_reason(house):
    visit = house.visit(9)
    client = house.client()
    address = f"/clinic/visit/{visit.appointment_id}/cancel/"

    without = client.post(address, {"request_key": key(), "reason": ""})
    client.post(address, {"request_key": key(), "reason": "Asked by telephone"})

    assert "<title>Error:" in _text(without)
    assert _get(house, visit).status is Status.CANCELLED


def test_search_finds_the_patient_and_leads_on(house):
    person = house.patient()

    page = _text(house.client().get("/clinic/book/?q=okafor"))

    assert "Okafor, Ada" in page
    assert f"person={person}" in page


def test_booking_for_a_patient_from_a_free_time(house):
    person = house.patient()
    client = house.client()
    who = f"person={person}&clinician={house.clinician}"
    choose = f"/clinic/book/?{who}&on={TUESDAY}&visit_type={house.visit_type}"

    times = _text(client.get(choose))
    offer = house.offer(9).text
    assert offer in times
    response = client.post(
        "/clinic/book/confirm/", {"person": str(person), "offer": offer, "request_key": key(), "note": ""}
    )

    booked = scheduling.list_for_patient(actor=house.manager, person_id=person, now=NOW)
    assert response.headers["Location"] == f"/clinic/visit/{booked[0].appointment_id}/"


def test_taken_time_is_refused_with_the_way_to_overbook(house):
    house.visit(9, on=TUESDAY)
    person, offer = house.patient(), house.offer(9).text

    response = house.client().post(
        "/clinic/book/confirm/", {"person": str(person), "offer": offer, "request_key": key()}
    )

    assert response.status_code == 409
    assert "/clinic/book/over/?" in _text(response)


def test_overbooking_needs_a_reason_and_keeps_it(house):
    house.visit(9, on=TUESDAY)
    person, offer = house.patient(), house.offer(9).text
    client = house.client()
    form = {"person": str(person), "offer": offer, "note": ""}

    without = client.post("/clinic/book/over/", {**form, "request_key": key(), "reason": ""})
    client.post("/clinic/book/over/", {**form, "request_key": key(), "reason": "Severe pain"})

    assert "<title>Error:" in _text(without)
    visit = scheduling.list_for_patient(actor=house.manager, person_id=person, now=NOW)[0]
    assert visit.overbooked
    assert "Severe pain" in _text(client.get(f"/clinic/visit/{visit.appointment_id}/"))


@pytest.mark.parametrize("seen", ["abc", "9" * 10, "9" * 5000])
def test_a_move_whose_seen_version_cannot_be_one_is_a_move_without_one(house, seen):
    visit = house.visit(9, on=TUESDAY)

    response = house.client().post(
        f"/clinic/visit/{visit.appointment_id}/move/",
        {"offer": house.offer(10).text, "seen": seen, "request_key": key()},
    )

    assert response.status_code == 302
    assert _get(house, visit).wall_start.hour == 10


def test_moving_a_visit_to_another_time(house):
    visit = house.visit(9, on=TUESDAY)

    house.client().post(
        f"/clinic/visit/{visit.appointment_id}/move/",
        {"offer": house.offer(10).text, "request_key": key(), "seen": str(visit.version)},
    )

    assert _get(house, visit).wall_start.hour == 10


def test_moving_a_visit_that_changed_meanwhile_is_refused(house):
    visit = house.visit(9, on=TUESDAY)

    response = house.client().post(
        f"/clinic/visit/{visit.appointment_id}/move/",
        {"offer": house.offer(10).text, "request_key": key(), "seen": str(visit.version + 5)},
    )

    assert response.status_code == 409
    assert _get(house, visit).wall_start.hour == 9


def test_block_over_visits_lists_them_and_can_keep_them(house):
    house.visit(9, on=TUESDAY)
    client = house.client()
    address = f"/clinic/block/?clinician={house.clinician}&on={TUESDAY}"
    form = {"on": str(TUESDAY), "starts": "09:00", "ends": "11:00", "reason": "Meeting"}

    refused = client.post(address, {**form, "request_key": key()})
    kept = client.post(address, {**form, "request_key": key(), "keep_visits": "on"})

    assert "Okafor, Ada" in _text(refused)
    assert kept.status_code == 302
    day = _text(client.get(f"/clinic/?clinician={house.clinician}&on={TUESDAY}"))
    assert "Meeting" in day


def test_blocked_time_can_be_opened_again(house):
    closure = scheduling.block_time(
        actor=house.manager,
        practitioner_id=house.clinician,
        starts_at=NOW + timedelta(days=1),
        ends_at=NOW + timedelta(days=1, hours=2),
        reason="Meeting",
        request_key=key(),
        now=NOW,
    )
    client = house.client()

    client.post(f"/clinic/closure/{closure.closure_id}/reopen/", {"request_key": key(), "next": "/clinic/"})

    assert "Meeting" not in _text(client.get(f"/clinic/?clinician={house.clinician}&on={TUESDAY}"))


def test_leave_lists_the_visits_that_stand_in_it(house):
    house.visit(9, on=TUESDAY)

    response = house.client().post(
        f"/clinic/leave/?clinician={house.clinician}",
        {"first": str(TUESDAY), "last": str(TUESDAY), "reason": "Course", "request_key": key()},
    )

    assert "Okafor, Ada" in _text(response)


def test_calling_off_a_day_shows_whom_it_touches_and_then_does_it(house):
    visit = house.visit(9, on=TUESDAY)
    client = house.client()
    address = f"/clinic/ill/?clinician={house.clinician}&on={TUESDAY}"

    before = _text(client.get(address))
    after = _text(client.post(address, {"reason": "Ill", "request_key": key()}))

    assert "Okafor, Ada" in before
    assert "1 patient is told" in after
    called_off = _get(house, visit)
    assert called_off.status is Status.CANCELLED
    assert called_off.rebook_offered


def test_pages_say_what_still_stands_at_another_clinic(house):
    other = House()
    add_hours(house.clinician, other.site, hours=((13, 16),))
    scheduling.book_direct(
        actor=other.desk, person_id=other.patient(),
        offer=offer(visit_type(other.site), house.clinician, other.site, at(13)), request_key=key(), now=NOW,
    )  # fmt: skip
    client, asked = house.client(), f"?clinician={house.clinician}&on={TUESDAY}"
    form = {"on": str(TUESDAY), "starts": "13:00", "ends": "14:00", "reason": "Ill"}
    whole = {"first": str(TUESDAY), "last": str(TUESDAY), "reason": "Ill"}

    pages = [
        client.get(f"/clinic/ill/{asked}"),
        client.post(f"/clinic/block/{asked}", {**form, "request_key": key()}),
        client.post(f"/clinic/leave/{asked}", {**whole, "request_key": key()}),
        client.post(f"/clinic/ill/{asked}", {"reason": "Ill", "request_key": key()}),
    ]

    for page in map(_text, pages):
        assert "1 visit at another clinic still stands" in page
    assert "called off at your clinic only" in _text(pages[-1])


def test_request_is_approved_from_the_list():
    house = House(site_fields={"mode": "request"})
    person = house.patient()
    who = Actor(user_id=UserId(uuid4()), roles=frozenset({Role.PATIENT}), person_id=person)
    held = house.hold(who, 9, on=TUESDAY)
    visit = scheduling.book(actor=who, hold_id=held.hold_id, request_key=key(), now=NOW)
    client = house.client()

    page = _text(client.get("/clinic/requests/"))
    client.post(f"/clinic/visit/{visit.appointment_id}/approve/", {"request_key": key()})

    assert "Okafor, Ada" in page
    assert _get(house, visit).status is Status.BOOKED


@pytest.mark.parametrize(
    ("address", "most"),
    [  # one of them counts, for the header, the results that have no patient yet
        ("/clinic/?on={on}", 10),
        ("/clinic/week/?on={on}", 8),
        ("/clinic/arrivals/?on={on}", 10),
        ("/clinic/requests/", 8),
        ("/clinic/book/?q=okafor", 5),
    ],
)
def test_page_keeps_its_statement_budget(house, address, most, django_assert_max_num_queries):
    for minute in (0, 30):
        house.visit(9, minute)
        house.visit(10, minute)
        house.visit(9, minute, clinician=house.second)
    client = house.client()
    client.get("/clinic/")

    with django_assert_max_num_queries(most):
        client.get(address.format(on=MONDAY))


@pytest.mark.parametrize("page", ["", "week/", "arrivals/", "leave/", "block/", "ill/"])
@pytest.mark.parametrize("on", ["9999-12-31", "0001-01-01"])
def test_page_at_the_ends_of_the_calendar_is_there(house, page, on):
    address = f"/clinic/{page}?on={on}&site={house.site}&clinician={house.second}"

    assert house.client().get(address).status_code == 200


def test_booking_goes_to_the_first_time_of_the_clinician(house):
    scheduling.add_leave(
        actor=house.manager, practitioner_id=house.second, starts_at=NOW, ends_at=NOW + timedelta(days=20),
        reason="Away", request_key=key(), now=NOW,
    )  # fmt: skip
    asked = {"person": house.patient(), "visit_type": house.visit_type, "site": house.site, "first": 1}

    answer = house.client().get("/clinic/book/", {**asked, "clinician": house.second})

    assert answer.status_code == 302
    assert "on=2026-06-21" in answer["Location"]
    assert f"clinician={house.second}" in answer["Location"]
    assert "first" not in answer["Location"]


def test_booking_says_that_there_is_no_first_time(house):
    for each in (house.clinician, house.second):
        scheduling.add_leave(
            actor=house.manager, practitioner_id=each, starts_at=NOW, ends_at=NOW + timedelta(days=90),
            reason="Away", request_key=key(), now=NOW,
        )  # fmt: skip
    asked = {"person": house.patient(), "visit_type": house.visit_type, "site": house.site, "first": 1}

    answer = house.client().get("/clinic/book/", asked)

    assert answer.status_code == 200
    assert "no free time here in the next two months" in _text(answer)


def test_what_waits_too_long_stands_on_top_of_the_desk_s_pages():
    from scheduling import models

    house = House(site_fields={"mode": "request"})
    late, other = _request(house, 9), _request(house, 10)
    models.Appointment.objects.filter(pk=late.appointment_id).update(overdue_at=NOW)

    day = _text(house.client().get(f"/clinic/?on={MONDAY}"))
    requests = _text(house.client().get("/clinic/requests/"))

    assert "1 request waits for your answer" in day
    assert f"/clinic/visit/{late.appointment_id}/" in day.split('class="desk"')[0]
    assert requests.count("Waits too long") == 1
    assert requests.index(str(late.appointment_id)) < requests.index(str(other.appointment_id))


def test_requests_without_an_answer_stay_on_a_list():
    from scheduling import models

    house = House(site_fields={"mode": "request"})
    lapsed = _request(house, 9)
    models.Appointment.objects.filter(pk=lapsed.appointment_id).update(
        status="cancelled", cancelled_by="clinic", lapsed_at=NOW
    )

    page = _text(house.client().get("/clinic/requests/"))

    assert "Ended without an answer" in page
    assert f"/clinic/visit/{lapsed.appointment_id}/" in page
    assert "No requests are waiting" in page


def _request(house, hour):
    person_id = house.patient()
    who = Actor(user_id=UserId(uuid4()), roles=frozenset({Role.PATIENT}), person_id=person_id)
    return scheduling.book_direct(
        actor=who, person_id=person_id, offer=house.offer(hour, on=TUESDAY), request_key=key(), now=NOW
    )


@pytest.fixture
def asking():
    """A visit on Tuesday at nine whose patient asked for ten instead."""
    house = House(site_fields={"mode": "request"})
    visit = _request(house, 9)
    house.step(visit, "approve")
    who = Actor(user_id=UserId(uuid4()), roles=frozenset({Role.PATIENT}), person_id=visit.person_id)
    scheduling.reschedule(
        actor=who, appointment_id=visit.appointment_id, offer=house.offer(10, on=TUESDAY), request_key=key(),
        now=NOW,
    )  # fmt: skip
    return house, visit


def test_a_requested_move_stands_among_the_requests_and_on_the_board(asking):
    house, visit = asking

    requests = _text(house.client().get("/clinic/requests/"))
    board = _text(house.client().get(f"/clinic/?on={TUESDAY}&site={house.site}"))
    page = _text(house.client().get(f"/clinic/visit/{visit.appointment_id}/"))

    assert "which stays booked until you decide" in requests
    assert f"/clinic/visit/{visit.appointment_id}/approve-move/" in requests
    assert board.count("Move asked for") >= 2
    assert board.count("Okafor, Ada") == 2
    assert "Asked to move to" in page
    assert "Decline the new time" in page


def test_the_desk_approves_a_requested_move(asking):
    house, visit = asking

    answer = house.client().post(
        f"/clinic/visit/{visit.appointment_id}/approve-move/", {"request_key": uuid4()}
    )

    assert answer.status_code == 302
    assert _get(house, visit).starts_at == at(10, on=TUESDAY)


def test_the_desk_declines_a_requested_move_with_a_reason(asking):
    house, visit = asking
    address = f"/clinic/visit/{visit.appointment_id}/decline-move/"
    assert "Decline the other time?" in _text(house.client().get(address))

    answer = house.client().post(address, {"request_key": uuid4(), "reason": "Full"})

    assert answer.status_code == 302
    shown = _get(house, visit)
    assert (shown.starts_at, shown.requested_move) == (visit.starts_at, None)
