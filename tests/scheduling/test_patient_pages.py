"""The patients' pages over HTTP: each step, each refusal, nothing typed lost, nothing shown to others."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from readers import Patient, person
from small_clinic import Clinic, key, patient, person_of

from scheduling import models
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


def hidden(answer, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', answer.content.decode())
    assert found, name
    return found.group(1)


def held(clinic, reader, hour=9, **other):
    """Choose a time; returns the review page."""
    ref = clinic.offer(hour, on=soon(), **other).text
    answer = reader.client.post("/visits/hold/", {"offer": ref}, follow=True)
    assert answer.redirect_chain, text_of(answer)
    return answer


def book(clinic, reader, hour=9, note="", **other):
    review = held(clinic, reader, hour, **other)
    form = {"request_key": hidden(review, "request_key"), "offer": hidden(review, "offer"), "note": note}
    return reader.client.post(review.request["PATH_INFO"], form, follow=True)


def only_visit(reader):
    (found,) = scheduling.list_for_patient(
        actor=reader.actor, person_id=reader.person_id, now=clock.now(), upcoming=True
    )
    return found


# --- finding ---------------------------------------------------------------------------------------------


def test_find_asks_what_for_first(clinic, ada):
    answer = ada.client.get("/visits/find/")

    assert answer.status_code == 200
    assert f"/visits/find/?type={clinic.visit_type}" in answer.content.decode()


def test_find_shows_free_times_by_part_of_the_day(clinic, ada):
    answer = ada.client.get("/visits/find/", {"type": clinic.visit_type, "on": soon(), "days": 1})

    assert "Morning" in text_of(answer)
    assert "6 free times" in text_of(answer)
    assert clinic.offer(9, on=soon()).text in answer.content.decode()


@pytest.fixture
def late_in_the_evening():
    """22:30 in New York, where the clinic is; in UTC the next day has begun."""
    with time_machine.travel(datetime(2026, 6, 2, 2, 30, tzinfo=UTC)):
        yield


def test_find_calls_today_what_the_clinic_calls_today(late_in_the_evening, clinic, ada):
    answer = ada.client.get("/visits/find/", {"type": clinic.visit_type})

    assert 'value="2026-06-01"' in answer.content.decode()
    assert "Tomorrow, Tuesday, June 2" in text_of(answer)
    assert "Today, Tuesday" not in text_of(answer)


def test_find_says_why_there_is_nothing_and_what_is_near(clinic, ada):
    answer = ada.client.get("/visits/find/", {"type": clinic.visit_type, "on": soon(), "part": "evening"})

    assert "No time is free" in text_of(answer)
    assert "The nearest times that are free" in text_of(answer)
    assert 'name="offer"' in answer.content.decode()


def test_find_says_what_was_wrong_with_a_date(clinic, ada):
    answer = ada.client.get("/visits/find/", {"type": clinic.visit_type, "on": "the 3rd"})

    assert answer.status_code == 200
    assert "<title>Error:" in answer.content.decode()


def test_find_for_htmx_is_the_answers_alone(clinic, ada):
    answer = ada.client.get("/visits/find/", {"type": clinic.visit_type}, headers={"HX-Request": "true"})

    assert "<html" not in answer.content.decode()
    assert 'name="offer"' in answer.content.decode()


def test_find_costs_four_statements(clinic, ada):
    url = f"/visits/find/?type={clinic.visit_type}&on={soon()}"
    ada.client.get(url)

    with CaptureQueriesContext(connection) as statements:
        ada.client.get(url)

    assert len(statements) <= 4, [s["sql"][:120] for s in statements]


def test_find_names_the_zone_to_a_reader_in_another(clinic):
    reader = Patient(time_zone="America/Los_Angeles")

    answer = reader.client.get("/visits/find/", {"type": clinic.visit_type, "on": soon(), "days": 1})

    assert text_of(answer).count("Eastern time") > 6


def test_month_marks_the_days_that_have_times(clinic, ada):
    answer = ada.client.get("/visits/find/month/", {"type": clinic.visit_type, "on": soon()})

    assert f"on={soon()}&amp;days=1" in answer.content.decode()


@pytest.mark.parametrize("page", ["", "month/"])
@pytest.mark.parametrize("asked", ["on=9999-12-31", "on=0001-01-01", "month=9999-12", "month=0001-01"])
def test_find_at_the_ends_of_the_calendar_finds_nothing(clinic, ada, page, asked):
    answer = ada.client.get(f"/visits/find/{page}?type={clinic.visit_type}&{asked}")

    assert answer.status_code == 200


def test_find_of_an_unknown_kind_is_not_found(ada):
    assert ada.client.get("/visits/find/?type=x").status_code == 404


# --- holding and booking ---------------------------------------------------------------------------------


def test_book_walks_from_a_time_to_a_visit(clinic, ada):
    answer = book(clinic, ada, note="I need a ramp.")

    assert "Your visit is booked" in text_of(answer)
    assert "I need a ramp." in text_of(answer)
    assert only_visit(ada).status is scheduling.Status.BOOKED


def test_choosing_the_same_time_again_is_the_same_hold(clinic, ada):
    first = held(clinic, ada)

    again = held(clinic, ada)

    assert again.request["PATH_INFO"] == first.request["PATH_INFO"]
    assert models.Hold.objects.count() == 1


def test_booking_twice_is_booking_once(clinic, ada):
    review = held(clinic, ada)
    form = {"request_key": hidden(review, "request_key"), "offer": hidden(review, "offer"), "note": ""}

    first = ada.client.post(review.request["PATH_INFO"], form)
    second = ada.client.post(review.request["PATH_INFO"], form)

    assert first.status_code == second.status_code == 302
    assert first.url == second.url
    assert models.Appointment.objects.count() == 1


def test_back_to_the_review_after_booking_leads_to_the_visit(clinic, ada):
    review = held(clinic, ada)
    form = {"request_key": hidden(review, "request_key"), "offer": hidden(review, "offer")}
    booked = ada.client.post(review.request["PATH_INFO"], form)

    answer = ada.client.get(review.request["PATH_INFO"])

    assert answer.status_code == 302
    assert booked.url.startswith(answer.url)


def test_taken_time_shows_others_at_once(clinic, ada):
    clinic.book(patient(), 9, on=soon(), now=clock.now())

    answer = ada.client.post("/visits/hold/", {"offer": clinic.offer(9, on=soon()).text}, follow=True)

    assert [status for _, status in answer.redirect_chain] == [303]
    assert "Someone else has just taken that time" in text_of(answer)
    assert clinic.offer(9, 30, on=soon()).text in answer.content.decode()


def test_an_ended_hold_loses_no_word(clinic, ada):
    review = held(clinic, ada)
    hold_id = review.request["PATH_INFO"].split("/")[3]
    models.Hold.objects.filter(pk=hold_id).update(expires_at=clock.now() - timedelta(seconds=1))
    models.Claim.objects.filter(owner_id=hold_id).update(expires_at=clock.now() - timedelta(seconds=1))
    form = {"request_key": hidden(review, "request_key"), "offer": hidden(review, "offer"), "note": "A ramp."}

    refused = ada.client.post(review.request["PATH_INFO"], form)

    assert refused.status_code == 409
    assert "A ramp." in refused.content.decode()
    other = re.findall(r'name="offer" value="([^"]+)"', refused.content.decode())[0]
    again = {"request_key": hidden(refused, "request_key"), "offer": other, "note": "A ramp."}
    assert "Your visit is booked" in text_of(ada.client.post("/visits/book-other/", again, follow=True))
    assert only_visit(ada).note == "A ramp."


def test_an_ended_hold_says_so_when_opened(clinic, ada):
    review = held(clinic, ada)
    models.Hold.objects.update(expires_at=clock.now() - timedelta(seconds=1))

    answer = ada.client.get(review.request["PATH_INFO"])

    assert answer.status_code == 409
    assert "That time is no longer kept" in text_of(answer)


def test_letting_a_time_go_frees_it(clinic, ada):
    review = held(clinic, ada)

    answer = ada.client.post(review.request["PATH_INFO"] + "release/")

    assert answer.status_code == 302
    assert answer.url.startswith("/visits/find/?type=")
    assert models.Hold.objects.count() == 0


def test_clinic_that_approves_is_asked(ada):
    clinic = Clinic(site_fields={"mode": "request"})

    review = held(clinic, ada)
    answer = book(clinic, ada)

    assert "Ask for this time" in text_of(review)
    assert "The clinic has your request" in text_of(answer)
    assert only_visit(ada).status is scheduling.Status.PENDING


def test_view_only_clinic_says_why(ada):
    clinic = Clinic(site_fields={"mode": "view-only", "phone": "555 0100"})

    answer = ada.client.get("/visits/find/", {"type": clinic.visit_type, "on": soon()})

    assert "No time is free" in text_of(answer)
    assert "online" in text_of(answer)


def test_a_note_that_is_too_long_keeps_the_hold(clinic, ada):
    review = held(clinic, ada)
    form = {"request_key": hidden(review, "request_key"), "offer": hidden(review, "offer"), "note": "x" * 501}

    answer = ada.client.post(review.request["PATH_INFO"], form)

    assert answer.status_code == 400
    assert "<title>Error:" in answer.content.decode()
    assert models.Hold.objects.count() == 1


def test_booking_costs_eight_statements(clinic, ada):
    review = held(clinic, ada)
    form = {"request_key": hidden(review, "request_key"), "offer": hidden(review, "offer")}

    with CaptureQueriesContext(connection) as statements:
        answer = ada.client.post(review.request["PATH_INFO"], form)

    assert answer.status_code == 302
    asked = [s["sql"] for s in statements if not re.match(r"(SAVEPOINT|RELEASE|BEGIN|COMMIT)", s["sql"])]
    assert len(asked) <= 8, [sql[:120] for sql in asked]


# --- visits ----------------------------------------------------------------------------------------------


def test_visits_lists_what_comes_and_what_was(clinic, ada):
    book(clinic, ada)

    coming, past = ada.client.get("/visits/"), ada.client.get("/visits/?show=past")

    assert "Booked" in text_of(coming)
    assert "No past visits" in text_of(past)


def test_visit_says_what_changed_and_when(clinic, ada):
    book(clinic, ada)

    answer = ada.client.get(f"/visits/{only_visit(ada).appointment_id}/")

    assert "What changed and when" in text_of(answer)
    assert "Booked by you" in text_of(answer)


def test_moving_keeps_the_old_time_until_the_new_one_is_won(clinic, ada):
    book(clinic, ada)
    visit = only_visit(ada)
    base = f"/visits/{visit.appointment_id}/move/"
    ref = clinic.offer(11, on=soon()).text

    found = ada.client.get(base, {"on": soon()})
    review = ada.client.get(base + "review/", {"offer": ref})
    form = {name: hidden(review, name) for name in ("request_key", "offer", "seen")}
    moved = ada.client.post(base + "review/", form, follow=True)

    assert "stays yours until the new time is certain" in text_of(found)
    assert "Your visit was moved" in text_of(moved)
    assert only_visit(ada).wall_start.hour == 11


def test_moving_to_a_taken_time_changes_nothing(clinic, ada):
    book(clinic, ada)
    base = f"/visits/{only_visit(ada).appointment_id}/move/review/"
    review = ada.client.get(base, {"offer": clinic.offer(11, on=soon()).text})
    clinic.book(patient(), 11, on=soon(), now=clock.now())
    form = {name: hidden(review, name) for name in ("request_key", "offer", "seen")}

    answer = ada.client.post(base, form)

    assert answer.status_code == 409
    assert "You still have" in text_of(answer)
    assert 'name="offer"' in answer.content.decode()
    assert only_visit(ada).wall_start.hour == 9


def test_cancelling_says_whose_act_it_was(clinic, ada):
    book(clinic, ada)
    url = f"/visits/{only_visit(ada).appointment_id}/cancel/"
    form = {"request_key": hidden(ada.client.get(url), "request_key"), "reason": "travel", "words": "No bus"}

    answer = ada.client.post(url, form, follow=True)

    assert "Your visit is cancelled" in text_of(answer)
    assert "You cancelled this visit" in text_of(answer)
    assert "I cannot get there. No bus" in text_of(answer)


def test_too_late_to_cancel_says_the_rule_and_the_phone(ada):
    clinic = Clinic(site_fields={"cancel_lead_minutes": 60 * 24 * 7, "phone": "+1 207 555 0100"})
    book(clinic, ada)
    visit = only_visit(ada)

    page = ada.client.get(f"/visits/{visit.appointment_id}/")
    cancel = ada.client.get(f"/visits/{visit.appointment_id}/cancel/")

    assert "until 7 days before they start" in text_of(page)
    assert "+1 207 555 0100" in text_of(page)
    assert "Cancel this visit" not in text_of(page)
    assert "cannot be cancelled online" in text_of(cancel)


# --- whose -----------------------------------------------------------------------------------------------


def test_a_proxy_chooses_whose_visit_it_is(clinic, ada):
    child = person("Bea")
    ada.acts_for(child)

    question = ada.client.get("/visits/find/")
    answer = ada.client.get("/visits/find/", {"for": child, "type": clinic.visit_type, "on": soon()})

    assert "Whose visit is it?" in text_of(question)
    assert "for Bea Okafor" in text_of(answer)
    assert hidden(answer, "for") == str(child)


def test_a_proxy_books_for_the_one_they_act_for(clinic, ada):
    child = person("Bea")
    ada.acts_for(child)
    ref = clinic.offer(9, on=soon()).text

    review = ada.client.post("/visits/hold/", {"offer": ref, "for": child}, follow=True)
    form = {name: hidden(review, name) for name in ("request_key", "offer", "for")}
    ada.client.post(review.request["PATH_INFO"], form)

    assert models.Appointment.objects.get().person_id == child


def test_somebody_elses_visit_looks_like_none(clinic, ada):
    other = patient()
    theirs = clinic.book(other, 9, on=soon(), now=clock.now()).appointment_id
    pages = ["", "visit.ics", "move/", "move/review/?offer=" + clinic.offer(10, on=soon()).text, "cancel/"]
    nobody = uuid4()

    for page in pages:
        yours, none = ada.client.get(f"/visits/{theirs}/{page}"), ada.client.get(f"/visits/{nobody}/{page}")
        assert (yours.status_code, none.status_code) == (404, 404), page
    for act in ("cancel/", "check-in/", "move/review/"):
        form = {"request_key": key(), "offer": clinic.offer(10, on=soon()).text}
        assert ada.client.post(f"/visits/{theirs}/{act}", form).status_code == 404, act
    assert scheduling.get_appointment(actor=other, appointment_id=theirs, now=clock.now()).version == 1


def test_somebody_elses_person_looks_like_none(clinic, ada):
    stranger = person_of(patient())

    for url in (
        f"/visits/?for={stranger}",
        f"/visits/find/?for={stranger}",
        f"/visits/calendar/?for={stranger}",
    ):
        assert ada.client.get(url).status_code == 404, url
    held = ada.client.post("/visits/hold/", {"offer": clinic.offer(9, on=soon()).text, "for": stranger})
    assert held.status_code == 404


def test_somebody_elses_hold_cannot_be_booked(clinic, ada):
    review = held(clinic, Patient())
    form = {"request_key": key(), "offer": hidden(review, "offer")}

    answer = ada.client.post(review.request["PATH_INFO"], form)

    assert answer.status_code == 409
    assert models.Appointment.objects.count() == 0


def test_strangers_are_asked_to_sign_in(client):
    assert client.get("/visits/").status_code == 302


def test_pages_of_visits_are_not_kept_by_browsers(clinic, ada):
    book(clinic, ada)

    for url in ("/visits/", f"/visits/{only_visit(ada).appointment_id}/"):
        assert "no-store" in ada.client.get(url).headers["Cache-Control"], url


def test_asking_to_move_shows_both_times_and_can_be_taken_back(ada):
    clinic = Clinic(site_fields={"mode": "request"})
    book(clinic, ada)
    visit = models.Appointment.objects.get()
    scheduling.approve(
        actor=clinic.desk, appointment_id=visit.pk,
        request_key=key(), now=clock.now(),
    )  # fmt: skip
    address = f"/visits/{visit.pk}/move/review/?offer={clinic.offer(10, on=soon()).text}"
    review = ada.client.get(address)
    assert "both times are kept for you" in text_of(review)
    form = {name: hidden(review, name) for name in ("request_key", "offer", "seen")}

    answer = ada.client.post(address, form, follow=True)

    assert "We have asked the clinic" in text_of(answer)
    assert "You asked for another time" in text_of(answer)
    assert "both times are kept for you" in text_of(answer)
    assert "You asked for" in text_of(ada.client.get("/visits/"))
    kept = ada.client.post(f"/visits/{visit.pk}/move/withdraw/", {"request_key": uuid4()}, follow=True)
    assert "Your visit stays as it is" in text_of(kept)
    assert "You asked for another time" not in text_of(kept)
    assert models.MoveRequest.objects.get().state == "withdrawn"


def test_a_version_too_long_to_be_one_is_none(clinic, ada):
    book(clinic, ada)
    visit = models.Appointment.objects.get()
    address = f"/visits/{visit.pk}/move/review/?offer={clinic.offer(10, on=soon()).text}"
    form = {"request_key": hidden(ada.client.get(address), "request_key"), "seen": "9" * 5000}

    answer = ada.client.post(address, form | {"offer": clinic.offer(10, on=soon()).text})

    assert answer.status_code == 302


def test_a_request_without_an_answer_says_so_kindly(ada):
    clinic = Clinic(site_fields={"mode": "request"})
    book(clinic, ada)
    models.Appointment.objects.update(status="cancelled", cancelled_by="clinic", lapsed_at=clock.now())

    page = text_of(ada.client.get(f"/visits/{models.Appointment.objects.get().pk}/"))

    assert "the clinic did not answer in time" in page
    assert "Book this again" in page
