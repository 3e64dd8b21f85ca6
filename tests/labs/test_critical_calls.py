"""Critical values: called at once, read back, climbing until somebody does, and on record for ever."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction
from review_house import NOW, ReviewHouse, again, key, pass_time, potassium, sodium, timedelta

from labs.models import CallStep, CriticalCall, OpenCall, Report
from labs.review import callbook, calls, inbox, oncall, rules
from labs.review.errors import AlreadyAcknowledged, CallWithdrawn, NotReading, ReadBackWrong
from labs.review.readback import reads_back
from labs.types import Status
from notifications.models import Message
from steadwell.errors import Invalid, NotFound

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=4)


@pytest.fixture
def house():
    return ReviewHouse()


def critical(house, value="7.10", **more):
    return house.say(potassium(value, flags=("HH",)), **more)


def answer(house, read_back="7.1", *, actor=None, call=None, now=LATER, request_key=None):
    calls.acknowledge(
        actor=actor or house.doctor, call_id=call or OpenCall.objects.get().pk, read_back=read_back,
        request_key=request_key or key(), now=now,
    )  # fmt: skip


def readers(level):
    return set(CallStep.objects.filter(act="paged", level=level).values_list("user_id", flat=True))


def put_on_call(house, practitioner_id, **more):
    values = {
        "actor": house.manager, "site_id": house.site, "practitioner_id": practitioner_id,
        "starts_at": NOW, "ends_at": NOW + timedelta(hours=12), "request_key": key(), "now": NOW,
    } | more  # fmt: skip
    return oncall.add_shift(**values)


def test_critical_value_calls_the_one_on_call_and_the_one_responsible(house):
    put_on_call(house, house.colleague_id)

    house.file(critical(house))

    assert readers(0) == {house.doctor.user_id, house.colleague.user_id}
    mails = Message.objects.filter(template="staff.critical-result")
    assert {(mail.reader_id, mail.urgency, mail.person_id) for mail in mails} == {
        (house.doctor.user_id, "urgent", None), (house.colleague.user_id, "urgent", None),
    }  # fmt: skip
    assert [line.rank.label for line in house.tasks()] == ["critical"]


def test_two_values_of_a_report_are_two_calls_and_one_mail(house):
    put_on_call(house, house.doctor_id)

    house.file(house.say(potassium("7.1", flags=("HH",)), sodium("101", flags=("LL",))))

    assert OpenCall.objects.count() == 2
    assert Message.objects.count() == 1


def test_critical_value_of_a_patient_not_known_yet_is_called_as_well(house):
    unknown = critical(house)
    patient = unknown.patient
    assert patient is not None
    filed = house.file(again(unknown, patient=None))

    assert filed.waiting
    assert OpenCall.objects.get().call.person_id is None


def test_reading_the_value_back_ends_the_call(house):
    house.file(critical(house))

    answer(house, "7.1")

    assert not OpenCall.objects.exists()
    step = CallStep.objects.get(act="acknowledged")
    assert (step.user_id, step.read_back, step.at) == (house.doctor.user_id, "7.1", LATER)


def test_wrong_read_back_is_refused_and_on_record(house):
    house.file(critical(house))

    with pytest.raises(ReadBackWrong):
        answer(house, "1.7")

    assert OpenCall.objects.exists()
    assert CallStep.objects.get(act="misread").read_back == "1.7"


def test_answer_repeated_is_one_answer_and_of_two_the_second_is_told(house):
    house.file(critical(house))
    call, same = OpenCall.objects.get().pk, key()
    answer(house, call=call, request_key=same)
    answer(house, call=call, request_key=same)

    with pytest.raises(AlreadyAcknowledged):
        answer(house, actor=house.colleague, call=call)
    assert CallStep.objects.filter(act="acknowledged").count() == 1


@pytest.mark.parametrize("who", ["stranger", "manager"])
def test_answer_by_another_site_or_role_is_not_there(house, who):
    house.file(critical(house))

    with pytest.raises(NotFound):
        answer(house, actor=getattr(house, who))


def test_unanswered_call_climbs_to_all_clinicians_then_to_the_managers(house):
    put_on_call(house, house.doctor_id)
    house.file(critical(house))
    assert readers(0) == {house.doctor.user_id}

    pass_time(NOW + timedelta(minutes=15))
    assert readers(1) == {house.doctor.user_id, house.colleague.user_id}

    pass_time(NOW + timedelta(minutes=30))
    assert readers(2) == {house.doctor.user_id, house.colleague.user_id, house.manager.user_id}
    assert [step.level for step in CallStep.objects.filter(act="escalated").order_by("id")] == [1, 2]


def test_site_says_how_many_minutes_it_gives(house):
    rules.set_rules(actor=house.manager, site_id=house.site, rules=rules.Rules(critical_minutes=5), now=NOW)
    house.file(critical(house))

    pass_time(NOW + timedelta(minutes=5))

    assert OpenCall.objects.get().level == 1


def test_answered_call_climbs_no_more(house):
    house.file(critical(house))
    answer(house)

    pass_time(NOW + timedelta(hours=5))

    assert not CallStep.objects.filter(act="escalated").exists()


def test_same_value_in_the_next_version_is_not_called_again(house):
    said = critical(house)
    house.file(said)
    answer(house)

    house.file(again(said, *said.observations, sodium(), issued_at=said.issued_at + timedelta(hours=1)))

    assert CriticalCall.objects.count() == 1
    assert not OpenCall.objects.exists()


def test_correction_to_another_critical_value_is_called_and_the_old_call_withdrawn(house):
    said = critical(house)
    house.file(said)
    old = OpenCall.objects.get().pk
    house.file(
        again(
            said, potassium("8.2", flags=("HH",), status=Status.CORRECTED), status=Status.CORRECTED,
            issued_at=said.issued_at + timedelta(hours=1),
        )
    )  # fmt: skip

    assert OpenCall.objects.exclude(pk=old).count() == OpenCall.objects.count() == 1
    with pytest.raises(CallWithdrawn):
        answer(house, call=old)


def test_value_that_is_critical_again_after_it_was_taken_back_is_called_again(house):
    said = critical(house)
    house.file(said)
    for hours, value, flags in ((1, "4.2", ()), (2, "7.10", ("HH",))):
        house.file(
            again(
                said, potassium(value, flags=flags, status=Status.CORRECTED), status=Status.CORRECTED,
                issued_at=said.issued_at + timedelta(hours=hours),
            )
        )  # fmt: skip

    assert CriticalCall.objects.count() == 2
    assert OpenCall.objects.count() == 1


def test_value_whose_site_becomes_known_is_called_there(house):
    house.file(again(critical(house, ordered_by="", sender="unknown-lab")))
    assert inbox.counts(actor=house.doctor, now=NOW).calls == 0

    Report.objects.update(site_id=house.site)
    with transaction.atomic():
        calls.reconcile(Report.objects.get(), now=LATER)

    assert inbox.counts(actor=house.doctor, now=LATER).calls == 1
    assert callbook.list_waiting(actor=house.doctor, now=LATER)[0].person_id == house.person_id


def test_correction_to_a_usual_value_withdraws_the_call(house):
    said = critical(house)
    house.file(said)

    house.file(
        again(
            said, potassium("4.2", status=Status.CORRECTED), status=Status.CORRECTED,
            issued_at=said.issued_at + timedelta(hours=1),
        )
    )  # fmt: skip

    assert not OpenCall.objects.exists()
    assert CallStep.objects.filter(act="withdrawn").count() == 1


@pytest.mark.parametrize(
    "table", ["criticalcall", "callstep", "signature", "acknowledgement", "reportcomment"]
)
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET id = id", "TRUNCATE {} CASCADE"])
def test_record_cannot_be_altered(house, owner_connection, table, statement):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(f"labs_{table}"))
    with pytest.raises(Exception, match="append-only"):
        owner_connection.execute(statement.format(f"labs_{table}"))


@pytest.mark.parametrize(
    ("typed", "number", "comparator", "right"),
    [
        ("7.1", "7.10", "", True), ("7,10", "7.10", "", True), (" 7.10 mmol/L", "7.10", "", True),
        ("7", "7.10", "", False), ("71", "7.1", "", False), ("", "7.1", "", False),
        (">500", "500", ">", True), ("500", "500", ">", False), ("≥ 500", "500", ">=", True),
        ("1,000", "1000", "", False), ("-3", "3", "", False), ("7.1.1", "7.1", "", False),
    ],
)  # fmt: skip
def test_read_back_of_numbers(typed, number, comparator, right):
    assert reads_back(typed, value=number, number=number, comparator=comparator) is right


def test_read_back_of_words():
    assert reads_back("gram-positive  COCCI", value="Gram-positive cocci", number="")
    assert not reads_back("cocci", value="Gram-positive cocci", number="")


def test_on_call_refuses_strangers_to_the_site_and_times_that_are_over(house):
    with pytest.raises(NotReading):
        put_on_call(house, house.stranger.practitioner_id)
    with pytest.raises(Invalid):
        put_on_call(house, house.doctor_id, ends_at=NOW)
    with pytest.raises(NotFound):
        put_on_call(house, house.doctor_id, actor=house.doctor)


def test_shift_that_was_ended_calls_nobody(house):
    shift = put_on_call(house, house.colleague_id)
    oncall.end_shift(actor=house.manager, shift_id=shift, now=NOW)
    put_on_call(house, house.doctor_id)

    house.file(critical(house))

    assert readers(0) == {house.doctor.user_id}


def test_report_on_times_counts_what_was_answered_and_how_fast(house):
    for minutes in (2, 4, 30):
        house.file(critical(house))
        answer(house, now=NOW + timedelta(minutes=minutes))
    house.file(critical(house))

    figures = callbook.times(actor=house.manager, site_id=house.site, month=NOW.date(), now=NOW)

    assert (figures.called, figures.acknowledged, figures.waiting) == (4, 3, 1)
    assert (figures.median, figures.p95) == (timedelta(minutes=4), timedelta(minutes=27.4))
    assert figures.late == 1
    assert len(figures.calls) == 4
    with pytest.raises(NotFound):
        callbook.times(actor=house.doctor, site_id=house.site, month=NOW.date(), now=NOW)


def test_banner_is_for_those_on_call_and_those_responsible(house):
    put_on_call(house, house.colleague_id)
    house.file(critical(house))

    assert inbox.counts(actor=house.doctor, now=NOW).calls == 1
    assert inbox.counts(actor=house.colleague, now=NOW).calls == 1
    assert inbox.counts(actor=house.stranger, now=NOW).calls == 0
