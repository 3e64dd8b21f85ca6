"""A report that its laboratory sends under two numbers: one where that is certain, else a question."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
import time_machine
from django.db import transaction
from review_house import LAB, NOW, ReviewHouse, again, key, potassium, record_number, sodium, timedelta

from labs import service as labs
from labs.errors import AlreadySettled
from labs.models import MaybeSame, Report
from labs.review import sameness
from labs.types import Status
from steadwell.audit import service as audit
from steadwell.errors import NotFound

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _then():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def house() -> ReviewHouse:
    return ReviewHouse()


def by_order(house: ReviewHouse, *observations: labs.IncomingObservation, **more: object):
    """As said before the laboratory has a number of its own."""
    return house.say(*observations, **{"filler_number": "", "placer_number": "P-1"} | more)


def preliminary(said: labs.IncomingReport) -> labs.IncomingReport:
    assert said.issued_at is not None
    return again(
        said, potassium("6.2", status=Status.PRELIMINARY), status=Status.PRELIMINARY,
        issued_at=said.issued_at - timedelta(hours=1),
    )  # fmt: skip


def standing() -> list[tuple]:
    """What readers see, whichever came first."""
    found = []
    for report in Report.objects.order_by("identity"):
        view = labs.get_report(actor=LAB, report_id=report.pk, now=NOW)
        found.append(
            (
                report.identity,
                report.version,
                view.status,
                view.told_at,
                report.placer_number,
                [(each.key, each.value_text, each.status) for each in view.results],
            )
        )
    return found


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_numbered_by_its_order_and_by_the_laboratory_is_one_report_in_any_order(house, order):
    numbered = house.say(potassium("5.9"), filler_number="F-1", placer_number="P-1")
    assert numbered.issued_at is not None
    corrected = again(
        numbered, potassium("4.9", status=Status.CORRECTED), status=Status.CORRECTED,
        issued_at=numbered.issued_at + timedelta(hours=1),
    )  # fmt: skip
    messages = [replace(preliminary(numbered), filler_number=""), numbered, corrected]
    with transaction.atomic():
        for message in messages:
            house.file(message)
        expected = standing()
        transaction.set_rollback(True)

    for place in order:
        house.file(messages[place])

    assert standing() == expected
    assert len(expected) == 1
    assert not MaybeSame.objects.exists()


def test_many_filed_together_are_one_where_each_by_itself_would_be(house):
    numbered = house.say(potassium("5.9"), filler_number="F-1", placer_number="P-1")
    messages = [house.say(filler_number="F-0"), replace(preliminary(numbered), filler_number=""), numbered]
    house.file(house.say(filler_number="F-9"))  # its patient is known now

    filed = labs.file_reports(actor=LAB, reports=messages, now=NOW)
    for said, done in zip(messages, filed, strict=True):
        if done is None:
            labs.file_report(actor=LAB, report=said, now=NOW)

    assert sorted(Report.objects.values_list("identity", "version")) == [
        ("F|F-0|24326-1", 1), ("F|F-1|24326-1", 2), ("F|F-9|24326-1", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        {"code": labs.Coded(code="24323-8", text="Another panel", system="LN")},
        {"placer_number": "P-2"},
        {"collected_at": NOW - timedelta(hours=9)},
        {"sender": "south-lab"},
    ],
    ids=["another-test", "another-order", "another-moment", "another-laboratory"],
)
def test_what_differs_otherwise_is_another_report_and_no_question(house, changed):
    house.file(by_order(house))

    house.file(house.say(**{"filler_number": "F-1", "placer_number": "P-1"} | changed))

    assert Report.objects.count() == 2
    assert not MaybeSame.objects.exists()


def test_the_same_order_number_about_another_patient_is_another_report(house):
    house.file(by_order(house))
    said = house.say(filler_number="F-1", placer_number="P-1")
    assert said.patient is not None
    somebody_else = replace(said.patient, external_id="L-2", identifiers=(record_number("MR-2"),))

    house.file(replace(said, patient=somebody_else))

    assert Report.objects.count() == 2
    assert not MaybeSame.objects.exists()


def test_two_numbers_of_the_laboratory_for_one_specimen_are_asked_about_once(house):
    first = house.file(house.say(filler_number="F-1", placer_number="P-1"))
    said = house.say(sodium(), filler_number="F-2", placer_number="P-1")
    second = house.file(said)
    house.file(said)
    house.file(again(said, sodium("141")))

    (asked,) = MaybeSame.objects.all()
    assert {asked.report_id, asked.other_id} == {first.report_id, second.report_id}
    for one, other in ((first, second), (second, first)):
        (question,) = sameness.questions_of(actor=house.doctor, report_id=one.report_id)
        assert question.other_id == other.report_id
    assert sameness.questions_of(actor=house.stranger, report_id=first.report_id) == []


def test_draws_at_other_times_under_one_order_are_not_asked_about(house):
    for hours in (0, 1, 2):
        at = NOW - timedelta(hours=6 - hours)
        house.file(house.say(filler_number=f"F-{hours}", placer_number="P-1", collected_at=at))

    assert Report.objects.count() == 3
    assert not MaybeSame.objects.exists()


def test_a_number_of_the_order_that_fits_two_reports_is_asked_about_with_both(house):
    for number in ("F-1", "F-2"):
        house.file(house.say(filler_number=number, placer_number="P-1", specimen=number))

    filed = house.file(by_order(house))

    assert MaybeSame.objects.filter(report_id=filed.report_id).count() == 2


@pytest.mark.parametrize("numbered_first", [True, False])
def test_without_any_number_it_is_asked_about(house, numbered_first):
    bare = house.say(filler_number="", placer_number="")
    numbered = house.say(filler_number="F-1", placer_number="P-1")

    for said in (numbered, bare) if numbered_first else (bare, numbered):
        house.file(said)

    assert Report.objects.count() == 2
    assert MaybeSame.objects.count() == 1


def test_the_order_number_that_came_with_a_later_message_finds_its_order(house):
    said = house.say(filler_number="F-1", placer_number="")
    filed = house.file(said)
    house.file(again(said, potassium("4.2"), placer_number="P-7"))

    assert Report.objects.get(pk=filed.report_id).placer_number == "P-7"


def twins(house: ReviewHouse) -> tuple[labs.Filed, labs.Filed, MaybeSame]:
    kept = house.file(house.say(filler_number="F-1", placer_number="P-1"))
    twice = house.file(house.say(filler_number="F-2", placer_number="P-1"))
    return kept, twice, MaybeSame.objects.get()


def settle(house: ReviewHouse, question: MaybeSame, withdraw=None, actor=None, request_key="") -> None:
    sameness.settle_question(
        actor=actor or house.doctor, question_id=question.pk, withdraw=withdraw,
        request_key=request_key or key(), now=NOW,
    )  # fmt: skip


def test_two_reports_stay_two_and_are_not_asked_about_again(house):
    kept, twice, question = twins(house)

    settle(house, question)
    house.file(house.say(sodium(), filler_number="F-2", placer_number="P-1"))

    assert sameness.questions_of(actor=house.doctor, report_id=kept.report_id) == []
    assert {row.status for row in Report.objects.all()} == {"final"}
    assert twice.report_id != kept.report_id


def test_one_report_is_taken_back_and_whoever_saw_it_has_to_know(house):
    kept, twice, question = twins(house)
    doctor = house.client(house.doctor)
    page = f"/clinic/labs/report/{twice.report_id}/"
    assert "This may be the same report as another" in doctor.get(page).content.decode()

    doctor.post(f"{page}same/{question.pk}/", {"act": "withdraw", "request_key": key()})

    after = doctor.get(page).content.decode()
    assert "Entered in error" in after
    assert "sent twice: the other report counts" in doctor.get(f"{page}versions/").content.decode()
    assert "This may be the same report as another" not in after
    view = labs.get_report(actor=LAB, report_id=twice.report_id, now=NOW)
    assert view.status is Status.ENTERED_IN_ERROR
    assert {each.status for each in view.results} == {Status.ENTERED_IN_ERROR}
    assert labs.get_report(actor=LAB, report_id=kept.report_id, now=NOW).status is Status.FINAL
    viewers = {each.user_id for each in audit.viewers_of(entity_id=twice.report_id)}
    assert house.doctor.user_id in viewers


def test_settling_twice_at_the_same_page_is_once(house):
    _, twice, question = twins(house)
    settle(house, question, twice.report_id, request_key="once")
    settle(house, question, twice.report_id, request_key="once")

    assert Report.objects.get(pk=twice.report_id).version == 2
    with pytest.raises(AlreadySettled):
        settle(house, question)


def test_settling_is_for_those_who_read_both(house):
    _, twice, question = twins(house)

    with pytest.raises(NotFound):
        settle(house, question, twice.report_id, actor=house.stranger)
    with pytest.raises(NotFound):
        settle(house, question, withdraw=house.file().report_id)

    assert MaybeSame.objects.get().state == "open"


def test_settling_without_its_audit_changes_nothing(house, monkeypatch):
    _, twice, question = twins(house)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("labs.review.sameness.audit.record_many", broken)
    with pytest.raises(RuntimeError):
        settle(house, question, twice.report_id)

    assert MaybeSame.objects.get().state == "open"
    assert Report.objects.get(pk=twice.report_id).version == 1
