"""A report is filed: what was said is kept, what counts is shown."""

from __future__ import annotations

import pytest
from lab_house import (
    ADMINISTRATOR,
    NOW,
    again,
    at,
    file,
    file_all,
    potassium,
    registered,
    report,
    seen,
    sodium,
    values,
)

from labs import service as labs
from labs.types import Status

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ada():
    return registered()


def test_report_of_a_known_patient_is_filed(ada):
    filed = file(report(potassium(), sodium()))

    assert (filed.effect, filed.waiting, filed.quarantined) == ("new", "order", 0)
    view = seen(filed)
    assert view.person_id == ada
    assert [(r.name, r.value_text, str(r.quantity.value), r.quantity.unit) for r in view.results] == [
        ("Potassium", "4.1", "4.1", "mmol/L"), ("Sodium", "140", "140", "mmol/L"),
    ]  # fmt: skip


def test_same_content_again_is_one_version():
    said = report()
    first = file(said)

    second = file(again(said, message_id=None))

    assert (second.effect, second.report_id) == ("same", first.report_id)
    assert seen(first).version == 1


def test_correction_after_the_final_counts_and_the_former_value_is_kept():
    final = report(potassium("5.9"), issued_at=at(12))
    corrected = again(
        final, potassium("4.9", status=Status.CORRECTED), status=Status.CORRECTED, issued_at=at(13)
    )

    filed = file_all([final, corrected])

    assert values(filed) == {"2823-3": ("4.9", "corrected")}
    versions = labs.report_versions(actor=ADMINISTRATOR, report_id=filed.report_id, now=NOW)
    assert [(v.results[0].value_text, v.standings["2823-3"]) for v in versions] == [
        ("4.9", "current"), ("5.9", "corrected"),
    ]  # fmt: skip


def test_correction_before_its_final_stays():
    final = report(potassium("5.9"), issued_at=at(12))
    corrected = again(
        final, potassium("4.9", status=Status.CORRECTED), status=Status.CORRECTED, issued_at=at(13)
    )

    filed = file_all([corrected, final])

    assert filed.effect == "older"
    assert values(filed) == {"2823-3": ("4.9", "corrected")}
