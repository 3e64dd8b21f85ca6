"""What waits for whom: opened by what the laboratory says, superseded by what it says next."""

from __future__ import annotations

import pytest
from review_house import (
    NOW,
    ReviewHouse,
    carry,
    corrected,
    pass_time,
    potassium,
    record_number,
    sign,
    timedelta,
)

from labs import service as labs
from labs.models import ReviewTask, TaskStep
from labs.review import inbox, rules
from labs.review.inbox import What, Who
from notifications.models import Message
from steadwell import events
from steadwell.errors import Invalid, NotFound
from steadwell.outbox import service as outbox

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def house():
    return ReviewHouse()


def test_new_report_waits_for_the_clinician_who_ordered_it(house):
    filed = house.file()

    (line,) = house.tasks()
    assert (line.report_id, line.version, line.holder_id) == (filed.report_id, 1, house.doctor_id)
    assert line.plain
    assert house.tasks(house.colleague) == house.tasks(house.stranger) == []


def test_report_of_no_clinician_waits_in_the_queue_of_its_site(house):
    house.file(house.say(ordered_by=""))

    assert len(house.tasks(who=Who.QUEUE)) == len(house.tasks(house.colleague, Who.QUEUE)) == 1
    assert house.tasks(house.stranger, Who.QUEUE) == house.tasks(house.manager, Who.QUEUE) == []


def test_event_that_comes_twice_opens_one_task(house):
    filed = house.file()
    for _ in range(2):
        outbox.publish(
            events.LabReportFiled(report_id=filed.report_id, person_id=house.person_id, version=1), now=NOW
        )
        carry()

    assert ReviewTask.objects.count() == 1


def test_critical_stands_above_abnormal_above_normal_each_newest_first(house):
    values = ["4.0", "5.4", "4.2", "7.1"]
    for minute, value in enumerate(values):
        flags = ("HH",) if value == "7.1" else ("H",) if value == "5.4" else ()
        house.file(house.say(potassium(value, flags=flags)), now=NOW + timedelta(minutes=minute))

    assert [line.rank.name for line in house.tasks()] == ["CRITICAL", "ABNORMAL", "NORMAL", "NORMAL"]
    assert house.tasks()[2].opened_at > house.tasks()[3].opened_at
    counts = inbox.counts(actor=house.doctor, now=NOW)
    assert [counts.of(Who.MINE, what) for what in What] == [4, 1, 1, 0, 2]


def test_newer_version_supersedes_the_older_task(house):
    first, second = corrected(house)
    house.file(first)
    old = house.tasks()[0]

    house.file(second, now=LATER)

    (line,) = house.tasks()
    assert (line.version, line.corrected) == (2, True)
    assert ReviewTask.objects.get(pk=old.task_id).state == "superseded"
    assert TaskStep.objects.get(task_id=old.task_id).act == "superseded"


def test_events_in_the_wrong_order_end_with_the_newest_version_open(house):
    first, second = corrected(house)
    house.file(first, carried=False)
    filed = house.file(second, now=LATER, carried=False)
    for version in (2, 1):
        outbox.publish(
            events.LabReportFiled(report_id=filed.report_id, person_id=house.person_id, version=version),
            now=LATER,
        )
    carry(LATER)

    assert [task.version for task in ReviewTask.objects.filter(state="open")] == [2]


def test_old_message_that_comes_late_leaves_the_task_as_it_is(house):
    first, second = corrected(house)
    filed = house.file(second)

    house.file(first, now=LATER)
    sign(house, filed, version=house.tasks()[0].version, now=LATER)

    assert house.tasks() == []


def test_report_without_a_patient_waits_for_nobody_until_it_has_one(house):
    unknown = labs.IncomingPatient(
        external_id="X", identifiers=(record_number("MR-9"),), demographics=house.say().patient.demographics
    )

    house.file(house.say(patient=unknown))

    assert house.tasks() == []


def test_unread_result_goes_to_the_whole_site_then_to_its_managers(house):
    house.file(house.say(potassium("5.9", flags=("H",))))

    pass_time(NOW + timedelta(hours=23))
    assert house.tasks(house.colleague, Who.QUEUE) == []
    pass_time(NOW + timedelta(hours=24))
    (line,) = house.tasks(house.colleague, Who.QUEUE)
    assert line.escalation == 1
    assert len(house.tasks()) == 1
    assert not Message.objects.exists()

    pass_time(NOW + timedelta(hours=48))

    assert [message.reader_id for message in Message.objects.all()] == [house.manager.user_id]
    assert [step.level for step in TaskStep.objects.order_by("id")] == [1, 2]


def test_site_says_how_long_its_clinicians_have(house):
    rules.set_rules(
        actor=house.manager, site_id=house.site, now=NOW,
        rules=rules.Rules(normal_hours=2, abnormal_hours=1, critical_minutes=5),
    )  # fmt: skip
    house.file()

    pass_time(NOW + timedelta(hours=2))

    assert house.tasks()[0].escalation == 1
    with pytest.raises(NotFound):
        rules.set_rules(actor=house.doctor, site_id=house.site, rules=rules.Rules(), now=NOW)
    with pytest.raises(Invalid):
        rules.set_rules(actor=house.manager, site_id=house.site, rules=rules.Rules(normal_hours=0), now=NOW)


def test_signed_in_time_escalates_nothing(house):
    filed = house.file()
    sign(house, filed)

    pass_time(NOW + timedelta(days=30))

    assert not TaskStep.objects.filter(act="escalated").exists()


def test_stamp_changes_with_whatever_happens_and_only_then(house):
    stamps = [inbox.counts(actor=house.doctor, now=NOW).stamp]
    filed = house.file()
    stamps.append(inbox.counts(actor=house.doctor, now=NOW).stamp)
    assert inbox.counts(actor=house.doctor, now=LATER).stamp == stamps[-1]

    sign(house, filed, now=LATER)

    stamps.append(inbox.counts(actor=house.doctor, now=LATER).stamp)
    assert len({*stamps[:2]}) == 2
    assert stamps[2] != stamps[1]
