"""Work of one clinician that is another's: delegated, taken from the queue, covered while away."""

from __future__ import annotations

import pytest
from review_house import NOW, ReviewHouse, key, sign, timedelta

from labs.review import delegation, inbox
from labs.review.errors import AlreadyCovered, NotReading, TaskClosed
from labs.review.inbox import Who
from steadwell.errors import Invalid, NotFound

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def house():
    return ReviewHouse()


def test_delegated_task_is_the_colleagues(house):
    house.file()
    task = house.tasks()[0]

    delegation.delegate(
        actor=house.doctor, task_id=task.task_id, to_id=house.colleague_id, note="Please look.",
        request_key=key(), now=NOW,
    )  # fmt: skip

    assert house.tasks() == []
    (line,) = house.tasks(house.colleague, Who.DELEGATED)
    assert line.delegated_by == house.doctor_id
    assert inbox.counts(actor=house.colleague, now=NOW).of(Who.DELEGATED) == 1


def test_delegate_refuses_who_does_not_read_here_and_what_is_closed(house):
    filed = house.file()
    task = house.tasks()[0]

    def hand_to(to_id):
        delegation.delegate(actor=house.doctor, task_id=task.task_id, to_id=to_id, request_key=key(), now=NOW)

    with pytest.raises(NotReading):
        hand_to(house.stranger.practitioner_id)
    with pytest.raises(NotReading):
        hand_to(house.doctor_id)
    sign(house, filed)
    with pytest.raises(TaskClosed):
        hand_to(house.colleague_id)


def test_taking_from_the_queue_makes_it_mine(house):
    house.file(house.say(ordered_by=""))

    delegation.take(
        actor=house.colleague, task_id=house.tasks(who=Who.QUEUE)[0].task_id, request_key=key(), now=NOW
    )

    assert house.tasks(who=Who.QUEUE) == []
    assert len(house.tasks(house.colleague)) == 1


def away(house, hours=24, **more):
    values = {
        "actor": house.doctor, "practitioner_id": house.doctor_id, "to_id": house.colleague_id,
        "starts_at": NOW, "ends_at": NOW + timedelta(hours=hours), "request_key": key(), "now": NOW,
    } | more  # fmt: skip
    return delegation.cover(**values)


def test_cover_shows_everything_to_the_colleague_and_ends_by_itself(house):
    house.file()

    away(house, hours=24)

    assert len(house.tasks(house.colleague)) == 1
    assert inbox.counts(actor=house.colleague, now=NOW).of(Who.DELEGATED) == 1
    after = NOW + timedelta(hours=24)
    assert house.tasks(house.colleague, now=after) == []
    assert len(house.tasks(now=after)) == 1


def test_cover_that_is_ended_early_ends_now(house):
    house.file()
    cover = away(house)

    delegation.end_cover(actor=house.doctor, away_id=cover, now=LATER)

    assert house.tasks(house.colleague, now=LATER) == []
    assert delegation.list_covers(actor=house.doctor, now=LATER) == []


def test_cover_twice_at_a_time_or_by_a_stranger_is_refused(house):
    away(house)

    with pytest.raises(AlreadyCovered):
        away(house, starts_at=LATER)
    with pytest.raises(NotReading):
        away(house, to_id=house.stranger.practitioner_id)
    with pytest.raises(Invalid):
        away(house, hours=-1)
    with pytest.raises(NotFound):
        away(house, actor=house.colleague)


def test_covers_that_form_a_circle_end(house):
    house.file()
    away(house)
    away(house, actor=house.colleague, practitioner_id=house.colleague_id, to_id=house.doctor_id)

    assert len(house.tasks()) == len(house.tasks(house.colleague)) == 1
