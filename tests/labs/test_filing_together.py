"""Many reports filed at once come to the same as each by itself, with the statements of one."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from lab_house import NOW, again, potassium, registered, report, sodium
from review_house import LAB

from labs import service as labs
from labs.models import Report, Result, ResultVersion
from labs.types import Status

pytestmark = pytest.mark.django_db
_STANDS = ("identity", "version", "shown_version", "status", "critical", "abnormal", "waits", "corrected")


@pytest.fixture(autouse=True)
def ada():
    registered()
    labs.file_report(actor=LAB, report=report(filler_number="known"), now=NOW)  # its patient is known now


def file_together(reports) -> list[labs.Filed | None]:
    """As the reading of many messages does: the plain ones at once, then the others."""
    filed = labs.file_reports(actor=LAB, reports=reports, now=NOW)
    for said, done in zip(reports, filed, strict=True):
        if done is None:
            labs.file_report(actor=LAB, report=said, now=NOW)
    return filed


def standing() -> list[tuple]:
    reports = list(Report.objects.order_by("identity").values_list(*_STANDS))
    results = Result.objects.order_by("report__identity", "key")
    return reports + list(results.values_list("report__identity", "key", "version", "status", "flag"))


def mixture() -> list[labs.IncomingReport]:
    first = report(potassium("4.4"), filler_number="A")
    return [
        first,
        report(sodium(), filler_number="B"),
        again(first, potassium("4.9"), status=Status.CORRECTED),  # of the same batch
        report(potassium("7.4", flags=("HH",)), filler_number="C"),
        report(potassium("many"), filler_number="D"),  # cannot be read
        report(filler_number="known"),  # filed before
        report(filler_number="E", patient=None),
        first,  # comes twice
    ]


def test_the_same_comes_of_many_at_once_as_one_by_one():
    with transaction.atomic():
        for said in mixture():
            labs.file_report(actor=LAB, report=said, now=NOW)
        one_by_one = standing()
        transaction.set_rollback(True)

    filed = file_together(mixture())

    assert standing() == one_by_one
    assert [each is not None for each in filed] == [True, True, False, True, True, False, True, False]


def test_many_take_the_statements_of_one():
    def statements(count: int, prefix: str) -> int:
        several = [report(potassium(), sodium(), filler_number=f"{prefix}{n}") for n in range(count)]
        with CaptureQueriesContext(connection) as asked:
            assert None not in labs.file_reports(actor=LAB, reports=several, now=NOW)
        return len(asked)

    assert statements(2, "X") == statements(20, "Y") <= 6
    assert ResultVersion.objects.count() == 1 + 2 * 22
