"""The pages on which staff say whose a report is."""

from __future__ import annotations

import pytest
import time_machine
from lab_house import patient
from review_house import NOW, ReviewHouse, carry, potassium

from steadwell.actor import Role
from steadwell.identity import service as identity

pytestmark = pytest.mark.django_db

QUEUE = "/clinic/labs/waiting/"


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def house():
    return ReviewHouse()


@pytest.fixture
def desk(house):
    return house.client(house.staff(Role.FRONT_DESK, house.site))


def text(response) -> str:
    return response.content.decode()


def nowak(house, **more):
    stranger = patient("MR-9", family="Nowak", given="Eva")
    return house.file(house.say(potassium(flags=("HH",)), patient=stranger, **more))


def test_queue_shows_who_waits_and_not_the_test_to_the_desk(house, desk):
    nowak(house)

    page = text(desk.get(QUEUE))

    assert "Nowak, Eva" in page
    assert "Electrolytes" not in page
    assert "Critical" in page
    assert "Electrolytes" in text(house.client(house.doctor).get(QUEUE))


def test_empty_queue_says_so(desk):
    assert "Every result has its patient" in text(desk.get(QUEUE))


def test_staff_of_another_site_find_nothing_there(house):
    filed = nowak(house)
    client = house.client(house.stranger)

    assert "Nowak" not in text(client.get(QUEUE))
    assert client.get(f"{QUEUE}{filed.report_id}/").status_code == 404


def test_match_through_the_search_makes_it_theirs(house, desk):
    filed = nowak(house)
    address = f"{QUEUE}{filed.report_id}/?q=Okafor"
    assert "Okafor, Ada" in text(desk.get(address))

    answer = desk.post(address, {"person": str(house.person_id), "reason": "asked by telephone"})

    assert answer.status_code == 302
    carry()
    assert [line.person_id for line in house.tasks()] == [house.person_id]
    assert "Every result has its patient" in text(desk.get(QUEUE))


def test_somebody_new_is_a_choice(house, desk):
    filed = nowak(house)

    desk.post(f"{QUEUE}{filed.report_id}/", {"person": "new", "reason": "first visit"})

    carry()
    (line,) = house.tasks()
    found = identity.get_person(actor=house.doctor, person_id=line.person_id, now=NOW)
    assert found.family_name == "Nowak"


@pytest.mark.parametrize("sent", [{}, {"person": "new"}, {"person": "not-an-id", "reason": "x"}])
def test_decision_without_its_parts_is_refused_on_the_page(house, desk, sent):
    filed = nowak(house)

    page = text(desk.post(f"{QUEUE}{filed.report_id}/", sent))

    assert "Please look at this again" in page
    assert "Nowak, Eva" in text(desk.get(QUEUE))


def test_matched_one_is_not_there_any_more(house, desk):
    filed = nowak(house)
    address = f"{QUEUE}{filed.report_id}/"
    desk.post(address, {"person": "new", "reason": "first visit"})

    assert desk.get(address).status_code == 404


def test_entry_in_the_header_counts_what_waits(house):
    nowak(house)

    page = text(house.client(house.doctor).get(QUEUE))

    assert "Unmatched" in page
    assert page.count('aria-current="page"') == 1
