"""Several clinicians and several workers at one moment, each on a connection of their own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from django.db import transaction
from review_house import NOW, ReviewHouse, again, carry, key, potassium, timedelta

from labs.models import CallStep, OpenCall, ReviewTask, Signature
from labs.review import calls, delegation, opening, signing
from labs.types import Status

sys.path.insert(0, str(Path(__file__).parents[1] / "races"))
from racing import all_at_once, codes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house():
    return ReviewHouse()


def test_of_clinicians_who_sign_at_once_one_does(house):
    filed = house.file()
    readers = [house.doctor, house.colleague] * 4

    results = all_at_once(
        [
            lambda actor=actor: signing.sign(
                actor=actor, report_id=filed.report_id, version=1, request_key=key(), now=NOW
            )
            for actor in readers
        ]
    )

    assert codes(results) == {"won": 1, "already-signed": 7}
    assert Signature.objects.count() == 1


def test_one_and_by_bulk_at_once_is_one_signature(house):
    filed = house.file()
    task_id = house.tasks()[0].task_id

    results = all_at_once(
        [
            lambda: signing.sign(
                actor=house.doctor, report_id=filed.report_id, version=1, request_key=key(), now=NOW
            ),
            lambda: signing.sign_normal(
                actor=house.colleague, task_ids=[task_id], request_key=key(), now=NOW
            ),
        ]
    )

    assert Signature.objects.count() == 1
    assert set(codes(results)) <= {"won", "already-signed"}


def test_of_clinicians_who_read_back_at_once_one_ends_the_call(house):
    house.file(house.say(potassium("7.1", flags=("HH",))))
    call_id = OpenCall.objects.get().pk

    results = all_at_once(
        [
            lambda actor=actor: calls.acknowledge(
                actor=actor, call_id=call_id, read_back="7.1", request_key=key(), now=NOW
            )
            for actor in [house.doctor, house.colleague] * 4
        ]
    )

    assert codes(results) == {"won": 1, "already-acknowledged": 7}
    assert CallStep.objects.filter(act="acknowledged").count() == 1


def test_event_delivered_to_several_workers_at_once_opens_one_task_and_one_call(house):
    filed = house.file(house.say(potassium("7.1", flags=("HH",))), carried=False)

    def hear():
        with transaction.atomic():
            opening.open_for(report_id=filed.report_id, version=1, corrected=False, now=NOW)

    all_at_once([hear] * 6)

    assert ReviewTask.objects.count() == OpenCall.objects.count() == 1


def test_signature_beside_a_new_version_leaves_the_new_version_unsigned(house):
    said = house.say(potassium("5.0"))
    filed = house.file(said)
    second = again(
        said, potassium("4.9", status=Status.CORRECTED), status=Status.CORRECTED,
        issued_at=said.issued_at + timedelta(hours=1),
    )  # fmt: skip

    results = all_at_once(
        [
            lambda: signing.sign(
                actor=house.doctor, report_id=filed.report_id, version=1, request_key=key(), now=NOW
            ),
            lambda: house.file(second, carried=False),
        ]
    )
    carry()

    assert set(codes(results)) <= {"won", "newer-version"}
    assert [task.version for task in ReviewTask.objects.filter(state="open")] == [2]
    assert not Signature.objects.filter(version=2).exists()


def test_of_two_who_take_a_task_one_has_it_and_the_story_is_whole(house):
    house.file(house.say(ordered_by=""))
    task_id = ReviewTask.objects.get().pk

    all_at_once(
        [
            lambda actor=actor: delegation.take(actor=actor, task_id=task_id, request_key=key(), now=NOW)
            for actor in (house.doctor, house.colleague)
        ]
    )

    task = ReviewTask.objects.get()
    assert task.holder_id in {house.doctor_id, house.colleague_id}
    assert not task.in_queue
