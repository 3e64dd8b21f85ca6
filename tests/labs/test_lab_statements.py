"""How many statements the clinicians' pages of results take: fixed, however much is in them."""

from __future__ import annotations

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from review_house import NOW, ReviewHouse, key, potassium

from labs.review import signing

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _then():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def house() -> ReviewHouse:
    return ReviewHouse()


def statements(client, path: str) -> int:
    client.get(path)  # what is kept between requests is there now
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code in {200, 204}
    return len(asked)


def test_the_inbox_takes_as_many_for_forty_results_as_for_one(house):
    doctor = house.client(house.doctor)
    house.file()
    one = statements(doctor, "/clinic/labs/")

    for number in range(40):
        house.file(house.say(potassium(), filler_number=f"F-{number}"))

    assert statements(doctor, "/clinic/labs/") == one <= 10


def test_asking_for_news_where_there_is_none_takes_three(house):
    doctor = house.client(house.doctor)
    page = doctor.get("/clinic/labs/").content.decode()
    address = page.partition('hx-get="')[2].partition('"')[0].replace("&amp;", "&")

    assert statements(doctor, address) <= 3


def test_a_report_takes_as_many_for_forty_values_as_for_one(house):
    doctor = house.client(house.doctor)
    single = house.file()
    many = house.file(house.say(*[potassium(key=f"k{n}") for n in range(40)], filler_number="F-40"))

    counts = [statements(doctor, f"/clinic/labs/report/{each.report_id}/") for each in (single, many)]

    assert counts == [14, 14]


def test_a_report_with_a_call_a_question_and_deeds_takes_a_few_more(house):
    doctor = house.client(house.doctor)
    for number in ("F-1", "F-2"):
        said = house.say(potassium("7.1", flags=("HH",)), filler_number=number, placer_number="P-1")
        filed = house.file(said)
    signing.sign(
        actor=house.doctor, report_id=filed.report_id, version=1, comment="Please come in.",
        request_key=key(), now=NOW,
    )  # fmt: skip

    page = f"/clinic/labs/report/{filed.report_id}/"
    shown = doctor.get(page).content.decode()

    assert "This may be the same report as another" in shown
    assert "Please come in." in shown
    assert statements(doctor, page) == 20
