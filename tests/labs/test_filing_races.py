"""Two connections at once: the same report, its versions, its order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from lab_house import CLINICIAN, NOW, SITE, again, at, events_of, file, potassium, registered, report, seen

from labs import service as labs
from labs.models import Report, ReportVersion
from labs.types import Status
from steadwell.ids import new_id

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works: Callable[[], Any]) -> Sequence[Any]:
    """Each on its own connection, begun together."""
    gate = Barrier(len(works), timeout=120)

    def run(work: Callable[[], Any]) -> Any:
        try:
            gate.wait()
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


@pytest.fixture
def ada():
    return registered()


@pytest.mark.parametrize("turn", range(4))
def test_same_message_twice_at_once_is_one_version(ada, turn):
    said = report()

    effects = [f.effect for f in at_once(*[lambda: file(said)] * 4)]

    assert sorted(effects) == ["new", "same", "same", "same"]
    assert ReportVersion.objects.count() == 1


@pytest.mark.parametrize("turn", range(4))
def test_versions_at_once_settle_as_one_after_the_other(ada, turn):
    final = report(potassium("5.9"))
    corrected = again(
        final, potassium("4.9", status=Status.CORRECTED), status=Status.CORRECTED, issued_at=at(13)
    )
    early = again(
        final, potassium("6.4", status=Status.PRELIMINARY), status=Status.PRELIMINARY, issued_at=at(11)
    )

    filed = at_once(*[lambda said=said: file(said) for said in (corrected, early, final)])

    (result,) = seen(filed[0]).results
    assert (result.value_text, result.status) == ("4.9", Status.CORRECTED)
    assert seen(filed[0]).version == 3


@pytest.mark.parametrize("turn", range(4))
def test_unknown_patient_in_two_reports_at_once_is_one_record(turn):
    one, other = at_once(lambda: file(report()), lambda: file(report()))

    assert {one.waiting, other.waiting} == {"patient"}
    assert Report.objects.values("record_id").distinct().count() == 1


@pytest.mark.parametrize("turn", range(4))
def test_report_and_its_order_at_once_meet(ada, turn):
    def order() -> labs.LabOrder:
        return labs.place_order(
            actor=CLINICIAN, number=f"ORD-{turn}", person_id=ada, site_id=SITE, name="Electrolytes",
            request_key=str(new_id()), now=NOW,
        )  # fmt: skip

    filed, placed = at_once(lambda: file(report(placer_number=f"ORD-{turn}")), order)

    assert seen(filed, actor=CLINICIAN).order_id == placed.order_id


@pytest.mark.parametrize("turn", range(4))
def test_two_decisions_about_one_report_are_one(ada, turn):
    filed = file(report(patient=None, site_id=SITE))

    def decide() -> str:
        try:
            labs.match_report(
                actor=CLINICIAN, report_id=filed.report_id, person_id=ada, reason="asked", now=NOW
            )
        except labs.NotWaiting:
            return "late"
        return "decided"

    assert sorted(at_once(decide, decide)) == ["decided", "late"]
    assert [type(e).__name__ for e in events_of(filed)] == ["LabReportFiled"]
