"""What labs tells: once for what a reader would see changed."""

from __future__ import annotations

import pytest
from lab_house import again, at, events_of, file, file_all, potassium, registered, report, sodium

from labs.types import Status

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ada():
    return registered()


def told(filed) -> list[tuple[str, int]]:
    return sorted((type(e).__name__, e.version) for e in events_of(filed))


def corrected(said, *observations, **more):
    return again(said, *observations, **{"status": Status.CORRECTED, "issued_at": at(13)} | more)


def test_new_report_is_told(ada):
    filed = file(report())

    assert told(filed) == [("LabReportFiled", 1)]
    assert [e.person_id for e in events_of(filed)] == [ada]


def test_repeated_message_is_not_told_again():
    said = report()

    assert told(file_all([said, said])) == [("LabReportFiled", 1)]


@pytest.mark.parametrize(
    "changed",
    [
        {"value": "4.9"}, {"unit": "meq/L"}, {"range_text": "3.0-5.0"}, {"flags": ("H",)},
        {"status": Status.ENTERED_IN_ERROR}, {"status": Status.CANCELLED},
    ],
)  # fmt: skip
def test_change_of_a_final_result_is_a_correction(changed):
    said = report(potassium("4.4"))

    filed = file_all(
        [said, corrected(said, potassium(**{"value": "4.4", "status": Status.CORRECTED} | changed))]
    )

    assert told(filed) == [("LabReportCorrected", 2), ("LabReportFiled", 1), ("LabReportFiled", 2)]


def test_one_more_result_is_no_correction():
    said = report(potassium())

    filed = file_all([said, again(said, potassium(), sodium(), issued_at=at(13))])

    assert told(filed) == [("LabReportFiled", 1), ("LabReportFiled", 2)]


def test_change_of_a_preliminary_result_is_no_correction():
    said = report(potassium("4.4", status=Status.PRELIMINARY), status=Status.PRELIMINARY)

    filed = file_all([said, again(said, potassium("4.9"), status=Status.FINAL, issued_at=at(13))])

    assert told(filed) == [("LabReportFiled", 1), ("LabReportFiled", 2)]


def test_final_that_comes_after_its_correction_is_not_told():
    final = report(potassium("5.9"))

    filed = file_all([corrected(final, potassium("4.9", status=Status.CORRECTED)), final])

    assert told(filed) == [("LabReportFiled", 1)]


def test_same_final_sent_again_with_a_new_time_is_not_told():
    said = report()

    filed = file_all([said, again(said, sent_at=at(14))])

    assert told(filed) == [("LabReportFiled", 1)]


def test_critical_value_is_told_once_and_again_when_it_changed():
    said = report(potassium("7.4", flags=("HH",)))
    same = again(said, sent_at=at(14))
    other = corrected(said, potassium("7.8", flags=("HH",), status=Status.CORRECTED))

    filed = file_all([said, same, other])

    assert [each for each in told(filed) if each[0] == "LabCriticalFound"] == [
        ("LabCriticalFound", 1), ("LabCriticalFound", 3),
    ]  # fmt: skip
