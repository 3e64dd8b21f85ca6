"""What waits for whom: opened by what the laboratory says, superseded by what it says next."""

from __future__ import annotations

import pytest
from review_house import (
    NOW,
    ReviewHouse,
    again,
    carry,
    key,
    pass_time,
    potassium,
    record_number,
    sodium,
    timedelta,
)

from labs import service as labs
from labs.models import ReviewTask, TaskStep
from labs.review import corrections, delegation, followups, inbox, rules, signing
from labs.review.errors import AlreadyCovered, AlreadySigned, NewerVersion, NotNormal, NotReading, TaskClosed
from labs.review.inbox import What, Who
from labs.types import Status
from notifications.models import Message
from steadwell import events
from steadwell.accounts import service as accounts
from steadwell.errors import Invalid, NotFound, RequestKeyReused
from steadwell.outbox import service as outbox

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def house():
    return ReviewHouse()


def sign(house, filed, *, actor=None, version=1, now=NOW, **more):
    more.setdefault("request_key", key())
    signing.sign(actor=actor or house.doctor, report_id=filed.report_id, version=version, now=now, **more)


def corrected(house, value="4.9", **more):
    """A final value, then its correction."""
    said = house.say(potassium("5.0"))
    return said, again(
        said, potassium(value, status=Status.CORRECTED), status=Status.CORRECTED,
        issued_at=said.issued_at + timedelta(hours=1), **more,
    )  # fmt: skip


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


def test_sign_closes_the_task_and_tells_it(house):
    filed = house.file()

    sign(house, filed, comment="All well.", note="Repeat in a year.", talked=True)

    assert house.tasks() == []
    (done,) = house.tasks(who=Who.DONE)
    assert done.report_id == filed.report_id
    (signature,) = inbox.signed_of([filed.report_id]).values()
    assert (signature.signed_by, signature.talked, signature.in_bulk) == (house.doctor.user_id, True, False)


def test_sign_repeated_is_one_signature_and_another_body_is_refused(house):
    filed, again_key = house.file(), key()
    sign(house, filed, request_key=again_key)
    sign(house, filed, request_key=again_key)

    with pytest.raises(RequestKeyReused):
        sign(house, filed, request_key=again_key, comment="Else")


def test_sign_of_what_a_colleague_signed_says_who(house):
    filed = house.file()
    sign(house, filed, actor=house.colleague)

    with pytest.raises(AlreadySigned) as refused:
        sign(house, filed)
    assert "Sol Aberg" in refused.value.text


def test_sign_of_an_older_version_is_refused_as_stale(house):
    first, second = corrected(house)
    filed = house.file(first)
    house.file(second, now=LATER)

    with pytest.raises(NewerVersion) as refused:
        sign(house, filed, now=LATER)
    assert refused.value.current == 2
    assert len(house.tasks()) == 1


@pytest.mark.parametrize("who", ["stranger", "manager"])
def test_sign_by_another_site_or_role_is_not_there(house, who):
    filed = house.file()

    with pytest.raises(NotFound):
        sign(house, filed, actor=getattr(house, who))


def test_sign_normal_signs_several_at_once(house):
    house.file(house.say(potassium("4.0")))
    house.file(house.say(potassium("4.4")))

    done = signing.sign_normal(
        actor=house.doctor, task_ids=[line.task_id for line in house.tasks()], request_key=key(), now=NOW
    )

    assert (done.signed, done.passed_over) == (2, 0)
    assert house.tasks() == []


@pytest.mark.parametrize("what", ["abnormal", "preliminary", "corrected"])
def test_sign_normal_refuses_all_where_one_is_not_plain(house, what):
    house.file()
    if what == "corrected":
        for said in corrected(house):
            house.file(said)
    else:
        status = Status.PRELIMINARY if what == "preliminary" else Status.FINAL
        flags = ("H",) if what == "abnormal" else ()
        house.file(house.say(potassium(flags=flags, status=status), status=status))

    with pytest.raises(NotNormal):
        signing.sign_normal(
            actor=house.doctor, task_ids=[line.task_id for line in house.tasks()], request_key=key(), now=NOW
        )
    assert len(house.tasks()) == 2


def test_sign_normal_passes_over_what_a_colleague_signed(house):
    mine, theirs = house.file(), house.file()
    chosen = [line.task_id for line in house.tasks()]
    sign(house, theirs, actor=house.colleague)

    done = signing.sign_normal(actor=house.doctor, task_ids=chosen, request_key=key(), now=NOW)

    assert (done.signed, done.passed_over) == (1, 1)
    assert mine.report_id != theirs.report_id


def test_comment_is_for_the_patient_or_for_colleagues(house):
    filed = house.file()
    for text, to_patient in (("Well done.", True), ("Call the pharmacy.", False)):
        signing.comment(
            actor=house.doctor, report_id=filed.report_id, version=1, text=text, to_patient=to_patient,
            request_key=key(), now=NOW,
        )  # fmt: skip

    said = signing.comments_of(filed.report_id)
    assert [(each.text, each.audience) for each in said] == [
        ("Well done.", "patient"), ("Call the pharmacy.", "clinic"),
    ]  # fmt: skip
    with pytest.raises(Invalid):
        signing.comment(
            actor=house.doctor, report_id=filed.report_id, version=1, text=" ", to_patient=True,
            request_key=key(), now=NOW,
        )  # fmt: skip


def test_patient_is_told_of_a_comment_on_what_they_see_already_and_only_then(house):
    accounts.create_user(email="ada@example.org", password=None, roles=[], person_id=house.person_id, now=NOW)
    filed = house.file(house.say(issued_at=NOW), carried=False)
    carry(tell=True)
    sign(house, filed, comment="All well.", now=LATER)
    carry(LATER, tell=True)

    told = Message.objects.filter(channel="in-app").values_list("template", flat=True)
    assert sorted(told) == ["result.comment", "result.ready"]


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


def test_stamp_changes_with_whatever_happens_and_only_then(house):
    stamps = [inbox.counts(actor=house.doctor, now=NOW).stamp]
    filed = house.file()
    stamps.append(inbox.counts(actor=house.doctor, now=NOW).stamp)
    assert inbox.counts(actor=house.doctor, now=LATER).stamp == stamps[-1]

    sign(house, filed, now=LATER)

    stamps.append(inbox.counts(actor=house.doctor, now=LATER).stamp)
    assert len({*stamps[:2]}) == 2
    assert stamps[2] != stamps[1]
