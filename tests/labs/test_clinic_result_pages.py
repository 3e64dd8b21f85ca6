"""The clinicians' pages about results, over HTTP: what they show, to whom, and for how many statements."""

from __future__ import annotations

import html
import re

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from result_pages import LIST, corrected, report, text
from review_house import NOW, ReviewHouse, again, key, potassium, sodium, timedelta

from labs import service as labs
from labs.models import FollowUp, OpenCall, Order, Signature
from labs.review import delegation, oncall
from labs.types import Status
from steadwell.actor import Role

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def house():
    return ReviewHouse()


@pytest.fixture
def doctor(house):
    return house.client(house.doctor)


def test_inbox_shows_the_patient_the_values_and_the_counts(house, doctor):
    house.file(house.say(potassium("5.9", flags=("H",)), sodium()))
    house.file()

    page = text(doctor.get(LIST))

    assert "Ada Okafor" in page
    assert re.search(r"Potassium 5.9.mmol/L ↑ High", page)
    assert "For you 2" in page
    assert "Abnormal 1" in page


def test_inbox_of_nobody_says_so_and_the_queue_shows_no_values(house, doctor):
    house.file(house.say(ordered_by=""))

    assert "Everything is read" in text(doctor.get(LIST))
    queue = text(doctor.get(f"{LIST}?who=queue"))
    assert "Ada Okafor" in queue
    assert "4.1" not in queue


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.MANAGER])
def test_pages_of_results_are_not_there_for_other_staff(house, role):
    filed = house.file()
    client = house.client(house.staff(role, house.site))

    for address in (LIST, report(filed), f"{LIST}critical/", f"{LIST}news/", f"{LIST}alert/"):
        assert client.get(address).status_code == 404
    assert client.post(report(filed, "sign/"), {"version": 1, "request_key": key()}).status_code == 404


def test_pages_of_results_are_not_there_for_another_site(house):
    filed = house.file()
    client = house.client(house.stranger)

    for rest in ("", "versions/"):
        assert client.get(report(filed, rest)).status_code == 404
    assert client.post(report(filed, "sign/"), {"version": 1, "request_key": key()}).status_code == 404
    assert "Okafor" not in text(client.get(LIST))


def test_news_answers_nothing_until_something_changed(house, doctor, django_assert_num_queries):
    house.file()
    page = doctor.get(LIST).content.decode()
    news = html.unescape(re.search(r'hx-get="(/clinic/labs/news/[^"]+)"', page)[1])

    with django_assert_num_queries(2):  # the session with its user, the counts
        assert doctor.get(news).status_code == 204
    house.file()
    fresh = doctor.get(news)

    assert "2 results to read" in text(fresh)
    assert 'id="inbox"' in fresh.content.decode()
    assert "<html" not in fresh.content.decode()


def test_looking_for_news_keeps_nobody_signed_in(house, doctor):
    with time_machine.travel(NOW + timedelta(minutes=10), tick=False):
        assert doctor.get(f"{LIST}news/", headers={"X-Unattended": "1"}).status_code == 200
    with time_machine.travel(NOW + timedelta(minutes=16), tick=False):
        assert doctor.get(LIST).status_code == 302


def test_inbox_costs_the_same_whatever_it_holds(house, doctor, django_assert_num_queries):
    for _ in range(2):
        house.file(house.say(potassium(), sodium()))
    doctor.get(LIST)
    with django_assert_num_queries(10):  # one of them counts the refills that wait, for the header
        doctor.get(LIST)
    for _ in range(10):
        house.file(house.say(potassium(), sodium()))

    with django_assert_num_queries(10):
        doctor.get(LIST)


def test_other_pages_of_clinicians_cost_one_statement_more(house, doctor):
    doctor.get("/clinic/")
    with CaptureQueriesContext(connection) as captured:
        doctor.get("/clinic/")

    asked = [query["sql"] for query in captured.captured_queries if "labs_" in query["sql"]]
    assert len(asked) == 1  # what waits to be read, with the banner, and what waits for its patient


def test_sign_goes_on_to_the_next_result(house, doctor):
    first, second = house.file(), house.file(now=NOW - timedelta(minutes=1))

    answer = doctor.post(report(first, "sign/"), {"version": 1, "comment": "All well.", "request_key": key()})

    assert answer["Location"] == report(second)
    page = text(doctor.get(report(first)))
    assert "Signed" in page
    assert "All well." in page
    assert "Wren Halloran signed version 1" in page


def test_sign_of_an_older_version_shows_both_and_keeps_the_words(house, doctor):
    filed = corrected(house)

    answer = doctor.post(
        report(filed, "sign/"), {"version": 1, "comment": "Please drink more.", "request_key": key()}
    )

    assert answer.status_code == 412
    page = answer.content.decode()
    assert "A newer version came in" in page
    assert re.search(r"<s>.*5\.9", page)
    assert "Please drink more." in page
    assert 'name="version" value="2"' in page
    assert not Signature.objects.exists()


def test_sign_of_what_a_colleague_signed_says_who_and_goes_on(house, doctor):
    filed = house.file()
    house.client(house.colleague).post(report(filed, "sign/"), {"version": 1, "request_key": key()})

    answer = doctor.post(report(filed, "sign/"), {"version": 1, "request_key": key()}, follow=True)

    assert "Sol Aberg signed this result already" in text(answer)


def test_save_without_signing_keeps_it_in_the_inbox(house, doctor):
    filed = house.file()

    doctor.post(
        report(filed, "sign/"),
        {"version": 1, "note": "Ask the pharmacy.", "act": "save", "request_key": key()},
    )

    assert "For you 1" in text(doctor.get(LIST))
    assert "Ask the pharmacy." in text(doctor.get(report(filed)))
    empty = doctor.post(report(filed, "sign/"), {"version": 1, "act": "save", "request_key": key()})
    assert "nothing to save" in text(empty)


def test_normal_ones_are_signed_together_and_others_refused(house, doctor):
    house.file()
    house.file(house.say(potassium("5.9", flags=("H",))))
    page = doctor.get(LIST).content.decode()
    ticks = re.findall(r'name="task" value="([^"]+)"', page)
    every = re.findall(r'data-task="([^"]+)"', page)
    assert (len(ticks), len(every)) == (1, 2)

    refused = doctor.post(f"{LIST}sign-normal/", {"task": every, "request_key": key()}, follow=True)
    assert "Only results that are normal" in text(refused)
    done = doctor.post(f"{LIST}sign-normal/", {"task": ticks, "request_key": key()}, follow=True)

    assert "1 result is signed." in text(done)
    assert "For you 1" in text(done)


def test_task_is_handed_to_a_colleague_and_taken(house, doctor):
    filed = house.file()
    task = house.tasks()[0].task_id

    answer = doctor.post(
        f"{LIST}task/{task}/delegate/",
        {"to": house.colleague_id, "why": "Your patient.", "request_key": key()},
        follow=True,
    )

    assert "Sol Aberg has it now." in text(answer)
    colleague = house.client(house.colleague)
    assert "from Wren Halloran" in text(colleague.get(f"{LIST}?who=delegated"))
    assert "Wren Halloran handed it to Sol Aberg – Your patient." in text(colleague.get(report(filed)))
    doctor.post(f"{LIST}task/{task}/take/", {"request_key": key()})
    assert "For you 1" in text(doctor.get(LIST))


def test_follow_up_is_ordered_from_the_page(house, doctor):
    filed = house.file()

    wrong = doctor.post(report(filed, "follow-up/"), {"due_on": "2026-06-10", "request_key": key()})
    past = doctor.post(
        report(filed, "follow-up/"), {"what": "A visit", "due_on": "2026-05-10", "request_key": key()}
    )
    right = doctor.post(
        report(filed, "follow-up/"),
        {"test": "2823-3", "due_on": "2026-06-10", "request_key": key()},
        follow=True,
    )

    assert "Choose a test, or say what should follow." in text(wrong)
    assert "Choose a day to come." in text(past)
    assert "it comes back to you" in text(right)
    assert "asked for: Potassium" in text(right)
    order = Order.objects.get()
    assert (order.loinc, order.practitioner_id) == ("2823-3", house.doctor_id)
    assert FollowUp.objects.get().order_id == order.pk


def test_banner_stands_on_every_page_of_the_clinic_until_the_value_is_read_back(house, doctor):
    house.file(house.say(potassium("7.1", flags=("HH",))))

    for address in ("/clinic/", LIST, "/clinic/arrivals/"):
        assert "1 critical value waits" in text(doctor.get(address))
    page = text(doctor.get(f"{LIST}critical/"))
    assert re.search(r"Potassium 7\.1.mmol/L", page)
    call = OpenCall.objects.get().pk
    wrong = doctor.post(f"{LIST}critical/{call}/", {"read_back": "1.7", "request_key": key()})
    assert "That is not the value" in text(wrong)
    right = doctor.post(f"{LIST}critical/{call}/", {"read_back": "7.1", "request_key": key()}, follow=True)

    assert "Confirmed." in text(right)
    assert "critical value waits" not in text(doctor.get("/clinic/"))
    late = house.client(house.colleague).post(
        f"{LIST}critical/{call}/", {"read_back": "7.1", "request_key": key()}, follow=True
    )
    assert "A colleague has confirmed this value already" in text(late)


def test_alert_is_empty_for_one_who_is_not_called(house):
    oncall.add_shift(
        actor=house.manager, site_id=house.site, practitioner_id=house.doctor_id, starts_at=NOW,
        ends_at=NOW + timedelta(hours=8), request_key=key(), now=NOW,
    )  # fmt: skip
    house.file(house.say(potassium("7.1", flags=("HH",)), ordered_by=""))

    assert "critical value waits" in text(house.client(house.doctor).get(LIST))
    assert "critical value waits" not in text(house.client(house.colleague).get(LIST))


def test_manager_sees_the_times_and_no_patient(house):
    house.file(house.say(potassium("7.1", flags=("HH",))))
    manager = house.client(house.manager)

    page = text(manager.get(f"{LIST}critical/times/"))

    assert "Waiting now" in page
    assert "Okafor" not in page
    assert "7.1" not in page
    assert house.client(house.doctor).get(f"{LIST}critical/times/").status_code == 404


def test_manager_sets_the_times_and_the_roster(house):
    manager = house.client(house.manager)
    settings = f"{LIST}settings/"

    saved = manager.post(
        settings, {"normal_hours": 48, "abnormal_hours": 12, "critical_minutes": 10}, follow=True
    )
    wrong = manager.post(settings, {"normal_hours": 0, "abnormal_hours": 12, "critical_minutes": 10})
    stretch = {
        "who": house.doctor_id, "first": "2026-06-01", "first_time": "08:00", "last": "2026-06-01",
        "last_time": "20:00",
    }  # fmt: skip
    on_call = manager.post(f"{settings}on-call/", {**stretch, "request_key": key()}, follow=True)

    assert "Saved." in text(saved)
    assert 'value="48"' in saved.content.decode()
    assert "greater than or equal to 1" in text(wrong)
    assert "Wren Halloran now" in text(on_call)
    shift = re.search(r"on-call/([^/]+)/end/", on_call.content.decode())[1]
    ended = manager.post(f"{settings}on-call/{shift}/end/", follow=True)
    assert "Nobody from now on" in text(ended)
    assert house.client(house.doctor).get(settings).status_code == 404


def test_cover_is_arranged_and_ended_on_its_page(house, doctor):
    stretch = {
        "who": house.colleague_id, "first": "2026-06-01", "first_time": "08:00", "last": "2026-06-08",
        "last_time": "08:00",
    }  # fmt: skip
    house.file()

    page = doctor.post(f"{LIST}away/", {**stretch, "request_key": key()}, follow=True)

    assert "Sol Aberg reads for you" in text(page)
    colleague = house.client(house.colleague)
    assert "for Wren Halloran" in text(colleague.get(LIST))
    assert "You read for Wren Halloran" in text(colleague.get(f"{LIST}away/"))
    twice = doctor.post(f"{LIST}away/", {**stretch, "request_key": key()})
    assert "Somebody covers for part of this time already" in text(twice)
    cover = delegation.list_covers(actor=house.doctor, now=NOW)[0].away_id
    assert "Sol Aberg reads for you" not in text(doctor.post(f"{LIST}away/{cover}/end/", follow=True))


def test_correction_is_acknowledged_on_the_page(house):
    said = house.say(potassium("5.9"))
    filed = house.file(said, now=NOW - timedelta(hours=2))
    colleague = house.client(house.colleague)
    labs.get_report(actor=house.colleague, report_id=filed.report_id, now=NOW - timedelta(hours=1))
    house.file(
        again(
            said, potassium("4.9", status=Status.CORRECTED), status=Status.CORRECTED,
            issued_at=said.issued_at + timedelta(hours=1),
        )
    )  # fmt: skip

    assert "Correction of what you saw" in text(colleague.get(LIST))
    page = colleague.get(report(filed)).content.decode()
    address = re.search(r'action="(/clinic/labs/task/[^"]+/acknowledge/)"', page)[1]
    done = colleague.post(address, {"request_key": key()}, follow=True)

    assert "Noted that you have seen the correction." in text(done)
    assert "Sol Aberg has seen the correction" in text(done)
    assert "Everything is read" in text(colleague.get(LIST))


def test_nobody_signed_in_is_asked_to(house):
    filed = house.file()

    assert Client().get(report(filed)).status_code == 302
