"""What comes back: a correction to everybody who saw the value, a follow-up that did not arrive."""

from __future__ import annotations

import pytest
from review_house import NOW, ReviewHouse, again, corrected, key, pass_time, sign, sodium, timedelta

from labs import service as labs
from labs.review import corrections, followups
from labs.review.errors import TaskClosed
from steadwell.errors import Invalid, NotFound

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def house():
    return ReviewHouse()


def saw(house, filed, actor, now=NOW):
    labs.get_report(actor=actor, report_id=filed.report_id, now=now)


def test_correction_reaches_every_clinician_who_saw_the_old_value(house):
    first, second = corrected(house)
    filed = house.file(first)
    saw(house, filed, house.colleague)
    sign(house, filed)

    house.file(second, now=LATER)

    assert [line.kind for line in house.tasks()] == ["review"]
    assert [line.kind for line in house.tasks(house.colleague)] == ["correction"]
    assert house.tasks(house.stranger) == []


def test_acknowledged_correction_is_done_and_on_record(house):
    first, second = corrected(house)
    filed = house.file(first)
    saw(house, filed, house.colleague)
    house.file(second, now=LATER)
    task = house.tasks(house.colleague)[0]

    again_key = key()
    for _ in range(2):
        corrections.acknowledge(actor=house.colleague, task_id=task.task_id, request_key=again_key, now=LATER)

    assert house.tasks(house.colleague) == []
    assert len(house.tasks()) == 1
    with pytest.raises(TaskClosed):
        corrections.acknowledge(actor=house.colleague, task_id=task.task_id, request_key=key(), now=LATER)


def test_correction_that_nobody_acknowledged_comes_again_with_the_next_version(house):
    first, second = corrected(house)
    filed = house.file(first)
    saw(house, filed, house.colleague)
    house.file(second, now=LATER)

    third = again(second, *second.observations, sodium(), issued_at=second.issued_at + timedelta(hours=1))
    house.file(third, now=LATER + timedelta(hours=1))

    (line,) = house.tasks(house.colleague)
    assert (line.kind, line.version) == ("correction", 3)


def follow(house, filed, **more):
    values = {
        "actor": house.doctor, "report_id": filed.report_id, "version": 1, "what": "Potassium",
        "loinc": "2823-3", "due_at": NOW + timedelta(days=7), "request_key": key(), "now": NOW,
    } | more  # fmt: skip
    return followups.ask_for(**values)


def test_follow_up_that_does_not_arrive_comes_back(house):
    filed = house.file()
    follow(house, filed)
    sign(house, filed)

    pass_time(NOW + timedelta(days=7))

    (line,) = house.tasks(now=NOW + timedelta(days=7))
    assert (line.kind, line.follow_up) == ("follow-up", "Potassium")
    followups.settle(
        actor=house.doctor, task_id=line.task_id, note="She moved away.", request_key=key(), now=LATER
    )
    assert house.tasks() == []


def test_follow_up_that_arrives_is_settled_and_never_comes_back(house):
    filed = house.file()
    follow(house, filed)
    sign(house, filed)

    day = NOW + timedelta(days=3)
    second = house.file(house.say(collected_at=day, issued_at=day), now=day)

    assert [line.report_id for line in house.tasks(now=day)] == [second.report_id]
    pass_time(NOW + timedelta(days=8))
    assert [line.kind for line in house.tasks()] == ["review"]


def test_follow_up_refuses_a_day_that_is_over_and_nothing_at_all(house):
    filed = house.file()

    with pytest.raises(Invalid):
        follow(house, filed, due_at=NOW)
    with pytest.raises(Invalid):
        follow(house, filed, what=" ")
    with pytest.raises(NotFound):
        follow(house, filed, actor=house.stranger)
