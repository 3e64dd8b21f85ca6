"""How many statements each thing costs, however long a conversation or a queue is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conversation_house import NOW, House
from django.db import connection
from django.test.utils import CaptureQueriesContext

from messaging import reading
from messaging import service as messaging

pytestmark = pytest.mark.django_db
_OF_THE_TRANSACTION = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


@pytest.fixture
def house() -> House:
    made = House()
    messaging.list_sites(actor=made.patient, person_id=made.person_id, now=NOW)  # the set-up is read once
    return made


def cost(act: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        act()
    return sum(not q["sql"].upper().startswith(_OF_THE_TRANSACTION) for q in captured.captured_queries)


def queue(house: House) -> object:
    return messaging.list_queue(actor=house.doctor, site_id=house.site, now=NOW)


def listed(house: House) -> object:
    return messaging.list_conversations(actor=house.patient, person_id=house.person_id, now=NOW)


def test_lists_cost_the_same_however_long_they_are(house):
    house.started()
    few = cost(lambda: queue(house)), cost(lambda: listed(house))
    for _ in range(5):
        house.started()

    assert (cost(lambda: queue(house)), cost(lambda: listed(house))) == few == (2, 2)
    assert cost(lambda: reading.count_waiting(house.doctor)) == 1
    assert cost(lambda: reading.count_waiting(house.manager)) == 0


def test_a_conversation_costs_the_same_however_long_it_is(house):
    view = house.started()
    house.read(view, house.doctor)
    short = cost(lambda: house.read(view, house.doctor))
    for _ in range(5):
        house.written(view)
    house.read(view, house.doctor)

    assert cost(lambda: house.read(view, house.doctor)) == short == 4


def test_what_writing_costs(house):
    costs = {}
    made = []
    costs["start"] = cost(lambda: made.append(house.started()))
    costs["write"] = cost(lambda: house.written(made[0]))
    view = house.read(made[0], house.doctor)
    costs["answer"] = cost(lambda: house.answered(view))

    assert costs == {"start": 11, "write": 10, "answer": 16}
